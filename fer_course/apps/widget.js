// The page of fer_course.widget.PredictWidget. What Python tells is shown, what the reader does is told to Python.
// Pictures travel in messages: they are never part of the widget's state, so nothing that saves a notebook can save them.

const PIECE = 4e6           // bytes of a file in one message; Jupyter cuts the connection at 10 MB
const LONGEST = 640         // pixels of a camera's picture
const PATIENCE = 15, BUSY_PATIENCE = 120 // seconds without a word from Python

const CAMERA = {
  NotAllowedError: 'The camera was refused. Allow it beside the address of this page, or open a picture instead.',
  NotFoundError: 'No camera was found. Plug one in, or open a picture instead.',
  NotReadableError: 'Another program is using the camera. Close it and try again.',
}
const NO_CAMERA = 'The browser does not let this page use a camera: that needs https, or an address that begins with localhost. Open a picture instead.'
const SILENT = s => `Python has not answered for ${s} seconds. If it is busy with other cells, this goes on afterwards; if it has stopped, run this cell again, or load this page again.`

const number = p => p>.99 ? Math.floor(p*1000)/10 : Math.round(p*100) // never sure by rounding
const percent = p => `${number(p)} %`
const size = n => n<1e6 ? `${Math.ceil(n/1e3)} kB` : `${Math.round(n/1e6)} MB`
const bytes = o => new Uint8Array(o.buffer, o.byteOffset, o.byteLength)

const PAGE = id => `
<div class="fer-row fer-sources" role="group" aria-label="Where the face comes from">
  <span class="fer-pair"><label for="${id}-expression">Draw</label> <select id="${id}-expression" data-x="expression"></select></span>
  <button type="button" data-x="another">Another face</button>
  <label class="fer-button">Open a picture<input type="file" accept="image/*" data-x="file"></label>
  <button type="button" data-x="camera" aria-pressed="false">Camera</button>
  <button type="button" data-x="clear">Clear</button>
</div>
<p class="fer-problem" role="alert" data-x="problem" hidden></p>
<div class="fer-main">
  <div>
    <div class="fer-view" data-x="view">
      <canvas role="img" aria-label="No picture" data-x="canvas"></canvas>
      <video muted playsinline hidden aria-label="The camera, as in a mirror" data-x="video"></video>
      <svg aria-hidden="true" data-x="svg"></svg>
      <div data-x="boxes"></div>
      <p class="fer-empty" data-x="empty">No picture. Draw a face, open a picture, or switch the camera on.</p>
      <p class="fer-busy" role="status" data-x="busy"></p>
    </div>
    <p class="fer-quiet" data-x="found" role="status"></p>
    <button type="button" data-x="whole" hidden>Take the middle of the picture as a face</button>
  </div>
  <div class="fer-right">
    <div class="fer-said">
      <canvas class="fer-seen" width="48" height="48" role="img" aria-label="What the model sees: nothing yet" data-x="seen"></canvas>
      <div>
        <p class="fer-quiet">The model says</p>
        <p class="fer-answer" data-x="answer">–</p>
        <p class="fer-quiet" data-x="why"></p>
      </div>
    </div>
    <ul class="fer-bars" data-x="bars"></ul>
    <div class="fer-least"><label for="${id}-least">“not sure” below <output data-x="least-said"></output></label><input type="range" id="${id}-least" min="0" max="0.95" step="0.05" data-x="least"></div>
    <p class="fer-hidden" role="status" data-x="said"></p>
  </div>
</div>
<fieldset>
  <legend><b>Move the crop</b> <span class="fer-row" data-x="moved"><button type="button" data-x="reset">Put it back</button> <span class="fer-quiet">Marks on the bars: before it was moved</span></span></legend>
  <div class="fer-sliders" data-x="sliders"></div>
</fieldset>
<div class="fer-settings">
  <div><label for="${id}-model">Model</label><select id="${id}-model" data-x="model"></select><p class="fer-quiet" data-x="about"></p></div>
  <div><label for="${id}-look">Where it looks</label><select id="${id}-look" data-x="look"></select><p class="fer-quiet" data-x="looked"></p></div>
</div>
<div class="fer-together">
  <label class="fer-check"><input type="checkbox" data-x="together"> <span data-x="together-said"></span></label>
  <div class="fer-scroll" tabindex="0" role="region" aria-label="All models on this face" data-x="table" hidden></div>
</div>
<p class="fer-terms" data-x="terms"></p>`

let views = 0

function render({model, el}) {
  const root = document.createElement('section'), id = `fer-${++views}`
  root.className = 'fer-widget'
  root.setAttribute('aria-label', 'What a model says to a face')
  root.addEventListener('keydown', e => { if (!e.ctrlKey && !e.metaKey && !e.altKey) e.stopPropagation() }) // or JupyterLab takes arrows from sliders and letters from lists
  root.innerHTML = PAGE(id)
  el.append(root)
  const $ = name => root.querySelector(`[data-x="${name}"]`)
  const make = (tag, props = {}, ...children) => {
    const o = Object.assign(document.createElement(tag), props)
    o.append(...children)
    return o
  }
  const choices = (select, options) => select.replaceChildren(...options.map(([value, text, disabled]) => make('option', {value, textContent: text, disabled: !!disabled})))

  // Problems, and the silence of Python

  let silence
  function problem(words = '') {
    $('problem').hidden = !words
    $('problem').textContent = words
  }
  function heard() { clearTimeout(silence) }
  function wait(seconds = PATIENCE) {
    heard()
    silence = setTimeout(() => { busy(''); root.removeAttribute('aria-busy'); stopCamera(); problem(SILENT(seconds)) }, seconds*1000)
  }
  function tell(message, buffers = []) {
    wait()
    if (message.do!=='shot') root.setAttribute('aria-busy', true)
    try { model.send(message, undefined, buffers) } catch (e) { problem(`Python cannot be reached (${e.message}). Run this cell again, or load this page again.`) }
  }
  function set(values) {
    for (const [k, v] of Object.entries(values)) model.set(k, v)
    wait()
    model.save_changes()
  }

  let busyTimer
  function busy(words) { // not for a moment: what flickers is not calm
    clearTimeout(busyTimer)
    if (words) busyTimer = setTimeout(() => { $('busy').textContent = words }, 250)
    else $('busy').textContent = ''
  }

  // The picture and the faces in it

  let frame = [1, 1], shape, camera // frame: size of the picture that boxes are measured in
  function fit(w, h) { $('view').style.setProperty('--shape', w/h); $('view').classList.add('fer-full') }

  async function showPicture({size, words}, [data]) {
    const img = await createImageBitmap(new Blob([bytes(data)])), c = $('canvas')
    Object.assign(c, {width: img.width, height: img.height})
    c.getContext('2d').drawImage(img, 0, 0)
    c.setAttribute('aria-label', words)
    fit(...size)
    $('empty').hidden = true
  }

  function showFaces({size, boxes, at, words, whole}) {
    frame = size
    const [w, h] = size, part = (v, n) => `${100*v/n}%`
    $('found').textContent = words
    $('whole').hidden = !whole
    $('boxes').replaceChildren(...boxes.map(([x, y, bw, bh], i) => {
      const o = make('button', {type: 'button', className: 'fer-box', onclick: () => tell({do: 'choose', i})})
      o.setAttribute('aria-label', `Face ${i+1} of ${boxes.length}`)
      o.setAttribute('aria-pressed', i===at)
      Object.assign(o.style, {left: part(x, w), top: part(y, h), width: part(bw, w), height: part(bh, h)})
      return o
    }))
    if (!boxes.length) showNothing()
  }

  function outline(points) {
    $('svg').setAttribute('viewBox', `0 0 ${frame[0]} ${frame[1]}`)
    $('svg').innerHTML = points ? `<polygon points="${points.map(p => p.join(',')).join(' ')}"/>` : ''
  }

  // The answer

  let vocab = []
  function showBars(names) {
    if (names.join()===vocab.join()) return
    vocab = names
    $('bars').replaceChildren(...names.map(k => {
      const li = make('li', {}, make('span', {className: 'fer-name', textContent: k}), make('span', {className: 'fer-track'}), make('span', {className: 'fer-percent', textContent: '–'}))
      li.children[1].setAttribute('aria-hidden', true)
      li.children[1].append(make('span', {className: 'fer-bar'}), make('span', {className: 'fer-tick'}))
      return li
    }))
  }

  let saying
  function say(words) { // to screen readers, once it has stood for a moment
    clearTimeout(saying)
    saying = setTimeout(() => { if ($('said').textContent!==words) $('said').textContent = words }, 800)
  }

  function showAnswer({vocab: names, probs, before, top, sure, why, words, looked, about, points}, [face, map]) {
    showBars(names)
    ;[...$('bars').children].forEach((li, i) => {
      const [bar, tick] = li.children[1].children
      li.classList.toggle('fer-top', i===top && sure)
      bar.style.width = `${probs[i]*100}%`
      tick.style.left = before ? `${before[i]*100}%` : ''
      tick.hidden = !before
      li.children[2].textContent = percent(probs[i])
    })
    $('answer').textContent = sure ? names[top] : 'not sure'
    $('answer').classList.toggle('fer-unsure', !sure)
    $('why').textContent = why
    $('looked').textContent = looked
    $('about').textContent = about
    showSeen(bytes(face), map && bytes(map))
    $('seen').setAttribute('aria-label', `What the model sees, 48 × 48 pixels. ${looked}`)
    outline(points)
    say(camera ? (sure ? names[top] : 'not sure') : words)
  }

  function showSeen(face, map) { // the map in orange, the stronger the brighter it is
    const o = new ImageData(48, 48)
    face.forEach((v, i) => {
      const a = map ? .8*map[i]/255 : 0
      o.data.set([v*(1-a)+240*a, v*(1-a)+120*a, v*(1-a), 255], 4*i)
    })
    $('seen').getContext('2d').putImageData(o, 0, 0)
  }

  function showNothing() {
    outline()
    for (const li of $('bars').children) {
      li.className = ''
      li.children[1].firstChild.style.width = 0
      li.children[1].lastChild.hidden = true
      li.children[2].textContent = '–'
    }
    $('answer').textContent = '–'
    $('answer').classList.remove('fer-unsure')
    for (const o of ['why', 'looked', 'about', 'said']) $(o).textContent = ''
    $('seen').getContext('2d').clearRect(0, 0, 48, 48)
    $('seen').setAttribute('aria-label', 'What the model sees: nothing yet')
    showTable({rows: []})
  }

  function forget() { // at once, and also where Python is no longer there to ask
    stopCamera()
    const c = $('canvas')
    c.width = c.height = 0
    c.setAttribute('aria-label', 'No picture')
    $('view').classList.remove('fer-full')
    $('boxes').replaceChildren()
    $('found').textContent = ''
    $('whole').hidden = true
    $('empty').hidden = false
    showNothing()
  }

  // All models side by side

  function showTable({rows, words}) {
    const top = r => r.probs && r.probs.indexOf(Math.max(...r.probs))
    $('table').hidden = !rows.length
    if (!rows.length) return $('table').replaceChildren()
    const th = (text, scope) => make('th', {scope}, make('span', {textContent: text}))
    const cell = (p, best) => {
      const o = make('td', {className: best ? 'fer-best' : '', textContent: number(p)})
      o.style.setProperty('--p', p)
      return o
    }
    const line = r => make('tr', {}, th(r.name, 'row'), ...(r.probs ? r.probs.map((p, i) => cell(p, i===top(r))) : [make('td', {colSpan: vocab.length, className: 'fer-quiet', textContent: r.words})]))
    $('table').replaceChildren(make('table', {}, make('caption', {textContent: words}),
      make('thead', {}, make('tr', {}, th('model', 'col'), ...vocab.map(k => th(k, 'col')))), make('tbody', {}, ...rows.map(line))))
  }

  // Settings, which are the widget's state

  const sliders = model.get('_sliders')
  $('sliders').append(...Object.entries(sliders).map(([k, o]) => {
    const input = make('input', {type: 'range', id: `${id}-${k}`, min: o.lo, max: o.hi, step: o.step})
    input.dataset.crop = k
    input.addEventListener('input', () => set({crop: {...model.get('crop'), [k]: input.valueAsNumber}}))
    const label = make('label', {htmlFor: input.id}, `${o.label} `, make('output'))
    label.lastChild.setAttribute('for', input.id)
    return make('div', {}, label, input)
  }))
  function showSettings() {
    const crop = model.get('crop'), names = model.get('models')
    for (const [k, o] of Object.entries(sliders)) {
      const input = root.querySelector(`[data-crop="${k}"]`), said = `${crop[k]>0 && !o.rest ? '+' : ''}${+(crop[k]*o.show).toFixed(1)} ${o.unit}`
      input.value = crop[k]
      input.setAttribute('aria-valuetext', said)
      input.parentElement.querySelector('output').textContent = said
    }
    $('moved').hidden = Object.entries(sliders).every(([k, o]) => crop[k]===o.rest)
    choices($('expression'), model.get('_vocab').map(k => [k, k]))
    choices($('model'), names.map(k => [k, k]))
    choices($('look'), model.get('_looks'))
    for (const k of ['expression', 'model', 'look']) $(k).value = model.get(k)
    $('least').value = model.get('least')
    $('least').setAttribute('aria-valuetext', percent(model.get('least')))
    $('least-said').textContent = percent(model.get('least'))
    $('bars').style.setProperty('--least', model.get('least'))
    $('together').checked = model.get('together')
    $('together').disabled = names.length<2
    $('together-said').textContent = names.length<2 ? 'Train the five runs with fer-train, and they stand here side by side' : `Ask all ${names.length} models about this face`
    $('terms').textContent = model.get('_terms')
    showBars(model.get('_vocab'))
  }
  for (const k of ['model', 'look', 'expression']) $(k).addEventListener('change', () => { problem(); stopCamera(k==='expression'); set({[k]: $(k).value}) })
  $('least').addEventListener('input', () => set({least: $('least').valueAsNumber}))
  $('together').addEventListener('change', () => set({together: $('together').checked}))

  // What the reader does

  let upload = 0
  async function open(files) {
    problem()
    const [file, ...others] = files, limit = model.get('_limit'), mine = upload = Math.max(Date.now(), upload+1)
    if (!file) return
    stopCamera()
    if (file.size>limit) return problem(`${file.name} has ${size(file.size)}; pictures of up to ${size(limit)} are read. Make it smaller and open it again.`)
    if (!file.size) return problem(`${file.name} is empty. Open another picture.`)
    busy(`Reading ${file.name} …`)
    for (let i = 0; i<file.size && mine===upload; i += PIECE) {
      let part
      try { part = await file.slice(i, i+PIECE).arrayBuffer() } catch (e) { busy(''); return problem(`${file.name} could not be read (${e.message}). Is it still there?`) }
      if (mine===upload) tell({do: 'piece', id: mine, name: file.name, last: i+PIECE>=file.size}, [part])
    }
    if (others.length) problem(`One picture at a time: ${file.name} is read, ${others.length===1 ? others[0].name+' is' : `${others.length} others are`} not.`)
  }
  $('file').addEventListener('change', () => { open([...$('file').files]); $('file').value = '' })
  root.addEventListener('dragover', e => { e.preventDefault(); root.classList.add('fer-over') })
  root.addEventListener('dragleave', e => { if (!root.contains(e.relatedTarget)) root.classList.remove('fer-over') })
  root.addEventListener('drop', e => { e.preventDefault(); root.classList.remove('fer-over'); open([...e.dataTransfer.files]) })
  $('another').addEventListener('click', () => { problem(); stopCamera(); busy('Drawing a face …'); tell({do: 'another'}) })
  $('clear').addEventListener('click', () => { upload = 0; problem(); forget(); tell({do: 'clear'}) })
  $('whole').addEventListener('click', () => tell({do: 'whole'}))
  $('reset').addEventListener('click', () => { $('sliders').querySelector('input').focus(); tell({do: 'reset'}) })

  // The camera: the next picture is sent when Python has answered to the last

  let shot = 0
  function stopCamera(yes = true) {
    if (!yes || !camera) return
    camera.getTracks().forEach(o => o.stop())
    camera = null
    $('video').srcObject = null
    $('video').hidden = true
    $('camera').setAttribute('aria-pressed', false)
    $('camera').textContent = 'Camera'
  }

  async function startCamera() {
    problem()
    if (!navigator.mediaDevices?.getUserMedia) return problem(NO_CAMERA)
    busy('Waiting for the camera …')
    try {
      camera = await navigator.mediaDevices.getUserMedia({video: {facingMode: 'user', width: {ideal: 640}, height: {ideal: 480}}, audio: false})
      camera.getVideoTracks()[0].onended = stopCamera
      $('video').srcObject = camera
      await $('video').play()
    } catch (e) {
      stopCamera()
      return problem(CAMERA[e.name] || `The camera could not be used (${e.message || e.name}). Open a picture instead.`)
    } finally { busy('') }
    forgetPicture()
    $('video').hidden = false
    $('camera').setAttribute('aria-pressed', true)
    $('camera').textContent = 'Stop the camera'
    shoot()
  }
  function forgetPicture() {
    $('boxes').replaceChildren()
    outline()
    $('empty').hidden = true
    fit($('video').videoWidth, $('video').videoHeight)
    $('canvas').setAttribute('aria-label', 'The last picture from the camera')
  }

  function shoot() {
    if (!camera) return
    const v = $('video'), c = $('canvas'), s = Math.min(1, LONGEST/Math.max(v.videoWidth, v.videoHeight)), ctx = c.getContext('2d')
    Object.assign(c, {width: Math.round(v.videoWidth*s), height: Math.round(v.videoHeight*s)})
    ctx.setTransform(-1, 0, 0, 1, c.width, 0) // as in a mirror
    ctx.drawImage(v, 0, 0, c.width, c.height)
    fit(c.width, c.height)
    c.toBlob(async o => { if (camera && o) tell({do: 'shot', id: ++shot}, [await o.arrayBuffer()]) }, 'image/jpeg', .92)
  }
  $('camera').addEventListener('click', () => camera ? stopCamera() : startCamera())

  // What Python tells

  const kinds = {
    picture: (o, b) => { stopCamera(); showPicture(o, b) },
    faces: showFaces,
    answer: showAnswer,
    table: showTable,
    busy: ({words}) => { busy(words); if (words) wait(BUSY_PATIENCE) },
    problem: ({words}) => { if (words) { stopCamera(); problem(words) } },
    forgotten: forget,
    heard: o => { root.removeAttribute('aria-busy'); if (o.do==='shot' && o.id===shot) requestAnimationFrame(shoot) },
  }
  function hear(message, buffers) {
    heard()
    kinds[message.kind]?.(message, buffers)
  }
  const state = ['crop', 'models', 'model', 'look', '_looks', 'least', 'together', 'expression']
  model.on('msg:custom', hear)
  for (const k of state) model.on(`change:${k}`, showSettings)
  showSettings()
  tell({do: 'hello'})

  return () => {
    stopCamera()
    heard()
    model.off('msg:custom', hear)
    for (const k of state) model.off(`change:${k}`, showSettings)
  }
}

export default {render}

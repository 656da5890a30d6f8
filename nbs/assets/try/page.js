// The page "Try it": what is shown, and what the reader does to it
import {openCascade} from './detect.js'
import {pixels} from './fer.js'
import {Problem, checkBrowser, get} from './problem.js'
import {connect} from './remote.js'

const root = document.getElementById('try'), $ = id => document.getElementById(`try-${id}`)
const view = $('view'), canvas = $('canvas'), boxed = $('box'), percent = p => `${Math.round(p*100)} %`
const LONGEST = 960 // pixels of the picture as shown
const FACE = [24, 64], OVER = .25 // a picture with both sides in this range is a face already; how much of the box may reach over the edge
export let model // for tests
let bytes = 0, picture, box, camera // camera: the stream while it runs; box: {x, y, side} in pixels of the picture

const remote = connect(n => { bytes += n; $('loading').textContent = `Loading the model: ${(bytes/1e6).toFixed(1)} MB` })

// What is said

function problem(e) {
  if (e && !(e instanceof Problem)) console.warn(e)
  $('problem').hidden = !e
  $('problem').textContent = !e ? '' : e instanceof Problem ? e.message : `Something went wrong: ${e.message || e}`
}

let saying, said
function say(text) { // to screen readers, once it has stood for a moment
  if (text===said) return
  said = text
  clearTimeout(saying)
  saying = setTimeout(() => { $('said').textContent = text }, 700)
}

function showBars(vocab) {
  $('bars').replaceChildren(...vocab.map(name => {
    const li = document.createElement('li')
    li.innerHTML = `<span class="try-name">${name}</span><span class="try-track" aria-hidden="true"><span></span></span><span class="try-percent">–</span>`
    return li
  }))
}

function showCard({metrics: {test}, agreement}) {
  $('card').textContent = `Asked about ${test.n.toLocaleString('en')} test faces of ${agreement.faces.replace('fer', 'FER')}, it gave the name on the label to ${(test.accuracy*100).toFixed(1)} %.`
}

let answer, answers = 0
function show({probs: [probs], ms}) {
  answer = {probs, ms}
  root.dataset.answers = ++answers // for tests
  const {vocab} = model.card, order = vocab.map((_, i) => i).sort((a, b) => probs[b]-probs[a]), [top, next] = order, sure = probs[top]>=$('least').value/100
  ;[...$('bars').children].forEach((li, i) => {
    li.classList.toggle('try-top', i===top && sure)
    li.children[1].firstChild.style.width = `${probs[i]*100}%`
    li.children[2].textContent = percent(probs[i])
  })
  $('answer').textContent = sure ? `${vocab[top]}` : 'not sure'
  $('answer').classList.toggle('try-unsure', !sure)
  $('time').textContent = `${ms<10 ? ms.toFixed(1) : Math.round(ms)} ms in this browser`
  if (camera) say(sure ? vocab[top] : 'not sure') // numbers change with every picture
  else say(sure ? `${vocab[top]}, ${percent(probs[top])}` : `not sure: ${vocab[top]} ${percent(probs[top])}, ${vocab[next]} ${percent(probs[next])}`)
}

function forget() { // no face, no answer: nothing is said of a cup
  box = answer = null
  boxed.hidden = true
  for (const li of $('bars').children) {
    li.classList.remove('try-top')
    li.children[1].firstChild.style.width = 0
    li.children[2].textContent = '–'
  }
  $('answer').textContent = '–'
  $('answer').classList.add('try-unsure')
  $('time').textContent = ' '
  $('seen').getContext('2d').clearRect(0, 0, 48, 48)
  say('no answer')
}

function noPicture() {
  picture = null
  canvas.getContext('2d').clearRect(0, 0, canvas.width, canvas.height)
  canvas.setAttribute('aria-label', 'No picture')
  showFaces([])
  $('found').textContent = ''
  $('middle').hidden = true
  press()
  forget()
}

// Looking: what changes while the model is busy is looked at afterwards

let busy = false, again = false
async function look() {
  again = true
  if (busy || !model || !picture || !box) return
  busy = true
  try {
    while (again) {
      again = false
      if (!picture || !box) break
      const asked = box, said = await remote.look(picture.id, box)
      if (!said || !box || (box!==asked && !camera)) continue
      showSeen(said.face)
      show(said)
      await new Promise(requestAnimationFrame)
    }
  } catch (e) { problem(e) } finally { busy = false }
}

function showSeen(face) {
  const o = new ImageData(48, 48)
  face.forEach((v, i) => o.data.set([v, v, v, 255], i*4))
  $('seen').getContext('2d').putImageData(o, 0, 0)
}

// The picture

function paint(img, w, h, mirror = false) {
  const s = LONGEST/Math.max(w, h), ctx = canvas.getContext('2d')
  if (canvas.width!==Math.round(w*s) || canvas.height!==Math.round(h*s)) Object.assign(canvas, {width: Math.round(w*s), height: Math.round(h*s)})
  ctx.setTransform(mirror ? -1 : 1, 0, 0, 1, mirror ? canvas.width : 0, 0)
  ctx.fillStyle = '#fff'
  ctx.fillRect(0, 0, canvas.width, canvas.height)
  ctx.imageSmoothingEnabled = s<4
  ctx.drawImage(img, 0, 0, canvas.width, canvas.height)
  view.style.setProperty('--shape', w/h)
}

function wholeBox({w, h}, share = 1) { // in the middle
  const side = Math.min(w, h)*share
  return {x: Math.floor((w-side)/2), y: Math.floor((h-side)/2), side}
}

function put(o, {x, y, side}) {
  const pc = (a, n) => `${a/n*100}%`, {w, h} = picture
  Object.assign(o.style, {left: pc(x, w), top: pc(y, h), width: pc(side, w), height: pc(side, h)})
}

function place(b) {
  const {w, h} = picture, side = Math.max(Math.min(16, w, h), Math.min(b.side, w/(1-OVER), h/(1-OVER))), within = (a, n) => Math.max(-OVER*side, Math.min(a, n-(1-OVER)*side))
  box = {x: within(b.x, w), y: within(b.y, h), side}
  put(boxed, box)
  boxed.hidden = false
  const size = Math.round(side/Math.min(w, h)*100)
  boxed.setAttribute('aria-valuenow', size)
  boxed.setAttribute('aria-valuetext', `${size} % of the picture, ${Math.round(box.x/w*100)} % from the left, ${Math.round(box.y/h*100)} % from the top`)
  look()
}

const words = async text => { // shown before the browser is busy
  $('found').textContent = text
  await new Promise(o => requestAnimationFrame(() => setTimeout(o)))
}

async function setPicture(o, name, isFace, mine) {
  problem()
  stopCamera()
  forget()
  picture = {id: mine, w: o.w, h: o.h}
  paint(o.img, o.w, o.h)
  o.img.close()
  canvas.setAttribute('aria-label', name)
  isFace ||= [o.w, o.h].every(n => n>=FACE[0] && n<=FACE[1])
  if (!isFace) await words('Looking for faces …')
  const faces = isFace ? [] : await remote.find()
  if (mine!==turn) return
  showFaces(faces)
  $('found').textContent = isFace ? '' : faces.length>1 ? `${faces.length} faces found: choose one.` : faces.length ? 'One face found.' : 'No face found, so no answer.'
  $('middle').hidden = isFace || faces.length>0
  if (isFace || faces.length) place(faces[0] || wholeBox(picture))
}

function showFaces(faces) { // as buttons on the picture, where there is a choice
  for (const o of view.querySelectorAll('.try-face')) o.remove()
  if (faces.length>1) faces.forEach((face, i) => {
    const b = Object.assign(document.createElement('button'), {type: 'button', className: 'try-face', onclick: () => place(face)})
    b.setAttribute('aria-label', `Face ${i+1} of ${faces.length}`)
    put(b, face)
    view.append(b)
  })
}

let turn = 0 // of two pictures opened at once, the later one is shown
async function openBlob(blob, name, isFace) {
  const mine = ++turn
  try {
    await words('Opening the picture …')
    stopCamera()
    const o = await remote.read(mine, blob, name)
    if (mine!==turn) return
    press()
    await setPicture(o, name, isFace, mine)
  } catch (e) {
    if (mine!==turn) return
    stopCamera()
    noPicture()
    problem(e)
  }
}

const openFiles = files => files.length ? openBlob(files[0], files[0].name) : problem(new Problem('That was no file. Save the picture first, then open or drop the file: this page fetches nothing from elsewhere.'))

// Samples, drawn when the site was built

function press(sample) { for (const b of $('samples').children) b.setAttribute('aria-pressed', b===sample) }

function addSamples(vocab) {
  $('samples').replaceChildren(...[1, 2].flatMap(k => [...vocab, 'group'].map(name => {
    const b = document.createElement('button'), words = name==='group' ? 'Several drawn faces' : `A face drawn as ${name}`
    b.type = 'button'
    b.innerHTML = `<img src="${new URL(`samples/${name}${k}.jpg`, import.meta.url)}" alt="${words}" title="${words}">`
    b.onclick = async () => {
      await openBlob(await asBlob(b.firstChild), words, name!=='group')
      press(b)
    }
    return b
  })))
  press()
  return Promise.all([...$('samples').children].map(b => b.firstChild.decode()))
}

async function asBlob(img) { // from what is loaded already, for the network may be gone
  const c = new OffscreenCanvas(img.naturalWidth, img.naturalHeight)
  c.getContext('2d').drawImage(img, 0, 0)
  return c.convertToBlob()
}

// The webcam

const REFUSED = {NotAllowedError: 'The webcam was refused. Allow it in the browser’s address bar, or open a picture instead.',
  NotFoundError: 'No webcam was found. Open a picture instead.', NotReadableError: 'Another program uses the webcam. Close it and try again.'}

async function startCamera() {
  problem()
  if (!navigator.mediaDevices) return problem(new Problem('Browsers give the webcam only to pages that come by https or from this machine.'))
  const mine = ++turn
  try {
    const stream = await navigator.mediaDevices.getUserMedia({video: {facingMode: 'user', width: {ideal: 640}, height: {ideal: 480}}, audio: false})
    if (mine!==turn) return stream.getTracks().forEach(o => o.stop())
    camera = stream
    camera.getVideoTracks()[0].onended = stopCamera
    showCamera()
    await watch(stream, mine)
  } catch (e) {
    stopCamera()
    problem(REFUSED[e.name] ? new Problem(REFUSED[e.name]) : e)
  }
}

async function watch(stream, id) {
  const video = Object.assign(document.createElement('video'), {srcObject: stream, muted: true, playsInline: true})
  await video.play()
  canvas.setAttribute('aria-label', 'The webcam’s picture, as in a mirror')
  press()
  showFaces([])
  forget()
  $('middle').hidden = true
  $('follow').checked = true
  let rate = 0, last = performance.now()
  for (let next = 0, first = true; camera===stream; first = false) {
    const w = video.videoWidth, h = video.videoHeight, now = performance.now(), turned = first || w!==picture.w || h!==picture.h // as phones are
    picture = {id, w, h}
    remote.frame(id, pixels(video, w, h, true).px, w, h)
    paint(video, w, h, true)
    if (turned) forget()
    if (!$('follow').checked && !box) place(wholeBox(picture, .6))
    if ($('follow').checked && now>next) {
      const [face] = await remote.find(200)
      if (camera!==stream) break
      $('found').textContent = face ? '' : 'No face found: come closer, or stop following and put the box on it.'
      face ? place(face) : forget()
      next = performance.now()+3*(performance.now()-now) // a quarter of the time at most
    }
    await look()
    rate += ((1000/(performance.now()-last))-rate)*.2
    last = performance.now()
    if (box) $('time').textContent += `, ${rate.toFixed(0)} pictures a second`
    await new Promise(o => video.requestVideoFrameCallback ? video.requestVideoFrameCallback(o) : requestAnimationFrame(o))
  }
  video.srcObject = null
}

function stopCamera() {
  camera?.getTracks().forEach(o => o.stop())
  camera = null
  showCamera()
}

function showCamera() {
  $('cam').classList.toggle('try-on', !!camera)
  $('following').hidden = !camera
  $('cam').querySelector('span').textContent = camera ? 'Stop the webcam' : 'Use the webcam'
  $('cam').querySelector('i').className = camera ? 'bi bi-stop-fill' : 'bi bi-camera-video'
}

// What the reader does

$('middle').onclick = () => { $('middle').hidden = true; $('found').textContent = 'The middle, taken as a face.'; place(wholeBox(picture)); boxed.focus({preventScroll: true}) }

const at = e => { const r = view.getBoundingClientRect(), s = picture.w/r.width; return [(e.clientX-r.left)*s, (e.clientY-r.top)*s] }

boxed.onpointerdown = e => {
  const [x, y] = at(e), from = box, corner = e.target.dataset.corner
  boxed.setPointerCapture(e.pointerId)
  e.preventDefault()
  boxed.focus({preventScroll: true})
  $('follow').checked = false
  boxed.onpointermove = e => {
    const dx = at(e)[0]-x, dy = at(e)[1]-y
    place(corner ? resized(from, corner, dx, dy) : {...from, x: from.x+dx, y: from.y+dy})
  }
  boxed.onpointerup = boxed.onpointercancel = () => { boxed.onpointermove = null }
}

function resized({x, y, side}, corner, dx, dy) { // the corner across stays where it is
  const west = corner[1]==='w', north = corner[0]==='n', grow = ((west ? -dx : dx)+(north ? -dy : dy))/2
  const most = Math.min(west ? x+side : picture.w-x, north ? y+side : picture.h-y)/(1-OVER), s = Math.max(Math.min(16, most), Math.min(side+grow, most))
  return {x: west ? x+side-s : x, y: north ? y+side-s : y, side: s}
}

boxed.onkeydown = e => {
  const step = Math.max(1, Math.min(picture.w, picture.h)*(e.shiftKey ? .1 : .02)), {x, y, side} = box
  const grown = d => ({x: x-d/2, y: y-d/2, side: side+d})
  const to = {ArrowLeft: {x: x-step}, ArrowRight: {x: x+step}, ArrowUp: {y: y-step}, ArrowDown: {y: y+step}, '+': grown(step), '=': grown(step), '-': grown(-step), Home: wholeBox(picture)}[e.key]
  if (!to) return
  e.preventDefault()
  $('follow').checked = false
  place({...box, ...to})
}

$('file').onchange = e => { openFiles([...e.target.files]); e.target.value = '' }
$('cam').onclick = () => camera ? stopCamera() : startCamera()
$('least').oninput = e => {
  $('least-text').textContent = `${e.target.value} %`
  $('bars').style.setProperty('--least', `${e.target.value}%`)
  if (answer) show({probs: [answer.probs], ms: answer.ms})
}
addEventListener('dragover', e => { e.preventDefault(); root.classList.add('try-over') })
addEventListener('dragleave', e => { if (!e.relatedTarget) root.classList.remove('try-over') })
addEventListener('drop', e => { e.preventDefault(); root.classList.remove('try-over'); openFiles([...e.dataTransfer.files]) })
addEventListener('paste', e => { if (e.clipboardData.files.length) openFiles([...e.clipboardData.files]) })
addEventListener('pagehide', stopCamera)

// Start

async function start() {
  checkBrowser()
  const card = JSON.parse(await (await get(new URL('model/small.json', import.meta.url), 'The model’s card')).text())
  showBars(card.vocab)
  showCard(card)
  const detector = openCascade(new URL('model/haarcascade_frontalface_alt2.xml', import.meta.url)).then(o => remote.learn(o))
  const loading = Promise.all([remote.open(), detector])
  loading.catch(() => {}) // said below, once the samples are there
  await addSamples(card.vocab)
  if (!picture) await $('samples').children[3].onclick() // a face to look at while the model comes
  await loading
  model = {card, probs: remote.probs}
  $('load').hidden = true
  root.dataset.ready = ''
  look()
}
start().catch(e => { $('load').hidden = true; problem(e) })

// The expression lab: sliders move the muscles of a drawn face, and the network says what it sees. As fer_course.apps.lab does it in Python.
import {Problem, get} from './problem.js'
import {connect} from './remote.js'

const root = document.getElementById('lab'), home = 'home' in root.dataset, percent = p => `${Math.round(p*100)} %`
const make = (tag, props = {}, ...children) => {
  const o = Object.assign(document.createElement(tag), props)
  o.append(...children)
  return o
}
const READ = 48, SHOWN = 96 // pixels a side: what the network reads, what is shown
export const remote = connect(n => { bytes += n; tell(`Loading the model: ${(bytes/1e6).toFixed(1)} of 3.8 MB`) })
const WARM = 8 // faces drawn again, since a browser takes that long to compile the drawing
const SLOW = 50, REST = 100 // milliseconds a face, from which on it is drawn coarsely first; without a move, until it is sharp
let bytes = 0, words, opening, seed = 0, side = ''
const values = {}, presses = {}, inputs = {}

// The page

const canvas = make('canvas', {width: SHOWN, height: SHOWN})
const answer = make('p', {className: 'lab-answer'}), note = make('p', {className: 'lab-note'}), code = make('code')
const bars = make('ul', {className: 'lab-bars'}), problem = make('p', {className: 'lab-problem', hidden: true})
canvas.setAttribute('role', 'img')
answer.setAttribute('role', 'status')
problem.setAttribute('role', 'alert')
bars.setAttribute('aria-label', 'Probability of each expression')

function tell(text) { note.textContent = text }
function fail(e) {
  if (!(e instanceof Problem)) console.warn(e)
  problem.hidden = false
  problem.textContent = e instanceof Problem ? e.message : `Something went wrong: ${e.message || e}`
}

function slider(k) {
  const unit = words.units[k], {lo, hi, start, name} = unit ? {lo: 0, hi: 1, start: 0, ...unit} : words.head[k]
  const input = make('input', {type: 'range', id: `lab-${k}`, min: lo, max: hi, step: hi===1 ? .05 : 1, value: start, title: unit?.moves ?? name})
  const output = make('output'), label = make('label', {htmlFor: input.id}, unit ? `${name} (${k})` : name)
  values[k] = start
  inputs[k] = v => {
    values[k] = v
    input.value = v
    output.textContent = v.toFixed(hi===1 ? 2 : 0)
  }
  inputs[k](start)
  input.oninput = () => { inputs[k](+input.value); moved() }
  return make('div', {className: 'lab-slider'}, label, output, input)
}

function button(text, title, press) { return make('button', {type: 'button', className: 'lab-button', textContent: text, title, onclick: press}) }

function controls() {
  if (home) return [make('div', {className: 'lab-sliders'}, ...words.home.map(slider)),
    make('p', {className: 'lab-more'}, button('start again', 'All sliders back', reset), ' ', make('a', {href: 'lab.html', textContent: 'All 28 sliders: the expression lab'}))]
  const where = make('select', {id: 'lab-side'}, ...Object.keys(words.sides).map(o => make('option', {textContent: o, value: words.sides[o]})))
  where.onchange = () => { side = where.value; moved() }
  const buttons = make('div', {className: 'lab-buttons'}, ...Object.keys(words.expressions).map(k => button(k, `A face that shows ${k}; press again for another way to show it`, () => show(k))),
    button('another face', 'The same expression on another face', () => { seed++; moved() }), button('start again', 'Set all sliders back to their first values', reset),
    make('span', {}, make('label', {htmlFor: where.id, textContent: 'units move on'}), where))
  return [buttons, ...Object.entries(words.groups).flatMap(([name, ks]) => [make('h2', {className: 'lab-group', textContent: name}), make('div', {className: 'lab-sliders'}, ...ks.map(slider))]),
    make('p', {className: 'lab-code'}, 'The same face in Python: ', code)]
}

function build() { // with the face at rest and its answer, which were stored when the site was built
  const row = name => make('li', {}, make('span', {textContent: name}), make('span', {className: 'lab-track'}, make('span')), make('span', {className: 'lab-percent'}))
  const face = make('div', {className: 'lab-face'}, canvas, make('div', {className: 'lab-says'}, answer, bars, note))
  bars.replaceChildren(...words.rest.vocab.map(row))
  canvas.style.backgroundImage = `url(${new URL('rest.png', import.meta.url)})`
  canvas.setAttribute('aria-label', describe())
  code.textContent = python()
  says(words.rest.probs)
  root.replaceChildren(problem, make('div', {className: 'lab-all'}, face, make('div', {className: 'lab-controls'}, ...controls())))
}

// What the sliders mean

const sided = (k, s) => !side || side===s || !words.units[k].sided
function face() {
  const units = ['L', 'R'].flatMap(s => Object.keys(words.units).map(k => sided(k, s) ? values[k] ?? 0 : 0))
  return {units, head: Object.fromEntries(Object.entries(words.head).map(([k, o]) => [k, values[k] ?? o.start])), seed}
}

function describe() {
  const moves = Object.keys(words.units).filter(k => values[k]).map(k => `${words.units[k].name} ${values[k].toFixed(2)}`)
  return `A drawn face: ${moves.join(', ') || 'at rest'}`
}

function python() {
  const units = Object.keys(words.units).filter(k => values[k]).map(k => `'${k}${words.units[k].sided ? side : ''}': ${values[k]}`)
  const head = Object.keys(words.head).filter(k => values[k]!==words.head[k].start).map(k => `, ${k}=${values[k]}`)
  return `synth.draw({${units.join(', ')}}, seed=${seed}${head.join('')})`
}

// Moving

function set(to) { for (const k in to) inputs[k]?.(to[k]) }
const rest = () => Object.fromEntries(Object.keys(words.units).map(k => [k, 0]))

function show(name) {
  const ways = words.expressions[name], n = presses[name] ?? 0
  presses[name] = n+1
  set({...rest(), ...ways[n%ways.length]})
  moved()
}

function reset() {
  set({...rest(), ...Object.fromEntries(Object.entries(words.head).map(([k, o]) => [k, o.start]))})
  moved()
}

async function open() {
  tell('Loading the model')
  try {
    await remote.open()
    tell('')
    draw()
  } catch (e) { fail(e) }
}

function moved() {
  since ??= performance.now()
  opening ||= open()
  draw()
}

let busy = false, again = false, sharp = true, slow = false, drawn = 0, since, wake
function timed(start, detail) { // for the browser's tools and benchmarks/browser.py
  performance.clearMeasures('lab')
  performance.measure('lab', {start, detail})
}

async function draw() { // what moves meanwhile is drawn afterwards; on a slow device coarsely, and sharply once it rests
  again = true
  wake?.()
  if (busy) return
  busy = true
  try {
    while (again || !sharp) {
      const start = since, now = face(), size = again && slow ? READ : SHOWN, began = performance.now()
      again = false
      since = null
      canvas.setAttribute('aria-label', describe())
      code.textContent = python()
      const {grey, probs, ms} = await remote.face(READ, size, now)
      if (probs) says(probs)
      paint(grey, size)
      sharp = size===SHOWN
      if (sharp) slow = performance.now()-began>SLOW
      root.dataset.drawn = ++drawn // for tests
      if (drawn<WARM) again = true
      await new Promise(requestAnimationFrame)
      if (start) timed(start, {...ms, size})
      if (!sharp && !again) await new Promise(o => { wake = o; setTimeout(o, REST) })
    }
  } catch (e) { fail(e) } finally { busy = false }
}

function paint(grey, size) {
  const o = new ImageData(size, size)
  if (canvas.width!==size) canvas.width = canvas.height = size
  grey.forEach((v, i) => o.data.set([v, v, v, 255], i*4))
  canvas.getContext('2d').putImageData(o, 0, 0)
}

function says(probs) {
  const top = probs.indexOf(Math.max(...probs))
  answer.innerHTML = `The network says: <b>${words.rest.vocab[top]}</b>, ${percent(probs[top])}`
  ;[...bars.children].forEach((li, i) => {
    li.classList.toggle('lab-top', i===top)
    li.children[1].firstChild.style.width = `${probs[i]*100}%`
    li.children[2].textContent = percent(probs[i])
  })
  root.dataset.probs = probs.join() // for tests
}

// Start: the home page fetches the drawing when somebody comes near, and the model when a slider moves, not before

async function start() {
  words = JSON.parse(await (await get(new URL('lab.json', import.meta.url), 'The lab')).text())
  build()
  if (home) {
    tell('Move a slider: the network (3.8 MB) is loaded then, and answers in this browser.')
    for (const o of ['pointerenter', 'focusin']) root.addEventListener(o, () => draw(), {once: true})
  } else moved()
  root.dataset.ready = ''
}
start().catch(fail)

// What takes time, away from the page, so that it answers to touch meanwhile: pictures are opened, searched and read, faces drawn
import {Problem} from './problem.js'

let model, picture, loading, learned
const cascade = new Promise(o => { learned = o }) // the detector, parsed by the page: workers cannot read XML
const prepared = new Map() // whose face each size of the drawing is prepared for
const load = () => loading ||= Promise.all([import('./fer.js'), import('./detect.js')]).then(([fer, detect]) => ({...fer, ...detect}))

let drawing // at each size
const faces = () => drawing ||= import('./faces.js').catch(() => { throw new Problem('The drawing could not be fetched. Are you offline? Load the page again.') })

const jobs = {
  async open() {
    model = await (await load()).Model.open(n => postMessage({bytes: n}))
    return model.card
  },
  probs: faces => model.probs(faces),
  learn: o => learned(o),

  // Pictures: the last one stays here, known by its number
  async read(id, blob, name) {
    const {img, ...rest} = await (await load()).readPicture(blob, name)
    picture = {id, ...rest}
    return {img, w: rest.w, h: rest.h}
  },
  frame(id, px, w, h) { picture = {id, px, w, h} },
  find: async longest => (await load()).findFaces(await cascade, picture, longest),
  async look(id, box) { // nothing, where another picture has come meanwhile
    if (picture?.id!==id) return null
    const face = (await load()).cut(picture, box)
    return {face, ...await model.probs(face)}
  },

  // A drawn face: its pixels at one size
  async draw(size, {units, head, seed}) {
    const {inputs, prepare, compute} = (await faces())[`face${size}`]
    if (prepared.get(size)!==seed) {
      inputs.seed[0] = BigInt(seed)
      prepare()
      prepared.set(size, seed)
    }
    inputs.units.set(units)
    for (const k in head) inputs[k][0] = head[k]
    return compute().slice()
  },

  // A drawn face as the network reads it, what it says, if it is there, the face as it is shown, and how long each took
  async face(read, shown, now) {
    const times = [performance.now()], took = o => { times.push(performance.now()); return o }
    const seen = took(await jobs.draw(read, now))
    const probs = took(model ? (await model.probs(seen)).probs[0] : null)
    const grey = took(shown===read ? seen : await jobs.draw(shown, now)), [read_, network, shown_] = times.slice(1).map((t, i) => t-times[i])
    return {grey, probs, ms: {drawing: read_+shown_, network}}
  },
}

onmessage = async ({data: {id, job, args}}) => {
  try {
    const result = await jobs[job](...args)
    postMessage({id, result}, result?.img ? [result.img] : [])
  } catch (e) { postMessage({id, error: e.message, known: e instanceof Problem}) }
}

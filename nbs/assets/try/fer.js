// The model in the browser, without the page: pictures to grey, faces cut out as Python cuts them, probabilities.
// What fer_course.predict does in Python is done here to the same pixels; tests/test_try.py compares the two.
import * as ort from './ort/ort.wasm.bundle.min.mjs'
import {Problem, checkBrowser, get} from './problem.js'

export const MAX_PIXELS = 50e6 // as in fer_course.pictures
const here = new URL('.', import.meta.url)

// A server that knows about .gz may have unpacked it on the way
async function unpacked(blob) {
  const head = new Uint8Array(await blob.slice(0, 2).arrayBuffer())
  if (head[0]!==0x1f || head[1]!==0x8b) return blob.arrayBuffer()
  return new Response(blob.stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer()
}

// The model

export function softmax(scores, temperature = 1) {
  const top = Math.max(...scores), e = Array.from(scores, o => Math.exp((o-top)/temperature)), sum = e.reduce((a, b) => a+b)
  return e.map(o => o/sum)
}

export class Model {
  constructor(session, card) { Object.assign(this, {session, card}) }

  // Fetch and start it. onBytes hears of each number of bytes that came in.
  static async open(onBytes) {
    checkBrowser()
    const card = JSON.parse(await (await get(new URL('model/small.json', here), 'The model’s card')).text())
    const [weights, wasm] = await Promise.all([
      get(new URL(`model/small.onnx?${card.sha256}`, here), 'The model', onBytes),
      get(new URL('ort/ort-wasm-simd-threaded.wasm.gz', here), 'The program that runs the model', onBytes)])
    Object.assign(ort.env.wasm, {numThreads: 1, wasmBinary: await unpacked(wasm)})
    try {
      const model = new Model(await ort.InferenceSession.create(await weights.arrayBuffer(), {executionProviders: ['wasm']}), card)
      for (let i = 0; i<3; i++) await model.probs(new Uint8Array(card.face_size**2)) // the first times take ten times as long
      return model
    } catch (e) {
      if (e instanceof Problem) throw e
      throw new Problem(`This browser could not start the model (${e.message}). Is WebAssembly switched off?`)
    }
  }

  // Probabilities [n][classes] of faces, Uint8Array of n × 48 × 48 grey pixels, and the milliseconds that they took
  async probs(faces) {
    const {face_size: k, vocab, temperature} = this.card, n = faces.length/(k*k), t = performance.now()
    const {scores} = await this.session.run({faces: new ort.Tensor('float32', Float32Array.from(faces), [n, 1, k, k])})
    const ms = performance.now()-t, c = vocab.length
    if (scores.data.length!==n*c) throw new Problem('The model and its card do not fit each other. Load the page again.')
    return {probs: Array.from({length: n}, (_, i) => softmax(scores.data.subarray(i*c, (i+1)*c), temperature)), ms}
  }
}

// Pixels

// Red, green, blue and alpha to grey, as Pillow's convert('L')
export function grey(rgba) {
  const res = new Uint8Array(rgba.length/4)
  for (let i = 0, j = 0; i<res.length; i++, j += 4) res[i] = (rgba[j]*19595 + rgba[j+1]*38470 + rgba[j+2]*7471 + 0x8000) >> 16
  return res
}

const bicubic = x => (x = Math.abs(x))<1 ? (1.5*x-2.5)*x*x+1 : x<2 ? ((-.5*x+2.5)*x-4)*x+2 : 0

// For each of n output pixels: the first input pixel that counts, and the weights from there on, in units of 2^-22; Pillow's boxes are single floats
function weights(len, from, to, n) {
  const scale = Math.fround(to-from)/n, wide = Math.max(scale, 1), support = 2*wide
  return Array.from({length: n}, (_, i) => {
    const centre = from+(i+.5)*scale, lo = Math.max(0, Math.trunc(centre-support+.5)), hi = Math.min(len, Math.trunc(centre+support+.5))
    const w = Array.from({length: hi-lo}, (_, j) => bicubic((j+lo-centre+.5)/wide)), sum = w.reduce((a, b) => a+b, 0)
    return [lo, Int32Array.from(w, o => Math.trunc(o/sum*2**22 + (o<0 ? -.5 : .5)))]
  })
}

// The part [left, top, right, bottom] of a grey picture at another size, pixel for pixel as Pillow's resize(…, BICUBIC, box=…)
export function resize({px, w, h}, box, wide, high = wide) {
  const [l, t, r, b] = box.map(Math.fround), cols = weights(w, l, r, wide), rows = weights(h, t, b, high)
  const first = rows[0][0], last = rows[high-1][0]+rows[high-1][1].length
  const plain = [wide===w && l===0 && r===w, high===h && t===0 && b===h], mid = new Uint8Array((last-first)*wide), res = new Uint8Array(wide*high)
  for (let y = first; y<last; y++) sums(px, y*w, 1, cols, mid, (y-first)*wide, 1, plain[0])
  for (let x = 0; x<wide; x++) sums(mid, x-first*wide, wide, rows, res, x, wide, plain[1])
  return res
}

// One line of pixels to another: from `from[i]`, `from[i+step]`, … to `to[j]`, `to[j+stride]`, …
function sums(from, i, step, weights, to, j, stride, plain) {
  for (let k = 0; k<weights.length; k++, j += stride) {
    const [lo, w] = weights[k]
    if (plain) { to[j] = from[i+k*step]; continue }
    let sum = 2**21
    for (let m = 0, o = i+lo*step; m<w.length; m++, o += step) sum += from[o]*w[m]
    to[j] = Math.max(0, Math.min(255, Math.floor(sum/2**22)))
  }
}

// Whole pixels of a picture, from x and y on; over its edge, the outermost are repeated
export function part({px, w, h}, x, y, wide, high) {
  const res = new Uint8Array(wide*high), clamp = (a, n) => Math.max(0, Math.min(a, n-1))
  for (let j = 0; j<high; j++) for (let i = 0, row = clamp(y+j, h)*w; i<wide; i++) res[j*wide+i] = px[row+clamp(x+i, w)]
  return {px: res, w: wide, h: high}
}

// The face in a box {x, y, side}, which may reach over the edge, as the model wants it: fer_course.predict.crop
export function cut(pic, {x, y, side}, size = 48) {
  const over = Math.trunc(2*Math.max(side/size, 1))+2 // as many pixels around the box as resizing mixes in
  const span = (lo, n) => { const a = Math.floor(lo), b = Math.ceil(lo+side); return [Math.min(a, Math.max(0, a-over)), Math.max(b, Math.min(n, b+over))] }
  const [l, r] = span(x, pic.w), [t, b] = span(y, pic.h), box = part(pic, l, t, r-l, b-t)
  return resize(box, [x-l, y-t, Math.min(x-l+side, box.w), Math.min(y-t+side, box.h)], size)
}

// Pictures

let canvas // used again for the next picture of the same size

// A picture of any size, painted a strip at a time: canvases over 16 megapixels are refused by some phones
export function pixels(img, w, h, mirror = false) {
  const rows = Math.max(1, Math.min(h, Math.floor(4e6/w))), px = new Uint8Array(w*h)
  if (canvas?.width!==w || canvas.height!==rows) canvas = new OffscreenCanvas(w, rows)
  const ctx = canvas.getContext('2d', {willReadFrequently: true})
  for (let y = 0; y<h; y += rows) {
    const n = Math.min(rows, h-y)
    ctx.setTransform(1, 0, 0, 1, 0, 0)
    ctx.fillStyle = '#fff' // what is transparent becomes white
    ctx.fillRect(0, 0, w, rows)
    if (mirror) ctx.setTransform(-1, 0, 0, 1, w, 0)
    ctx.drawImage(img, 0, -y)
    px.set(grey(ctx.getImageData(0, 0, w, n).data), y*w)
  }
  return {px, w, h}
}

// A picture file, upright as its EXIF data say, in its own colours
export async function readPicture(blob, name = 'The picture') {
  if (!blob.size) throw new Problem(`${name} is an empty file.`)
  let img
  try { img = await createImageBitmap(blob, {imageOrientation: 'from-image', colorSpaceConversion: 'none'}) }
  catch { throw new Problem(`This browser cannot read ${name} as a picture. JPEG, PNG, WebP and GIF work everywhere.`) }
  if (img.width*img.height>MAX_PIXELS) throw new Problem(`${name} has ${img.width} × ${img.height} pixels, more than 50 million. Make it smaller first.`)
  return {img, ...pixels(img, img.width, img.height)}
}

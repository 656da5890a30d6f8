// Faces in a grey picture, found with the cascade that comes with OpenCV: Viola and Jones 2001 (doi 10.1109/CVPR.2001.990517), with Lienhart's trees
import {part, resize} from './fer.js'
import {get} from './problem.js'

const STEP = 1.1, LEAST = 40, HITS = 5, BORDER = .1 // from one window's side to the next; the smallest window, in pixels of the shrunk picture; windows that make a face; what is added around, so that a face may touch the edge

const numbers = o => o.textContent.trim().split(/\s+/).map(Number)
const items = (o, path) => [...o.querySelectorAll(`:scope > ${path}`)]

// OpenCV's file in flat arrays, since a picture has some hundred thousand windows. Stages hold trees, trees hold nodes, a node compares a feature with a threshold.
export async function openCascade(url) {
  const doc = new DOMParser().parseFromString(await (await get(url, 'The face detector')).text(), 'text/xml').querySelector('cascade')
  const stages = items(doc, 'stages > _').map(s => items(s, 'weakClassifiers > _').map(t => ({nodes: numbers(t.querySelector('internalNodes')), leaves: numbers(t.querySelector('leafValues'))})))
  const trees = stages.flat(), sums = (xs, f) => xs.reduce((a, o) => [...a, a[a.length-1]+f(o)], [0])
  return {side: +doc.querySelector('width').textContent,
    features: items(doc, 'features > _').map(o => items(o, 'rects > _').map(numbers)),
    least: Float64Array.from(items(doc, 'stages > _'), o => +o.querySelector('stageThreshold').textContent-1e-5),
    stageTree: Int32Array.from(sums(stages, o => o.length)), // the first tree of each stage,
    treeNode: Int32Array.from(sums(trees, o => o.nodes.length/4)), // the first node of each tree,
    treeLeaf: Int32Array.from(sums(trees, o => o.leaves.length)), // and its first leaf
    nodes: Int32Array.from(trees.flatMap(o => o.nodes)), // left, right, feature, (threshold); what is not above 0 is a leaf
    thresholds: Float64Array.from(trees.flatMap(o => o.nodes.filter((_, i) => i%4===3))), leaves: Float64Array.from(trees.flatMap(o => o.leaves))}
}

// Sums of all pixels, and of their squares, above and left of each place
function integrals({px, w, h}) {
  const n = w+1, sum = new Int32Array(n*(h+1)), squares = new Float64Array(n*(h+1))
  for (let y = 0; y<h; y++) for (let x = 0, s = 0, q = 0; x<w; x++) {
    const v = px[y*w+x], i = (y+1)*n+x+1
    s += v, q += v*v
    sum[i] = sum[i-n]+s, squares[i] = squares[i-n]+q
  }
  return {n, sum, squares}
}

// At one size: for each feature, three rectangles' corners in the table of sums, and their weights. The first weight makes an even grey come to zero.
function scaled(features, s, n) {
  const at = new Int32Array(features.length*12), weights = new Float64Array(features.length*3)
  features.forEach((rects, f) => {
    let rest = 0, first = 1
    rects.forEach(([x, y, w, h, weight], i) => {
      const [l, t, r, b] = [x, y, x+w, y+h].map(o => Math.round(o*s)), area = (r-l)*(b-t)
      at.set([t*n+l, t*n+r, b*n+l, b*n+r], f*12+i*4)
      weights[f*3+i] = weight
      i ? rest += weight*area : first = area
    })
    weights[f*3] = -rest/first
  })
  return {at, weights}
}

function isFace({least, stageTree, treeNode, treeLeaf, nodes, thresholds, leaves}, {at, weights}, sum, i, unit) {
  for (let s = 0; s<least.length; s++) {
    let total = 0
    for (let t = stageTree[s]; t<stageTree[s+1]; t++) {
      let k = 0
      do {
        const node = treeNode[t]+k, f = nodes[node*4+2]
        let v = 0
        for (let r = 0, a = f*12; r<3; r++, a += 4) {
          const weight = weights[f*3+r]
          if (weight) v += weight*(sum[i+at[a]]-sum[i+at[a+1]]-sum[i+at[a+2]]+sum[i+at[a+3]])
        }
        k = nodes[node*4+(v<thresholds[node]*unit ? 0 : 1)]
      } while (k>0)
      total += leaves[treeLeaf[t]-k]
    }
    if (total<least[s]) return false
  }
  return true
}

// Where the cascade says yes: [left, top, side]
function windows(cascade, pic) {
  const {n, sum, squares} = integrals(pic), hits = []
  for (let side = LEAST; side<=Math.min(pic.w, pic.h); side *= STEP) {
    const s = side/cascade.side, at = scaled(cascade.features, s, n), step = Math.max(2, s), size = Math.round(side)
    const lo = Math.round(s), hi = Math.round(s*(cascade.side-1)), a = lo*n+lo, b = lo*n+hi, c = hi*n+lo, d = hi*n+hi, area = (hi-lo)**2
    for (let y = 0; y+size<=pic.h; y += step) for (let x = 0; x+size<=pic.w; x += step) {
      const i = Math.round(y)*n+Math.round(x), mean = (sum[i+a]-sum[i+b]-sum[i+c]+sum[i+d])/area
      const spread = Math.sqrt((squares[i+a]-squares[i+b]-squares[i+c]+squares[i+d])/area-mean*mean)
      if (spread>10 && isFace(cascade, at, sum, i, spread*area)) hits.push([Math.round(x), Math.round(y), size]) // a plain wall has no face
    }
  }
  return hits
}

const near = ([x, y, s], [X, Y, S]) => { const d = .2*Math.min(s, S); return Math.max(Math.abs(x-X), Math.abs(y-Y), Math.abs(x+s-X-S), Math.abs(y+s-Y-S))<=d }
const holds = ([x, y, s], [X, Y, S]) => { const mx = X+S/2, my = Y+S/2; return mx>x && mx<x+s && my>y && my<y+s }

// Windows that lie on each other made into one face, where there are enough; of two faces in one place, the one with more
function grouped(hits) {
  const groups = []
  for (const hit of hits) {
    const own = groups.filter(g => g.some(o => near(o, hit)))
    for (const g of own) groups.splice(groups.indexOf(g), 1)
    groups.push([hit, ...own.flat()])
  }
  const faces = groups.filter(g => g.length>=HITS).sort((a, b) => b.length-a.length).map(g => [0, 1, 2].map(k => g.reduce((a, o) => a+o[k], 0)/g.length))
  return faces.filter((o, i) => !faces.slice(0, i).some(f => holds(f, o) || holds(o, f)))
}

// Squares {x, y, side} around the faces of a picture, the largest first; it is shrunk to `longest` pixels before. They may reach over the edge.
export function findFaces(cascade, pic, longest = 1024) { // and LEAST: as find_faces_cascade in Python
  const f = Math.max(1, Math.max(pic.w, pic.h)/longest), w = Math.round(pic.w/f), h = Math.round(pic.h/f), pad = Math.round(BORDER*Math.max(w, h))
  const small = f===1 ? pic : {px: resize(pic, [0, 0, pic.w, pic.h], w, h), w, h}
  const faces = grouped(windows(cascade, part(small, -pad, -pad, w+2*pad, h+2*pad)))
  return faces.map(([x, y, s]) => ({x: (x-pad)*f, y: (y-pad)*f, side: s*f})).sort((a, b) => b.side-a.side)
}

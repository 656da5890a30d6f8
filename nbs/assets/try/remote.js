// The worker, as the page calls it: `await remote.look(…)` does it in worker.js
import {Problem} from './problem.js'

export function connect(onBytes = () => {}) {
  const worker = new Worker(new URL('worker.js', import.meta.url), {type: 'module'}), waiting = new Map()
  let last = 0
  worker.onmessage = ({data: {id, bytes, result, error, known}}) => {
    if (bytes) return onBytes(bytes)
    const {resolve, reject} = waiting.get(id)
    waiting.delete(id)
    error===undefined ? resolve(result) : reject(known ? new Problem(error) : new Error(error))
  }
  worker.onerror = e => {
    for (const {reject} of waiting.values()) reject(new Problem(`This browser could not start the page’s worker${e.message ? ` (${e.message})` : ''}. Any current browser can.`))
    waiting.clear()
  }
  return new Proxy({}, {get: (_, job) => (...args) => new Promise((resolve, reject) => {
    waiting.set(++last, {resolve, reject})
    worker.postMessage({id: last, job, args})
  })})
}

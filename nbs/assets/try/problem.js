// What the reader can be told, and fetching
export class Problem extends Error {} // Something that the reader can be told in these words

export async function get(url, what, onBytes = () => {}) {
  let res
  try { res = await fetch(url) } catch { throw new Problem(`${what} could not be fetched. Are you offline? Load the page again.`) }
  if (!res.ok) throw new Problem(`${what} is not where it should be (${res.status}).`)
  const parts = [], reader = res.body.getReader()
  for (let o; !(o = await reader.read()).done;) { parts.push(o.value); onBytes(o.value.length) }
  return new Blob(parts)
}

export function checkBrowser() {
  if (typeof WebAssembly==='undefined' || typeof DecompressionStream==='undefined')
    throw new Problem('This browser cannot run the model: it knows no WebAssembly, or is older than 2023. Any current browser can.')
}

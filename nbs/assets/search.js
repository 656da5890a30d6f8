// The search box's ranking, in place of Fuse, whose interface the site builder's script calls: every word asked for must stand
// on the page (in the title, a heading or the text, in any form: freeze finds freezing), and titles weigh more than text.
const STOP = new Set('a an and are can do does for from how i in is it my of on or the to use what where which why with you'.split(' '))
const stem = w => w.length>4 ? w.replace(/(?:ing|ers?|ed|es|e|s)$/, '') : w
const words = q => { const all = q.toLowerCase().match(/[\p{L}\p{N}_]+/gu) || [], kept = all.filter(w => !STOP.has(w)); return kept.length ? kept : all }
const begins = w => `(?<![\\p{L}\\p{N}])${stem(w)}`
const matcher = w => new RegExp(begins(w), 'giu')
const count = (text, re) => (text.match(re) || []).length

window.Fuse = class {
  constructor(index) { // entries {href, title, section, text}, a page's in a row
    this.pages = Map.groupBy ? Map.groupBy(index, o => o.href.split('#')[0]) : index.reduce((m, o) => {
      const k = o.href.split('#')[0]
      return m.set(k, [...m.get(k) || [], o])
    }, new Map())
  }

  search(q, {limit}) {
    const res = words(q).map(matcher), hits = []
    for (const parts of this.pages.values()) {
      const inTitle = res.map(re => count(parts[0].title, re))
      const scored = parts.map(o => res.map((re, i) => 12*inTitle[i] + 6*count(o.section, re) + Math.log2(1+count(o.text, re))))
      const best = res.map((_, i) => Math.max(...scored.map(s => s[i])))
      if (best.some(o => !o)) continue // a word is nowhere on the page
      const total = s => s.reduce((a, b) => a+b, 0) + 4*s.filter(o => o).length
      const k = scored.reduce((a, s, i) => total(s)>total(scored[a]) ? i : a, 0)
      hits.push({item: parts[k], score: total(best)+total(scored[k])})
    }
    latest = hits.sort((a, b) => b.score-a.score).slice(0, limit)
    asked = q
    return latest
  }
}

// Excerpts, in place of the site builder's, which marks letters within words: whole words, from a little before the first
let latest = [], asked = ''
function excerpt(text) {
  const word = words(asked).map(begins).join('|'), at = text.search(new RegExp(word, 'iu')), start = at<60 ? 0 : text.lastIndexOf(' ', at-40)+1
  const parts = text.slice(start, start+200).split(new RegExp(`((?:${word})[\\p{L}\\p{N}]*)`, 'iu')) // every second one was asked for
  return [start ? '… ' : '', ...parts.map((o, i) => i%2 ? Object.assign(document.createElement('mark'), {textContent: o}) : o)]
}
addEventListener('DOMContentLoaded', () => {
  for (const box of document.querySelectorAll('.smalldocs-search-results')) {
    new MutationObserver(() => box.querySelectorAll('.search-result-text').forEach((o, i) => o.replaceChildren(...excerpt(latest[i].item.text)))).observe(box, {childList: true})
  }
})

// What was found further down the same page opens nothing anew: fold the results, which would lie over it
document.addEventListener('click', e => {
  if (!e.target.closest('a.search-result')) return
  for (const box of document.querySelectorAll('input[type=search]')) {
    box.value = ''
    box.dispatchEvent(new Event('input', {bubbles: true}))
  }
})

"""What the site asks of a browser and a line: `python benchmarks/browser.py --site _site`

- *pages*: bytes of a first visit, as a server that compresses text sends them; `--before` names a site of an older commit.
- *lab*: milliseconds from a slider's move to the face and the bars drawn, and the processor's part of them.
- *try_it*: seconds to the first answer over a slow line, on a first visit and on later ones.
- *ways*: the two ways to draw a face on a page: our generated JavaScript, and Pyodide, which `npm pack pyodide` fetches
  (`--pyodide` is the unpacked folder). That package holds no NumPy, so that nothing can be drawn with it: its size and
  start are the least that this way costs.

DevTools slows a page and its line down, but not its worker. So the worker's code runs here in a frame of the page, on the
page's one thread: what is measured is more than readers see, who have two."""
import gzip, http.server, io, json, statistics, threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from fastcore.script import call_parse

from common import OUT, ROOT, load, provenance, save_json
from fer_course.core.cli import cli
from fer_course.core.errors import InputError
from tools.drawing_js import SIZES
from tools.served import WAIT, browser

TEXT = {'.html', '.css', '.js', '.mjs', '.json', '.svg', '.xml', '.txt', '.webmanifest'} # what servers compress
PAGES = dict(home='index.html', lesson='lessons/03_pretrained_or_scratch.html', results='results.html',
             try_it='try.html', reference='lib/**/faceset.html') # the reference lay elsewhere once
LINE = dict(offline=False, latency=150, downloadThroughput=1.6e6/8, uploadThroughput=.75e6/8) # a slow mobile line
PARTS = 'pages', 'lab', 'try_it', 'ways'
MOVES = 24 # of a slider, after those by which the browser compiles

# The worker's code in a frame: it hears and says the same, on the page's thread
IN_PAGE = '''if (window===top) window.Worker = class {
  constructor(url) {
    const frame = this.frame = document.createElement('iframe')
    frame.hidden = true
    frame.srcdoc = '<script>window.postMessage = o => parent.answer(o)<' + '/script>' +
      `<script type="module">await import("${url}"); parent.started()<` + '/script>'
    const ready = new Promise(o => { window.started = o })
    window.answer = data => this.onmessage({data})
    this.postMessage = async data => { await ready; frame.contentWindow.onmessage({data}) }
    document.body.append(frame)
  }
}'''

class _Handler(http.server.SimpleHTTPRequestHandler):
    age = 600 # seconds that a browser may use what it has, as GitHub Pages says

    def log_message(self, *args): pass
    def end_headers(self):
        self.send_header('Cache-Control', f'max-age={self.age}')
        super().end_headers()

    def send_head(self):
        fn = Path(self.translate_path(self.path))
        if fn.suffix not in TEXT or not fn.is_file() or 'If-Modified-Since' in self.headers: return super().send_head()
        data = gzip.compress(fn.read_bytes(), 6)
        self.send_response(200)
        for k,v in {'Content-Type': self.guess_type(str(fn)), 'Content-Encoding': 'gzip', 'Content-Length': len(data),
                    'Last-Modified': self.date_time_string(int(fn.stat().st_mtime))}.items(): self.send_header(k, str(v))
        self.end_headers()
        return io.BytesIO(data)

@contextmanager
def serve_compressed(folder):
    "The site as GitHub Pages serves it: text compressed, ten minutes without asking again"
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), partial(_Handler, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f'http://127.0.0.1:{server.server_port}/'
        server.shutdown()

def sent(fn): return len(gzip.compress(fn.read_bytes(), 6)) if fn.suffix in TEXT else fn.stat().st_size

def weight(b, url, site, page):
    "Kilobytes that a first visit fetches, without moving or touching anything, and how many files"
    page = next(Path(site).glob(page)).relative_to(site).as_posix()
    asked, o = set(), b.new_page(viewport=dict(width=1280, height=800))
    o.on('request', lambda r: asked.add(urlsplit(r.url).path) if r.url.startswith(url) else None)
    o.goto(url+page, wait_until='networkidle')
    o.close()
    files = [fn for p in asked if (fn := Path(site)/p.lstrip('/')).is_file()]
    return dict(kb=round(sum(map(sent, files))/1e3, 1), html_kb=round(sent(Path(site)/page)/1e3, 1), files=len(files))

def slowed(b, url, page, rate, line=None, context=None):
    "A page with the worker's code on its thread, the processor `rate` times slower and the line as it is said"
    o = (context or b).new_page()
    o.set_default_timeout(WAIT)
    o.add_init_script(IN_PAGE)
    cdp = o.context.new_cdp_session(o)
    if line:
        cdp.send('Network.enable')
        cdp.send('Network.emulateNetworkConditions', line)
    cdp.send('Emulation.setCPUThrottlingRate', dict(rate=rate))
    o.goto(url+page)
    return o

SETTLED = '''() => +document.getElementById("lab").dataset.drawn>=8 && !document.querySelector(".lab-note").textContent'''
MOVE = '''async ([k, n]) => {
  const all = [], slider = document.getElementById(`lab-${k}`)
  const row = ({duration, detail: {drawing, network, size}}) => [duration, drawing, network, size]
  const watch = new PerformanceObserver(o => all.push(...o.getEntries().map(row)))
  watch.observe({type: 'measure'})
  for (let i = 0; i<n; i++) {
    const before = all.length
    slider.value = (i*7)%20/20
    slider.dispatchEvent(new Event('input'))
    while (all.length===before) await new Promise(o => setTimeout(o, 5))
  }
  return all
}'''

def renderer(b):
    "Processor seconds that the busiest process behind the pages has used"
    found = b.new_browser_cdp_session().send('SystemInfo.getProcessInfo')['processInfo']
    times = [psutil.Process(o['id']).cpu_times() for o in found if o['type']=='renderer']
    return max(o.user+o.system for o in times)

def moves(b, url, page, rate):
    "A slider is moved: medians and the 90th percentile of its milliseconds to the frame in which all is drawn"
    o = slowed(b, url, page, rate)
    o.locator('#lab[data-ready]').wait_for()
    o.locator('#lab-AU12').fill('0.5')
    o.wait_for_function(SETTLED)
    o.evaluate(MOVE, ['AU12', MOVES])
    busy, cpu = load(), renderer(b)
    took = o.evaluate(MOVE, ['AU12', MOVES])
    cpu = renderer(b)-cpu
    o.close()
    total, drawing, network, size = zip(*took)
    high = sorted(total)[int(.9*len(total))]
    return dict(page=page, slower=rate, **{f'{k}_ms': round(statistics.median(v), 1) for k,v in
                dict(total=total, drawing=drawing, network=network).items()}, fastest_ms=round(min(total), 1),
                p90_ms=round(high, 1), coarse=sum(s<max(SIZES) for s in size), moves=len(size),
                processor_ms=round(1e3*cpu/len(took), 1), load=busy)

def first_answer(b, site, age, visits):
    "Seconds to the first answer of Try over the slow line; what a browser keeps is kept between visits"
    _Handler.age = age
    with serve_compressed(site) as url:
        context, rows = b.new_context(), []
        for visit in range(1, visits+1):
            o = slowed(b, url, 'try.html', 4, LINE, context)
            o.locator('#try[data-answers]').wait_for()
            seconds = o.evaluate('performance.now()')/1e3
            o.close()
            rows.append(dict(visit=visit, max_age=age, seconds=round(seconds, 1), load=load()))
        context.close()
    return rows

PYODIDE = 'pyodide.mjs', 'pyodide.asm.mjs', 'pyodide.asm.wasm', 'python_stdlib.zip', 'pyodide-lock.json' # what a page loads
OURS = """async () => {
  const all = [], began = performance.now(), timed = f => { const t = performance.now(); f(); return performance.now()-t }
  const {face48} = await import('./assets/try/faces.js'), words = await (await fetch('assets/try/lab.json')).json()
  for (const k in words.head) face48.inputs[k][0] = words.head[k].start
  face48.prepare()
  face48.compute()
  const first = performance.now()-began
  for (let i = 0; i<60; i++) { face48.inputs.units[3] = i%20/20; all.push(timed(() => face48.compute())) }
  return [first, all.sort((a, b) => a-b)[30]]
}"""
THEIRS = """async () => {
  const began = performance.now(), {loadPyodide} = await import('./pyodide.mjs'), python = await loadPyodide()
  python.runPython('1+1')
  let numpy = true
  try { python.runPython('import numpy') } catch { numpy = false }
  return [performance.now()-began, numpy]
}"""

def ways(b, url, site, pyodide):
    "Kilobytes, milliseconds until the first face of 48 pixels (or, of Pyodide, the first sum), and for each face after it"
    def asked(address, script):
        o = b.new_page()
        o.route('**/blank.html', lambda r: r.fulfill(body='<!doctype html><title>blank</title>', content_type='text/html'))
        o.goto(address+'blank.html')
        res = o.evaluate(script)
        o.close()
        return res
    first, face = asked(url, OURS)
    rows = [dict(way='generated JavaScript', kb=round(sent(site/'assets'/'try'/'faces.js')/1e3, 1),
                 first_ms=round(first), face_ms=round(face, 1), load=load())]
    with serve_compressed(pyodide) as theirs: first, numpy = asked(theirs, THEIRS)
    files = [pyodide/o for o in PYODIDE]
    version = json.loads((pyodide/'package.json').read_text())['version']
    size = sum(len(gzip.compress(o.read_bytes(), 6)) for o in files)
    return dict(rows=[*rows, dict(way=f'Pyodide {version}', numpy=numpy, kb=round(size/1e3, 1), first_ms=round(first), load=load())])

def pages(b, url, site, before):
    "What each page weighs, and weighed"
    rows = {k: weight(b, url, site, v) for k,v in PAGES.items()}
    if before:
        with serve_compressed(before) as old:
            for k,v in PAGES.items(): rows[k] |= {f'before_{n}': w for n,w in weight(b, old, before, v).items()}
    return dict(rows=rows, runtime_kb=round(sent(site/'assets'/'try'/'ort'/'ort-wasm-simd-threaded.wasm.gz')/1e3, 1))

def lab(b, url): return dict(rows=[moves(b, url, o, rate) for o in ('index.html', 'lab.html') for rate in (1, 4)])

def try_it(b, site):
    """A first visit, one soon after, and one when a browser asks whether what it has still holds. The model and its runtime
    are fetched in the first alone: a service worker could spare readers no more than the third takes longer than the second"""
    return dict(line=LINE, slower=4, rows=first_answer(b, site, 600, 2)+first_answer(b, site, 0, 2)[1:])

@call_parse
@cli
def main(
    site:Path=ROOT/'_site', # Folder of the built site
    before:Path=None, # Folder of the site that an older commit built
    pyodide:Path=None, # Folder of Pyodide's package, for `ways`
    parts:str='pages,lab,try_it', # What to measure
    out:Path=OUT/'browser.json', # The record; parts that are not measured stay in it
):
    "Measure the site in a headless Chromium"
    for o in filter(None, (site, before)):
        if not (o/'index.html').is_file(): raise InputError(f'{o} holds no site: run python tools/site.py first')
    if unknown := {*parts.split(',')}-{*PARTS}: raise InputError(f'No part is called {", ".join(unknown)}; there are {", ".join(PARTS)}')
    if 'ways' in parts and not (pyodide and (pyodide/'pyodide.mjs').is_file()):
        raise InputError('The second way needs Pyodide: npm pack pyodide, unpack it and name its folder with --pyodide')
    record = json.loads(out.read_text()) if out.exists() else {}
    with browser() as b, serve_compressed(site) as url:
        measured = dict(pages=partial(pages, b, url, site, before), lab=partial(lab, b, url), try_it=partial(try_it, b, site),
                        ways=partial(ways, b, url, site, pyodide))
        for part in parts.split(','):
            record[part] = dict(provenance(chromium=b.version), **measured[part]())
            save_json(out, record) # what is measured is kept, whatever happens to the rest
            print(part, json.dumps(record[part]['rows'], indent=1), flush=True)

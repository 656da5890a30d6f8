"The built site in a headless Chromium: every page opens, stays on the site, links to what is there, and can be read"
import functools, http.server, json, re, sys, threading
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
import pytest
import numpy as np
from PIL import Image
from conftest import DESK, PHONE, ROOT, WIDE, watch
from tools.address import address

if sys.version_info < (3,11): pytest.skip('smalldocs, which builds the site, needs Python 3.11', allow_module_level=True)

import tomllib

AXE = (ROOT/'tests'/'vendor'/'axe.min.js').read_text(encoding='utf-8')

def names(site): return sorted(o.relative_to(site).as_posix() for o in site.rglob('*.html'))

# Without a browser

class Links(HTMLParser):
    def __init__(self): super().__init__(); self.links, self.ids = [], set()
    def handle_starttag(self, tag, attrs):
        d = dict(attrs)
        if tag=='base': return # 404.html: test_not_there
        self.ids |= {d[k] for k in ('id', 'name') if d.get(k)}
        self.links += [d[k] for k in ('href', 'src') if d.get(k)]

def links(fn):
    p = Links()
    p.feed(fn.read_text(encoding='utf-8'))
    return p

def broken(site):
    "(page, link) of what leads nowhere on the site, or to an anchor that is not there"
    pages = {o: links(site/o) for o in names(site)}
    for page,p in pages.items():
        for href in p.links:
            o = urlsplit(urljoin(f'http://site/{page}', href))
            if o.netloc!='site' or o.scheme!='http': continue
            path = unquote(o.path.lstrip('/')) or 'index.html'
            if not (site/path).is_file() or (path in pages and o.fragment and unquote(o.fragment) not in pages[path].ids): yield page, href

def test_pages(site):
    "There is a page for each notebook, but for those that hold the solutions"
    assert set(names(site)) >= {o.relative_to(ROOT/'nbs').with_suffix('.html').as_posix() for o in (ROOT/'nbs').rglob('*.ipynb') if o.parent.name!='questions'}
    assert not [o for o in names(site) if o.startswith('questions')]

def test_links(site): assert not [*broken(site)]

def test_broken(tmp_path):
    "The check above sees a missing page and a missing anchor"
    (tmp_path/'a.html').write_text('<h2 id="x"></h2><a href="b.html"></a><a href="#x"></a><a href="#y"></a><a href="https://a.org/b">')
    assert [*broken(tmp_path)]==[('a.html', 'b.html'), ('a.html', '#y')]

def test_repository_links(site):
    "Links to the repository's files lead to files that there are"
    blob = re.escape('{repo}/blob/{branch}/'.format(**address(ROOT)))
    found = {o for page in names(site) for o in re.findall(blob+'([^"#]+)', read(site, page))}
    assert found and not [o for o in found if not (ROOT/o).exists()]

def read(site, name): return (site/name).read_text(encoding='utf-8')
def plain(html): return ' '.join(unescape(re.sub('<[^>]+>', '', html)).split())
LESSONS = sorted(o.stem for o in (ROOT/'nbs'/'lessons').glob('*.ipynb'))

@pytest.mark.parametrize('name', LESSONS)
def test_exercise_boxes(site, name):
    "Each exercise is a box from its heading to the cell that checks it, and what follows stands outside"
    html = read(site, f'lessons/{name}.html')
    boxes = [plain(o) for o in re.findall(r'<div class="exercise">(.*?)(?=<div class="exercise">|<section|</section>)', html, re.S)]
    assert len(boxes)==len(re.findall('<section id="exercise-', html))>3
    assert all(o.startswith('Exercise: ') and '.check(' in o for o in boxes)
    from tools.pages import _end_of_div
    for m in re.finditer('<div class="exercise">', html):
        assert plain(html[m.start():_end_of_div(html, m.start())]).count('.check(')==1

def pictures_of(site, name): return [dict(re.findall(r'([\w-]+)="([^"]*)"', o)) for o in re.findall('<img[^>]*>', read(site, name))]

def test_picture_sizes(site):
    "Every picture has its measures, so that nothing jumps, and a description, and comes when it is near"
    for name in names(site):
        for o in pictures_of(site, name): assert {'width', 'height', 'alt'} <= o.keys() and o['loading']=='lazy', (name, o.get('alt'))

def test_plots_are_told_from_faces(site):
    "Only plots are turned round in the dark, never a face"
    seen = [o for name in names(site) for o in pictures_of(site, name) if o['src'].startswith(('data:image/png', '../results', 'results'))]
    plots = [o['alt'] for o in seen if o.get('data-figure')=='plot']
    others = [o['alt'] for o in seen if o.get('data-figure')!='plot']
    is_plot = re.compile('Test accuracy|Line charts|F1 by class|Confusion matri|Accuracy |Probability of|Length of|Loss of|Histogram')
    assert not [o for o in others if is_plot.match(o)]
    assert not [o for o in plots if re.search('drawn face|Faces:|^Eight|^Brightest|^Most is lost|the code above', o)]
    assert len(plots)>20 and len(others)>20

def test_in_the_dark():
    "Without its paper a face stays as it is, words turn light, and a picture without paper is left alone"
    from tools.dark import in_the_dark
    face = np.random.default_rng(0).integers(0, 240, (40, 40, 3), dtype=np.uint8)
    sheet = np.full((80, 60, 3), 255, dtype=np.uint8)
    sheet[30:70,10:50], sheet[10:12,20:40], sheet[15:17,20:40] = face, 0, (213, 94, 0)
    dark = np.asarray(in_the_dark(Image.fromarray(sheet)))
    assert (dark[30:70,10:50,:3]==face).all() and (dark[30:70,10:50,3]==255).all()
    assert (dark[10:12,20:40]>235).all() and dark[0,0,3]==0
    assert luminance(dark[15,20,:3]/255)>1.5*luminance(sheet[15,20]/255) and dark[15,20,0]>dark[15,20,1]>dark[15,20,2]
    assert in_the_dark(Image.fromarray(face)) is None

def test_faces_in_the_dark(site):
    "Galleries have a picture without white paper for the dark, which says and measures the same"
    shown = pictures_of(site, 'lessons/07_where_it_looks.html')
    light, dark = ([o for o in shown if k in o['class']] for k in ('on-light', 'on-dark'))
    assert len(light)==len(dark)>5 and not [o for o in light if 'data-figure' in o]
    assert [(o['alt'], o['width'], o['height']) for o in light]==[(o['alt'], o['width'], o['height']) for o in dark]
    for o in dark:
        with Image.open(site/'lessons'/o['src']) as img: assert np.asarray(img.convert('RGBA'))[[0, -1],:,3].mean()<40

def test_light_pages_load_no_dark_pictures(browser, site, url):
    "Of the two pictures of a gallery, one is loaded and one is seen"
    for scheme in 'light', 'dark':
        page = browser.new_page(viewport=DESK, color_scheme=scheme)
        asked = []
        page.on('request', lambda o: asked.append(o.url))
        page.goto(url+'lessons/07_where_it_looks.html')
        page.evaluate("document.querySelectorAll('img').forEach(o => o.scrollIntoView())")
        page.wait_for_load_state('networkidle')
        seen = page.evaluate("() => ['on-light', 'on-dark'].map(k => [...document.querySelectorAll('img.'+k)].filter(o => o.offsetParent).length)")
        page.close()
        assert any('/dark/' in o for o in asked)==(scheme=='dark') and bool(seen[0])==(scheme=='light') and bool(seen[1])==(scheme=='dark')

def test_sharp(site):
    "Figures made from records are drawn twice as fine as they are shown, but for many confusion matrices at once"
    html = read(site, 'results.html')
    shown = [o for o in pictures_of(site, 'results.html') if o['src'].startswith('results/') and not o['src'].endswith('confusions.png')]
    assert shown and all(Image.open(site/o['src']).width==2*int(o['width']) for o in shown)

def test_code_without_descriptions(site):
    "What only a screen reader says is not shown as code"
    for name in LESSONS:
        code = [plain(o) for o in re.findall('<pre[^>]*sourceCode.*?</pre>', read(site, f'lessons/{name}.html'), re.S)]
        assert code and not [o for o in code if re.search("describe_plot\\(|\\balt=f?['\"]", o)]

def test_seen_code():
    "Descriptions are cut out of code that stays code; what is no plain Python stays as it is"
    from tools.pages import seen_code
    assert seen_code("x = 'é'\ngallery([x], cols=3, alt='One é')")=="x = 'é'\ngallery([x], cols=3)"
    assert seen_code("dls.show_batch()\ndescribe_plot('Eight faces.')")=='dls.show_batch()'
    assert seen_code("f(1)\nPicture(fig, f'Up to {n}')")=='f(1)\nfig'
    assert seen_code("%pip install x\ng(alt='y')")=="%pip install x\ng(alt='y')"

def test_signatures(site):
    "Classes are shown as classes, functions as functions, and nothing of how the page was made"
    pages = {o: plain(read(site, o)) for o in names(site) if o.startswith('lib/')}
    assert not [o for o,text in pages.items() if re.search(r'__main__|<factory>|NoneType=|<function', text)]
    assert 'class FaceSet(' in pages['lib/core/faceset.html'] and 'def class_name(' in pages['lib/core/faceset.html']
    assert 'class InputError(' in pages['lib/core/errors.html']

def test_furniture(site):
    "Icons of all sizes, a card for shared links, one address for each page, and a map that lists them"
    address = tomllib.loads((ROOT/'pyproject.toml').read_text())['project']['urls']['Documentation'].rstrip('/')+'/'
    assert Image.open(site/'favicon.ico').info['sizes']=={(16,16), (32,32), (48,48)}
    assert Image.open(site/'assets'/'icon180.png').size==(180, 180)
    for o in json.loads(read(site, 'site.webmanifest'))['icons']: assert 'x'.join(map(str, Image.open(site/o['src']).size))==o['sizes']
    assert Image.open(site/'assets'/'card.png').size==(1200, 630)
    assert set(re.findall('<loc>([^<]*)', read(site, 'sitemap.xml')))=={address+o for o in names(site) if o!='404.html'}
    assert f'Sitemap: {address}sitemap.xml' in read(site, 'robots.txt')
    for name in names(site):
        html = read(site, name)
        for o in ('rel="icon"', 'rel="apple-touch-icon"', 'rel="manifest"', 'property="og:title"', 'name="twitter:card"'): assert o in html, (name, o)
        assert f'<meta property="og:image" content="{address}assets/card.png">' in html
        assert re.findall('<link rel="canonical" href="([^"]*)"', html)==[address+name]

def test_titles(site):
    "No two pages have one name"
    titles = [m[1] for o in names(site) if (m := re.search(r'<h1[^>]*class="title"[^>]*>(.*?)</h1>', read(site, o), re.S))]
    assert len(titles)>60 and not {o for o in titles if titles.count(o)>1}

def test_for_models(site):
    "llms.txt lists every page once, with what it says of itself"
    address = tomllib.loads((ROOT/'pyproject.toml').read_text())['project']['urls']['Documentation'].rstrip('/')+'/'
    lines = [o for o in read(site, 'llms.txt').splitlines() if o.startswith('- ')]
    listed = dict(re.match(r'- \[.+\]\((.+?)\): ?(.*)', o).groups() for o in lines)
    assert listed.keys()=={address+o for o in names(site) if o!='404.html'} and len(listed)==len(lines)
    assert listed[address+'lab.html'].startswith('Move the muscles')

def test_lasting_anchors(site):
    "A finding's anchor is its name: it stays when the number changes"
    ids = re.findall(r'data-anchor-id="([^"]*)"', read(site, 'results.html'))
    assert 'freezing-the-whole-body-cost' in ids and not [o for o in ids if 'points' in o or 'over-faces' in o]

def test_bet_comes_first(site):
    "Who turns the pages bets between lesson 2 and lesson 3, which begins to answer"
    turn = lambda name: re.findall('href="([^"]*)" class="pagination-link"', read(site, name))
    assert turn('bet.html')==[f'lessons/{LESSONS[1]}.html', f'lessons/{LESSONS[2]}.html']

def test_no_markdown_left(site):
    "No page shows a link as it was written"
    words = {o: plain(re.sub('<(script|pre|code|style)\\b.*?</\\1>', '', read(site, o), flags=re.S)) for o in names(site)}
    assert not [o for o,text in words.items() if '](' in text]

def dark_plot(rgb, css):
    "A colour, from 0 to 1, as the stylesheet's filter for plots in the dark shows it"
    invert, bright = (float(re.search(rf'data-figure=plot\].*{o}\(([\d.]+)\)', css)[1]) for o in ('invert', 'brightness'))
    grey = np.array([.213, .715, .072])
    turned = (2*grey-np.eye(3))@(invert+(1-2*invert)*rgb).clip(0, 1) # hue-rotate(180deg): to the other side of grey
    return (turned.clip(0, 1)*bright).clip(0, 1)

def luminance(rgb): return np.where(rgb<=.04, rgb/12.92, ((rgb+.055)/1.055)**2.4)@[.2126, .7152, .0722]

def test_plots_in_the_dark():
    "White paper takes the page's colour, and each run stands out from it 3 to 1"
    from fer_course.records.figures import COLORS
    css, page = (ROOT/'nbs'/'assets'/'site.css').read_text(encoding='utf-8'), np.full(3, 0x22/255)
    assert np.abs(dark_plot(np.ones(3), css)-page).max()<.01
    for o in COLORS:
        rgb = np.array([int(o[i:i+2], 16) for i in (1, 3, 5)])/255
        assert (luminance(dark_plot(rgb, css))+.05)/(luminance(page)+.05)>=3, o

def test_described(site):
    "Every picture says what it shows, none only that code made it"
    assert not [o for o in names(site) if 'What the code above shows' in read(site, o)]

def test_unbroken():
    "Short code, words of long code and dates break over no line; blocks of code are left alone"
    from tools.pages import unbroken
    assert unbroken('<p><code>fer-train --runs</code>, 2026-11-26</p>')==\
        '<p><code class="short">fer-train --runs</code>, <span class="number">2026-11-26</span></p>'
    block = f'<img alt="2026-11-26"><pre><code>x y</code></pre><pre><code class="py">x</code></pre><code>{"x"*31}</code>'
    assert unbroken(block)==block
    assert unbroken('<h2>reads 69.2 %</h2><pre>7 % 3</pre>')=='<h2>reads 69.2\u00a0%</h2><pre>7 % 3</pre>'
    assert unbroken(f'<code>{"x"*31} --runs</code>')==f'<code>{"x"*31} <span class="short">--runs</span></code>'

def test_findings(site):
    "Headings of Results and Benchmarks are findings with a number, and runs are called what people call them"
    for name in 'results.html', 'benchmarks.html':
        html = read(site, name)
        heads = [plain(o) for o in re.findall('<h[23][^>]*>(.*?)</h[23]>', html, re.S)]
        assert len(heads)>5 and [o for o in heads if not re.search(r'\d', o)] in ([], ['On this page'])
        words = re.sub(r'<code.*?</code>|<pre.*?</pre>', '', html, flags=re.S)
        assert not re.search(r'(adam|rmsprop)_(pretrained|scratch|frozen)', words)

def test_shared_words(site):
    "Descriptions hold no marks of Markdown, and llms.txt says what the course is"
    assert not [o for o in names(site) if re.search('<meta (?:name|property)="(?:og:)?description" content="[^"]*`', read(site, o))]
    assert '> A free course' in read(site, 'llms.txt')

def test_setup_is_folded(site):
    "Who reads a lesson on the site has nothing to install"
    for name in LESSONS:
        before = read(site, f'lessons/{name}.html').split('# Installs the course')[0]
        assert before.rindex('<details')>before.rfind('</details>'), name

def test_short_contents(site):
    "Headings of Results keep their interval, the list of contents beside them does not"
    html = read(site, 'results.html')
    contents = plain(re.search('<nav id="TOC".*?</nav>', html, re.S)[0])
    assert 'points' in contents and '95' not in contents and re.search('<h2[^>]*>[^<]*95', html)

# In a browser

SERIOUS = '''async (without) => (await axe.run({exclude: without || []}, {resultTypes: ['violations']})).violations
  .filter(o => ['serious', 'critical'].includes(o.impact))
  .map(o => `${o.id}: ${o.nodes.length} times, first ${o.nodes[0].target} ${(o.nodes[0].any[0] || {}).message || ''}`)'''

def look(browser, url, names, scheme, size, axe=True):
    "What is wrong with each page, in one colour scheme and one size"
    ctx, bad = browser.new_context(color_scheme=scheme, viewport=size), {}
    for name in names:
        page = ctx.new_page()
        said, asked = watch(page, url)
        page.goto(url+name, wait_until='load')
        if wide := page.evaluate(WIDE): said.append(f'{wide} px wider than the screen')
        if axe:
            page.evaluate(AXE)
            said += page.evaluate(SERIOUS, ['pre.sourceCode span']) # their colours: test_code_colours
        if said or asked: bad[name] = said + [f'asks for {o}' for o in asked]
        page.close()
    ctx.close()
    return bad

def sample(site):
    "All pages of the first level, and the first of each folder"
    return [o for o in names(site) if '/' not in o and o!='404.html'] + [next(o for o in names(site) if o.startswith(d)) for d in ('lessons/', 'lib/')]

@pytest.mark.parametrize('scheme, size', [('light', DESK), ('dark', DESK), ('light', PHONE)], ids=['light', 'dark', 'phone'])
def test_look(browser, site, url, scheme, size):
    "No error, no request to others, nothing too wide; axe-core finds nothing serious. Dark is tried on the pages of the first level and one of each folder"
    shown = sample(site) if scheme=='dark' else [o for o in names(site) if o!='404.html'] # test_not_there
    bad = look(browser, url, shown, scheme, size, axe=size is DESK)
    assert not bad, '\n'.join(f'{k}: {"; ".join(v)}' for k,v in bad.items())

@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_code_colours(browser, site, url, scheme):
    "Each colour that code has anywhere on the site can be read: one page with all of them, in place of each word of each page"
    code = [o for name in names(site) for o in re.findall('<pre[^>]*sourceCode.*?</pre>', read(site, name), re.S)]
    kinds = sorted({o for block in code for o in re.findall('<span class="([^"]*)"', block)})
    assert len(kinds)>5
    page = browser.new_page(viewport=DESK, color_scheme=scheme)
    page.goto(url+'lib/core/faceset.html')
    page.evaluate("kinds => document.querySelector('pre.sourceCode code').innerHTML = kinds.map(o => `<span class='${o}'>word</span>`).join(' ')", kinds)
    page.evaluate(AXE)
    assert page.evaluate("async () => (await axe.run('pre.sourceCode', {runOnly: ['color-contrast']})).violations.length")==0
    page.close()

def test_look_sees(browser, site, url):
    "The check above sees what it is there to see"
    fn = site/'faulty.html'
    fn.write_text('<!doctype html><html lang="en"><title>x</title><main><img src="https://127.0.0.1:1/a.png">'
                  '<p style="width:3000px;color:#ccc;background:#fff">pale</p></main><script>throw new Error("oh")</script>')
    try: found = '\n'.join(look(browser, url, ['faulty.html'], 'light', PHONE)['faulty.html'])
    finally: fn.unlink()
    for o in ('oh', 'wider than', 'color-contrast', 'image-alt', 'asks for https://127.0.0.1:1/a.png'): assert o in found, found

QUERIES = {'how do I freeze layers': 'lessons/05_freezing.html', 'offline classroom': 'teachers.html', 'install': 'index.html',
           'webcam': 'try.html', 'McNemar': 'lessons/06_five_runs.html', 'confusion matrix': 'glossary.html'}

@pytest.fixture(scope='module')
def homepage(browser, url):
    page = browser.new_page(viewport=DESK, color_scheme='light')
    page.goto(url+'index.html')
    yield page
    page.close()

@pytest.mark.parametrize('query, first', QUERIES.items(), ids=QUERIES)
def test_search(homepage, query, first):
    "Each word must stand on the page, in any form, and titles weigh more: what somebody is after comes first"
    box = homepage.locator('input[type=search]').first
    box.fill('')
    box.fill(query)
    homepage.locator('a.search-result').first.wait_for()
    homepage.wait_for_timeout(300)
    found = [o.get_attribute('href').split('#')[0].removeprefix('./') for o in homepage.locator('a.search-result').all()]
    assert found[0]==first, found

def test_search_on_the_page(browser, url):
    "Who chooses what stands further down the same page sees it: the results are folded"
    page = browser.new_page(viewport=DESK)
    page.goto(url+'teachers.html')
    page.locator('input[type=search]').first.fill('offline classroom')
    page.locator('a.search-result').first.click()
    page.wait_for_timeout(300)
    assert '#without-a-network' in page.url and not page.locator('a.search-result:visible').count()
    page.close()

@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_search_contrast(browser, url, scheme):
    "The results can be read"
    page = browser.new_page(viewport=DESK, color_scheme=scheme)
    page.goto(url+'index.html')
    page.locator('input[type=search]').first.fill('freeze')
    page.locator('a.search-result').first.wait_for()
    page.evaluate(AXE)
    assert not page.evaluate(SERIOUS)
    page.close()

def test_search_words(site):
    "What is searched are words as they are read, not markup"
    found = json.loads((site/'search.json').read_text(encoding='utf-8'))
    assert not [o['title'] for o in found if 'fer_course' in o['title']]
    assert len(found)>300 and not [o['href'] for o in found if re.search(r'<(div|p|a|span|table)\b|aria-|class=', o['text'])]

def test_search_hides(site):
    "The search box tells no number that answers the bet, and none that is folded; installing is not found in every lesson"
    found = json.loads((site/'search.json').read_text(encoding='utf-8'))
    told = [o['section']+' '+o['text'] for o in found if o['href'].startswith(('results.html', 'study.html'))
            or o['href'].startswith('benchmarks.html') and re.search('pretrained|reez|frozen', o['section'])]
    assert len(told)>20 and not [o for o in told if re.search(r'\d\.\d', o)]
    home, = [o['text'] for o in found if o['href']=='index.html#what-came-out']
    assert 'adam_pretrained … …' in home
    assert not [o['href'] for o in found if 'Installing the library' in o['text']]

def test_search_blanks():
    "Words of two blocks, or of two lines, are two words"
    from tools.pages import search_entries
    html = '<title>T</title><main><p>one</p><p><b>t</b>wo<br>three</p><table><tr><td>four</td><td>five</td></tr></table></main>'
    assert search_entries(html, 'a.html')[0]['text']=='one two three four five'

def test_search_excerpt(homepage):
    "What was asked for is marked in the excerpt, whole words only, and no little words"
    box = homepage.locator('input[type=search]').first
    box.fill('')
    box.fill('how do I freeze')
    homepage.locator('a.search-result mark').first.wait_for()
    homepage.wait_for_timeout(300)
    marked = {o.lower() for o in homepage.locator('a.search-result mark').all_inner_texts()}
    assert marked and all(re.match('fr[eo]ez', o) for o in marked), marked

class Pages(http.server.SimpleHTTPRequestHandler):
    "As GitHub Pages does: a site below a path, and 404.html at the address of what is not there"
    def log_message(self, *args): pass
    def do_GET(self):
        path, root = self.path.split('?')[0], Path(self.directory)
        fn = root/path.removeprefix('/fer_course/')
        there = path.startswith('/fer_course/') and fn.is_file()
        body = (fn if there else root/'404.html').read_bytes()
        self.send_response(200 if there else 404)
        self.send_header('Content-Type', self.guess_type(str(fn)) if there else 'text/html')
        self.end_headers()
        self.wfile.write(body)

def test_not_there(browser, site):
    "The page for what is not there has its style, its links and its search at any depth"
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Pages, directory=site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        root = f'http://127.0.0.1:{server.server_port}/fer_course/'
        page = browser.new_page(viewport=DESK)
        lost = []
        page.on('response', lambda o: lost.append(o.url) if o.status==404 else None)
        page.goto(f'{root}lessons/xx/nothing.html')
        page.evaluate(AXE)
        assert lost==[f'{root}lessons/xx/nothing.html'] and not page.evaluate(SERIOUS)
        hrefs = page.eval_on_selector_all('a[href]', 'os => os.map(o => o.href.split("#")[0])')
        assert not [o for o in hrefs if o.startswith(root) and not (site/(o.removeprefix(root) or 'index.html')).is_file() and o!=page.url]
        page.locator('input[type=search]').first.fill('webcam')
        page.locator('a.search-result').first.click()
        page.wait_for_url(f'{root}try.html')
        page.close()
        server.shutdown()

CLOSED = '#quarto-sidebar button[aria-expanded=false]:visible'

def test_menus(browser, site, url):
    "With every section of the sidebar open, and the search box with what it found, axe-core finds nothing serious on ten pages"
    page, bad = browser.new_page(viewport=DESK, color_scheme='light'), {}
    for name in sample(site)[:10]:
        page.goto(url+name)
        while page.locator(CLOSED).count():
            page.locator(CLOSED).first.click()
            page.wait_for_timeout(400)
        page.locator('input[type=search]:visible').first.fill('freeze')
        page.locator('a.search-result').first.wait_for()
        page.evaluate(AXE)
        if found := page.evaluate(SERIOUS): bad[name] = found
    page.close()
    assert not bad

def test_sidebar_keys(homepage):
    "Sections of the sidebar are buttons: the tab key reaches them and Enter opens them; the first stop skips the navigation"
    homepage.reload()
    homepage.keyboard.press('Tab')
    assert homepage.evaluate('document.activeElement.textContent')=='Skip to the text'
    section = homepage.locator('#quarto-sidebar button', has_text='Lessons')
    section.focus()
    homepage.keyboard.press('Enter')
    homepage.locator('#quarto-sidebar a', has_text='Read a face').wait_for()

@pytest.mark.parametrize('size', [dict(width=1280, height=800), PHONE], ids=['desk', 'phone'])
def test_first_screen(browser, url, size):
    "Seven drawn faces with their answers, and two ways in, without scrolling"
    page = browser.new_page(viewport=size)
    page.goto(url+'index.html')
    seen = [page.locator('.home-faces img').nth(i) for i in range(7)] + [page.get_by_role('link', name=o) for o in ('Start lesson 1', 'Try it now')]
    seen.append(page.get_by_text('say what its numbers mean'))
    bottoms = [o.bounding_box()['y']+o.bounding_box()['height'] for o in seen]
    page.close()
    assert max(bottoms)<=size['height']

def test_bet_sheet(browser, url):
    "The sheet has room to write, on a phone it is not cut off, and it prints on one sheet"
    for size in DESK, PHONE:
        page = browser.new_page(viewport=size)
        page.goto(url+'bet.html')
        wide = page.evaluate("() => [...document.querySelectorAll('.bet table, .bet td:last-child')].map(o => [o.scrollWidth, o.clientWidth, o.clientHeight])")
        sheets = len(re.findall(rb'/Type\s*/Page[^s]', page.pdf(format='A4', margin=dict.fromkeys(('top', 'bottom', 'left', 'right'), '1cm'))))
        page.close()
        assert sheets==1 and len(wide)==8 and wide[0][0]<=wide[0][1]<=size['width']
        assert not [o for o in wide[1:] if o[1]<.4*wide[0][1] or o[2]<50]

def test_focus(homepage):
    "What has the focus is seen, on white and in the bar at the top, whatever the theme says"
    homepage.reload()
    ring = lambda: homepage.evaluate("() => (o => `${o.outlineStyle} ${o.outlineWidth} ${o.outlineColor}`)(getComputedStyle(document.activeElement))")
    seen = {}
    for _ in range(12):
        homepage.keyboard.press('Tab')
        seen.setdefault(homepage.evaluate("() => document.activeElement.closest('.navbar') ? 'bar' : 'page'"), set()).add(ring())
    assert seen=={'bar': {'solid 3px rgb(255, 255, 255)'}, 'page': {'solid 3px rgb(230, 97, 0)'}}

def test_note_below_table(browser, url):
    "The words that say that a table goes on stand below it"
    page = browser.new_page(viewport=PHONE)
    page.goto(url+'results.html')
    overlap = page.evaluate("() => [...document.querySelectorAll('.scrolls')].filter(o => o.offsetParent).map(o => "
        "o.previousElementSibling.getBoundingClientRect().bottom-o.getBoundingClientRect().top)")
    page.close()
    assert overlap and max(overlap)<=0

def test_bet_is_open(site):
    "The page to bet on knows no result, and the home page keeps its own folded"
    from fer_course.records.record import read_records
    said = {f'{100*r.metrics["test"]["accuracy"]:.1f}' for r in read_records(ROOT/'results'/'fer2013')}
    assert said and not [o for o in said if o in (site/'bet.html').read_text(encoding='utf-8')]
    html = (site/'index.html').read_text(encoding='utf-8')
    table = html.index('>adam_pretrained</code>', html.index('<details'))
    assert html.index('<details') < table < html.index('</details>', table)

def test_same_site(site):
    "Links between pages stay on the site, so that an offline copy holds together"
    address = tomllib.loads((ROOT/'pyproject.toml').read_text())['project']['urls']['Documentation']
    assert not [o for o in names(site) if re.search(rf'<a [^>]*href="{re.escape(address)}', (site/o).read_text(encoding='utf-8'))]

def test_one_header(site):
    "No table has a second header row that is empty"
    for o in names(site):
        for head in re.findall(r'<thead>.*?</thead>', (site/o).read_text(encoding='utf-8'), re.S):
            rows = re.findall(r'<tr.*?</tr>', head, re.S)
            assert not [r for r in rows[1:] if not re.sub('<[^>]+>', '', r).strip()], o

def test_dark(browser, url):
    "Dark is dark, and the switch works by keyboard"
    page = browser.new_page(viewport=DESK, color_scheme='light')
    page.goto(url+'glossary.html')
    lightness = lambda: page.evaluate("() => getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0,3).reduce((a,b) => +a + +b, 0)")
    before = lightness()
    page.locator('.quarto-color-scheme-toggle').first.focus()
    page.keyboard.press('Enter')
    page.wait_for_timeout(300)
    assert lightness() < 200 < 600 < before
    page.close()

def test_keyboard(browser, url):
    "The tab key reaches the navigation, the search box and the text's first link, and shows where it is"
    page = browser.new_page(viewport=DESK)
    page.goto(url+'index.html')
    seen = set()
    for _ in range(120):
        page.keyboard.press('Tab')
        seen.add(page.evaluate("() => { const o = document.activeElement; return o.closest('main') ? 'main' : "
            "o.closest('#quarto-sidebar') ? 'sidebar' : o.closest('header') ? (o.tagName=='INPUT' ? 'search' : 'header') : '' }"))
    assert seen >= {'main', 'sidebar', 'search', 'header'}, seen
    page.close()

"The expression lab in Voilà and a headless Chromium: sliders and buttons move the face and the answer, by keyboard too"
import json, subprocess, sys, time
import psutil, pytest
from conftest import ROOT, copy_tree
from tools.served import free_port, wait_for

AXE = (ROOT/'tests'/'vendor'/'axe.min.js').read_text(encoding='utf-8')

def a_model(path):
    "A network that was never trained, where `fer-train` would leave one"
    from fer_course.core.faceset import VOCAB
    from fer_course.nets.model import fer_model
    from fer_course.nets.modelfile import save_network
    save_network(fer_model('tf_efficientnet_lite0', pretrained=False), path, arch='tf_efficientnet_lite0', vocab=VOCAB, size=64, face_size=48,
                 channels=3, stats=(.5,.5))

@pytest.fixture(scope='module')
def server(tmp_path_factory, env):
    "Voilà in a fresh clone, started by the command that the app's page names; unused Pythons end sooner than `voila.json` says"
    tree, port = copy_tree(tmp_path_factory.mktemp('lab')), free_port()
    config = json.loads((tree/'voila.json').read_text())
    for name in config['MappingKernelManager']: config['MappingKernelManager'][name] //= 10
    (tree/'voila.json').write_text(json.dumps(config))
    log = (tree.parent/'voila.log').open('w')
    p = subprocess.Popen([sys.executable, '-m', 'voila', 'nbs/apps/expression_lab.ipynb', '--no-browser', f'--port={port}'], cwd=tree,
                         env=dict(env, PYTHONPATH=str(tree), OMP_NUM_THREADS='1'), stdout=log, stderr=subprocess.STDOUT)
    p.url = f'http://127.0.0.1:{port}/'
    wait_for(p.url)
    yield p
    p.terminate()
    p.wait()
    log.close()

def test_installed_with_a_kernel():
    "Neither Voilà nor ipywidgets brings a kernel, so whoever is told to install Voilà is told to install one"
    pages = [o.read_text(encoding='utf-8') for o in (ROOT/'README.md', *(ROOT/'nbs').rglob('*.ipynb'))]
    lines = [o for text in pages for o in text.splitlines() if 'pip install' in o and 'voila' in o]
    assert len(lines)>=4 and all('ipykernel' in o for o in lines)

@pytest.fixture(scope='module')
def url(server): return server.url

@pytest.fixture(scope='module')
def page(browser, url):
    page = browser.new_page(viewport=dict(width=1280, height=900))
    page.said = []
    page.on('console', lambda m: page.said.append(m.text) if m.type=='error' else None)
    page.on('pageerror', lambda e: page.said.append(str(e)))
    page.route(lambda o: not o.startswith((url, 'data:', 'blob:')), lambda r: r.fulfill(body='')) # Voilà wants icons from a CDN, and does without
    page.goto(url)
    page.get_by_role('img').wait_for(timeout=60_000)
    yield page
    page.close()

def face(page): return page.get_by_role('img')
def answer(page): return page.get_by_role('status').locator('xpath=..')
def shown(page): return face(page).get_attribute('src'), answer(page).inner_text()

def moved(page, before, words):
    "Wait until the face is the one that `words` describe; picture and bars must both have changed"
    page.get_by_role('img', name=words).wait_for()
    page.wait_for_function('said => document.querySelector("[role=status]").parentElement.innerText!=said', arg=before[1])
    assert all(a!=b for a,b in zip(before, shown(page)))

def test_slider(page):
    "From the last button, tab leads to the sliders, and arrow keys move them"
    before = shown(page)
    page.get_by_role('button', name='start again').focus()
    for _ in range(2): page.keyboard.press('Tab')
    assert page.evaluate("document.activeElement.getAttribute('role')")=='slider'
    for _ in range(8): page.keyboard.press('ArrowRight')
    moved(page, before, 'inner brow raiser 0.40')

def test_buttons(page):
    before = shown(page)
    page.get_by_role('button', name='fear').focus()
    page.keyboard.press('Enter')
    moved(page, before, 'lip stretcher')
    before = shown(page)
    page.get_by_role('button', name='another face').click()
    page.get_by_text('seed=1)').wait_for()
    assert shown(page)[0]!=before[0]

def test_accessible(page):
    "axe-core finds nothing serious in the lab, but that ipywidgets gives no slider a name that is read aloud"
    page.evaluate(AXE)
    found = page.evaluate('''async () => (await axe.run(document.querySelector('.jp-OutputArea'),
      {resultTypes: ['violations'], rules: {'aria-input-field-name': {enabled: false}}}))
      .violations.filter(o => ['serious', 'critical'].includes(o.impact)).map(o => `${o.id}: ${o.nodes[0].target}`)''')
    assert not found

def test_phone(page):
    "Nothing is too wide for a phone, and the face stays in view beside the last slider"
    page.set_viewport_size(dict(width=390, height=844))
    assert page.evaluate('[...document.querySelectorAll("*")].every(o => o.scrollWidth<=o.clientWidth || getComputedStyle(o).overflowX!="auto")')
    last = page.get_by_role('slider').last
    last.focus()
    last.scroll_into_view_if_needed()
    box, at = face(page).bounding_box(), last.bounding_box()
    assert 0<=box['y'] and box['y']+box['height']<at['y']<844

def kernels(server): return len(psutil.Process(server.pid).children(recursive=True))

def test_closed_tab(page, browser, url, server):
    "The Python behind a closed tab ends, and the one behind an open tab does not"
    before = kernels(server)
    other = browser.new_page()
    other.goto(url)
    other.get_by_role('img').wait_for(timeout=60_000)
    assert kernels(server)>before
    other.close()
    for _ in range(60):
        if kernels(server)<=before: break
        time.sleep(1)
    assert kernels(server)==before
    moving = shown(page)
    page.get_by_role('button', name='sad', exact=True).click()
    page.wait_for_function('src => document.querySelector("img").src!=src', arg=moving[0])

def test_quiet(page): assert not page.said

def test_tabs():
    "The record of ten tabs: every Python ended, nearly all of its memory came back, and each app's page says what a tab takes, and how it ends elsewhere"
    record = json.loads((ROOT/'results'/'benchmarks'/'tabs.json').read_text(encoding='utf-8'))
    assert record['tabs']==10 and record['settings']==json.loads((ROOT/'voila.json').read_text(encoding='utf-8'))
    for o in record['rows']:
        assert o['pythons']>=10 and o['pythons_after']==0
        assert o['after_mb']-o['before_mb']<.1*(o['open_mb']-o['before_mb'])
        page = (ROOT/'nbs'/'apps'/f'{o["app"]}.ipynb').read_text(encoding='utf-8')
        options = ' '.join(f'--{name}.{k}={v}' for name,values in record['settings'].items() for k,v in values.items())
        assert f'some {o["a_tab_mb"]} MB' in page and f'/nbs/apps/{o["app"]}.ipynb {options}' in page

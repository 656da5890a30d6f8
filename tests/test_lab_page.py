"The expression lab in a headless Chromium, on its page and on the home page: the same faces and the same answers as in Python"
import base64, json, sys
import numpy as np, pandas as pd, pytest
from PIL import Image
from conftest import DESK, PHONE, WIDE, watch
from fer_course import synth
from fer_course.apps.lab import HEAD_SLIDERS, prototype
from fer_course.core.faceset import VOCAB
from fer_course.nets.predictor import load_predictor

if sys.version_info < (3,11): pytest.skip('smalldocs, which builds the site, needs Python 3.11', allow_module_level=True)

DRAW = '''async ([cases, size]) => {
    const {remote} = await import('./assets/try/lab.js'), all = []
    for (const o of cases) all.push(...await remote.draw(size, o))
    let text = ''
    for (const v of all) text += String.fromCharCode(v)
    return btoa(text)
}'''

def some_faces(n, rng):
    "Faces with any person, units on one side or both, pose and light: rows of parameters, and the same for the page"
    rows, cases = [], []
    for seed in rng.integers(0, 10_000, n).tolist():
        row, units = synth.sample([VOCAB.index('neutral')], seed, 0.), np.zeros((2, len(synth.UNITS)))
        row[synth.drawing.COLUMNS] = 0.
        for i,(k,u) in enumerate(synth.UNITS.items()):
            for s,side in enumerate('LR') if u.sided else [((0,1), '')]:
                units[s,i] = row[k+side] = rng.integers(0, 21)/20 if rng.random()<.3 else 0.
        head = {k: float(rng.integers(*(np.array([o.lo, o.hi])*20).astype(int)))/20 for k,o in synth.PARAMS.items() if k in HEAD_SLIDERS}
        for k,v in head.items(): row[k] = v
        rows.append(row)
        cases.append(dict(units=units.ravel().tolist(), head=head, seed=seed))
    return pd.concat(rows, ignore_index=True), cases

def open_lab(browser, url, page='lab.html', **kwargs):
    ctx = browser.new_context(**dict(dict(viewport=DESK), **kwargs))
    o = ctx.new_page()
    o.said, o.asked = watch(o, url)
    o.goto(url+page)
    o.locator('#lab[data-ready]').wait_for(timeout=60_000)
    return o

@pytest.fixture(scope='module')
def page(browser, url):
    o = open_lab(browser, url)
    o.wait_for_function('() => +document.getElementById("lab").dataset.drawn>=8 && !document.querySelector(".lab-note").textContent', timeout=60_000)
    yield o
    assert not o.said and not o.asked, (o.said, o.asked)
    o.context.close()

def settled(page, act):
    "Do something, and wait until the face and the answer are there"
    drawn = lambda: int(page.locator('#lab').get_attribute('data-drawn') or 0)
    before = drawn()
    act()
    page.wait_for_function('n => +document.getElementById("lab").dataset.drawn>n', arg=before, timeout=60_000)
    while before!=(before := drawn()): page.wait_for_timeout(200)
    return np.array([float(o) for o in page.locator('#lab').get_attribute('data-probs').split(',')])

@pytest.mark.parametrize('size, n', [(48,200), (96,20)])
def test_same_pixels(page, size, n, record_property):
    "Any person, any movement, pose and light: each pixel as Python draws it"
    rows, cases = some_faces(n, np.random.default_rng(size))
    theirs = np.frombuffer(base64.b64decode(page.evaluate(DRAW, [cases, size])), np.uint8).reshape(n, size, size)
    apart = np.abs(theirs.astype(int)-synth.render(rows, size))
    record_property('other pixels', f'{(apart>0).mean():.2g}')
    print(f'{(apart>0).mean():.2g} of the pixels differ, by at most {apart.max()}')
    assert apart.max()<=1 and (apart>0).mean()<.001

def test_same_answers(page):
    "Each expression's prototype: the answer that Python's small model gives to Python's face"
    model = load_predictor('small')
    for c in VOCAB:
        theirs = settled(page, page.get_by_role('button', name=c, exact=True).click)
        ours = model.probs(np.asarray(synth.draw(prototype(c), 48))[None])[0]
        assert np.abs(theirs-ours).max()<.02, c
    assert page.locator('.lab-answer').inner_text().startswith('The network says: ')

def test_rest(page, site):
    "What is shown before anything is loaded is what Python draws and says"
    model, words = load_predictor('small'), json.loads((site/'assets'/'try'/'lab.json').read_text())
    assert np.array_equal(np.asarray(Image.open(site/'assets'/'try'/'rest.png')), np.asarray(synth.draw({}, 96)))
    assert words['rest']['vocab']==VOCAB
    assert np.abs(np.array(words['rest']['probs'])-model.probs(np.asarray(synth.draw({}, 48))[None])[0]).max()<1e-3

def test_code(page):
    "The page says how to draw the same face in Python"
    settled(page, page.get_by_role('button', name='happy', exact=True).click)
    settled(page, lambda: page.get_by_label('turn the head').fill('20'))
    settled(page, lambda: page.get_by_label('units move on').select_option('L'))
    code = page.locator('.lab-code code').inner_text()
    assert "'AU12L'" in code and 'yaw=20' in code
    assert eval(code, dict(synth=synth)).size==(192,192)
    settled(page, page.get_by_role('button', name='start again').click)
    assert page.locator('.lab-code code').inner_text()=='synth.draw({}, seed=0)'
    settled(page, page.get_by_role('button', name='another face').click)
    assert page.get_by_role('img', name='A drawn face: at rest').count()

def test_home(browser, url):
    "On a phone: five sliders, the network fetched at the first touch; afterwards it works offline"
    page = open_lab(browser, url, 'index.html', viewport=PHONE, has_touch=True, is_mobile=True)
    fetched = []
    page.on('request', lambda r: fetched.append(r.url))
    assert page.locator('#lab input').count()==5 and page.evaluate(WIDE)==0
    assert page.locator('.lab-answer').inner_text().startswith('The network says: ') # to the face at rest
    page.locator('#lab-AU12').focus()
    page.wait_for_function('() => +document.getElementById("lab").dataset.drawn>0', timeout=60_000)
    assert any('faces.js' in o for o in fetched) and not any('.wasm' in o for o in fetched)
    at_rest = page.locator('#lab').get_attribute('data-probs')
    page.locator('#lab-AU12').fill('0.8')
    page.wait_for_function('o => document.getElementById("lab").dataset.probs!==o', arg=at_rest, timeout=60_000)
    page.context.set_offline(True)
    smile = settled(page, lambda: page.locator('#lab-AU12').fill('1'))
    assert VOCAB[smile.argmax()]=='happy'
    assert not page.said and not page.asked
    page.context.close()

def test_missing(browser, url):
    "It says so in words"
    page = browser.new_page()
    page.route('**/faces.js', lambda r: r.fulfill(status=404))
    page.goto(url+'lab.html')
    page.get_by_role('alert').filter(has_text='could not be fetched').wait_for()
    page.close()

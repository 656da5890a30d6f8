"The page Try it in a headless Chromium: it predicts as Python does, from samples, files and a webcam, by mouse, touch and keyboard, offline, and sends nothing"
import base64, io, sys
import numpy as np, pytest
from PIL import Image
from conftest import CHROMIUM, DESK, PHONE, WIDE, watch
from tools.served import FLAGS
from fer_course import synth
from fer_course.infer.detect import find_faces_cascade
from fer_course.core.faceset import VOCAB
from fer_course.infer.predict import crop
from fer_course.nets.predictor import load_predictor

if sys.version_info < (3,11): pytest.skip('smalldocs, which builds the site, needs Python 3.11', allow_module_level=True)

def crowd():
    "Three drawn faces on a grey board, in colour"
    img = Image.new('RGB', (640,400), '#7d838c')
    for i,(x,y,side) in enumerate([(30,60,260), (330,40,140), (480,210,150)]): img.paste(synth.draw(VOCAB[(2*i+3)%7], side, seed=70+i, color=True), (x,y))
    return img

def png(img):
    f = io.BytesIO()
    img.save(f, 'png')
    return f.getvalue()

def file(data, name='face.png', mime='image/png'): return dict(name=name, mimeType=mime, buffer=data)
def b64(a): return base64.b64encode(np.ascontiguousarray(a)).decode()

@pytest.fixture(scope='module')
def camera(browser, tmp_path_factory):
    "A Chromium whose webcam sees a face that is happy for a second, then surprised for a second"
    film = tmp_path_factory.mktemp('film')/'film.mjpeg'
    with film.open('wb') as f:
        for c in ('happy', 'surprise'):
            img = Image.new('RGB', (640,480), '#7d838c')
            img.paste(synth.draw(c, 300, seed=3, color=True), (240,90))
            for _ in range(30): img.save(f, 'jpeg', quality=90)
    b = browser.browser_type.launch(executable_path=CHROMIUM, args=[*FLAGS, '--use-fake-device-for-media-stream', f'--use-file-for-fake-video-capture={film}'])
    yield b
    b.close()

def open_page(browser, url, **kwargs):
    "The page, loaded, with what it said and asked for; `page.sent` are the requests since"
    ctx = browser.new_context(**dict(dict(viewport=DESK), **kwargs))
    page = ctx.new_page()
    page.said, page.asked = watch(page, url)
    page.goto(url+'try.html')
    page.locator('#try[data-ready]').wait_for(timeout=60_000)
    page.locator('.try-top, .try-unsure').first.wait_for()
    page.sent = []
    page.on('request', lambda r: page.sent.append(r.url) if not r.url.startswith(('data:', 'blob:')) else None)
    return page

@pytest.fixture(scope='module')
def page(browser, url):
    page = open_page(browser, url)
    yield page
    assert not page.said and not page.asked and not page.sent, (page.said, page.asked, page.sent)
    page.context.close()

def bars(page): return [float(o.split()[0]) for o in page.locator('.try-percent').all_inner_texts()]
def answer(page): return page.locator('#try-answer').inner_text()
def problem(page): return page.locator('#try-problem').inner_text()

def changed(page, act):
    "Do something, and wait for the model's last answer to it"
    n = lambda: int(page.locator('#try').get_attribute('data-answers'))
    before = n()
    act()
    page.wait_for_function('n => document.getElementById("try").dataset.answers>n', arg=before)
    while before!=(before := n()): page.wait_for_timeout(200)
    return bars(page)

def put(page, img, **kwargs): return changed(page, lambda: page.locator('#try-file').set_input_files(file(png(img), **kwargs)))

# What it answers

@pytest.fixture(scope='module')
def predictor(): return load_predictor('small')

def test_same_answers(page, predictor, record_property):
    "200 drawn faces: the same name for at least 98 %, and how far probabilities are apart"
    faces = synth.faces(200, seed=11, cache=False).imgs
    theirs = page.evaluate('''async data => (await (await import('./assets/try/page.js')).model
      .probs(Uint8Array.from(atob(data), o => o.charCodeAt(0)))).probs''', b64(faces))
    ours = predictor.probs(faces)
    far, same = np.abs(np.array(theirs)-ours).max(), (np.argmax(theirs, 1)==ours.argmax(1)).mean()
    record_property('largest difference', f'{far:.2g}')
    print(f'same name {same:.1%}, largest difference of a probability {far:.2g}')
    assert same>=.98 and far<.02

@pytest.mark.parametrize('size', [(640,400), (400,640), (48,48), (57,83)], ids=str)
def test_same_pixels(page, size):
    "Cut out and shrunk, or enlarged, as in Python, over the edge too; colours to grey as in Python"
    img, rng = crowd().resize(size), np.random.default_rng(0)
    boxes = [(rng.uniform(-s/4, size[0]-s*3/4), rng.uniform(-s/4, size[1]-s*3/4), s) for s in rng.uniform(14, min(size), 6)]
    boxes += [(0, 0, min(size)), (*np.subtract(size, min(size)).tolist(), min(size))]
    theirs = page.evaluate('''async ([data, boxes]) => {
        const {cut, readPicture} = await import('./assets/try/fer.js'), pic = await readPicture(await (await fetch(`data:image/png;base64,${data}`)).blob())
        return boxes.map(([x, y, side]) => Array.from(cut(pic, {x, y, side}))) }''', [b64(np.frombuffer(png(img), np.uint8)), boxes])
    ours = [crop(np.asarray(img), (x, y, s, s)) for x,y,s in boxes]
    apart = np.abs(np.array(theirs).reshape(-1,48,48)-np.array(ours, int)).max()
    assert apart<=1

# What a visitor does

def test_opens_with_an_answer(page, predictor):
    assert answer(page) in [*VOCAB, 'not sure']
    assert 95<=sum(bars(page))<=105 and page.locator('.try-name').all_inner_texts()==VOCAB
    assert 'ms' in page.locator('#try-time').inner_text()
    assert f"{100*predictor.card['metrics']['test']['accuracy']:.1f} %" in page.locator('#try-card').inner_text()

def test_sample(page):
    sample = page.get_by_role('button', name='A face drawn as surprise').first
    page.get_by_role('slider', name='not sure').fill('0')
    changed(page, sample.click)
    assert sample.get_attribute('aria-pressed')=='true'
    page.wait_for_function('([name, p]) => document.querySelector("#try-said").textContent.includes(`${name}, ${p} %`)',
                           arg=[answer(page), int(max(bars(page)))]) # what a screen reader hears

def test_file(page, predictor):
    "A face of 48 px goes to the model as it is"
    face = synth.faces(7, seed=12, cache=False).imgs[3]
    theirs = put(page, Image.fromarray(face), name='my face.png')
    assert np.abs(np.array(theirs)-100*predictor.probs(face[None])[0]).max()<=1
    assert page.get_by_role('img', name='my face.png').count()

def test_faces_found(page):
    "In a picture with three faces the largest is read, boxed as in Python, and the others can be chosen"
    put(page, crowd())
    assert page.locator('#try-found').inner_text()=='3 faces found: choose one.'
    x, side = page.evaluate('() => ["left", "width"].map(o => parseFloat(document.querySelector("#try-box").style[o])*6.4)')
    x0, _, side0, _ = find_faces_cascade(np.asarray(crowd()))[0]
    assert abs(x-x0)<.1*side0 and abs(side-side0)<.1*side0 # as Python's detector, which is the same cascade
    changed(page, page.get_by_role('button', name='Face 3 of 3').click)

def test_small_face(page):
    "A face of 6 % of the long side: found by the page as by Python, in the same place"
    img = Image.new('RGB', (1600,1200), '#7d838c')
    img.paste(synth.draw('happy', 96, seed=3, color=True), (700,500))
    img.paste(synth.draw('neutral', 300, seed=5, color=True), (1200,200))
    ours = find_faces_cascade(np.asarray(img))
    put(page, img)
    theirs = page.evaluate("""() => [...document.querySelectorAll('.try-face')].map(o => ['left', 'top', 'width'].map(k => parseFloat(o.style[k])/100))""")
    theirs = np.array(theirs)*[1600, 1200, 1600]
    assert len(ours)==len(theirs)==2
    assert np.abs(theirs-ours[:,:3]).max()<.1*ours[:,2].max() and ours[1,2]<.075*1600

def test_no_face(page):
    "A picture without a face gets no answer: a dash, no bars, and a button that takes the middle as a face"
    page.locator('#try-file').set_input_files(file(png(Image.effect_noise((320,240), 60).convert('RGB')), name='cup.png'))
    page.get_by_text('No face found, so no answer.').wait_for()
    assert answer(page)=='–' and set(page.locator('.try-percent').all_inner_texts())=={'–'}
    assert page.locator('#try-box').is_hidden()
    changed(page, page.get_by_role('button', name='Take the middle as a face').click)
    page.get_by_text('The middle, taken as a face.').wait_for()
    assert 95<=sum(bars(page))<=105 and page.locator('#try-middle').is_hidden()

def test_mouse(page):
    "The box is dragged, and sized by a corner"
    changed(page, lambda: page.get_by_role('button', name='Several drawn faces').first.click())
    box = page.locator('#try-box')
    box.scroll_into_view_if_needed()
    r = box.bounding_box()
    def drag(x, y, dx, dy):
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x+dx, y+dy, steps=4)
        page.mouse.up()
    changed(page, lambda: drag(r['x']+r['width']/2, r['y']+r['height']/2, 60, 30))
    moved = box.bounding_box()
    assert abs(moved['x']-r['x']-60)<2 and abs(moved['y']-r['y']-30)<2 and abs(moved['width']-r['width'])<1
    changed(page, lambda: drag(moved['x']+5, moved['y']+5, 40, 40))
    sized = box.bounding_box()
    assert abs(sized['width']-moved['width']+40)<2 and abs(sized['x']+sized['width']-moved['x']-moved['width'])<2

def test_keyboard(page):
    "Samples, box and threshold without a mouse"
    page.get_by_role('button', name='A face drawn as sad').first.focus()
    changed(page, lambda: page.keyboard.press('Enter'))
    box = page.get_by_role('slider', name='Crop box')
    box.focus()
    whole = box.get_attribute('aria-valuetext')
    changed(page, lambda: [page.keyboard.press('-') for _ in range(9)])
    smaller = box.get_attribute('aria-valuetext')
    changed(page, lambda: [page.keyboard.press(o) for o in ('ArrowDown', 'Shift+ArrowLeft')])
    assert len({whole, smaller, box.get_attribute('aria-valuetext')})==3
    changed(page, lambda: page.keyboard.press('Home'))
    assert box.get_attribute('aria-valuetext')==whole

def test_not_sure(page):
    least = page.get_by_role('slider', name='not sure')
    for key,sure in ('Home', True), ('End', max(bars(page))>=95):
        least.press(key)
        assert (answer(page)!='not sure')==sure
    least.fill('50')

def test_paste_and_drop(page):
    give = '''([kind, data]) => {
        const d = new DataTransfer(), bytes = Uint8Array.from(atob(data), o => o.charCodeAt(0))
        if (data) d.items.add(new File([bytes], `${kind}.png`, {type: 'image/png'}))
        document.body.dispatchEvent(kind=='drop' ? new DragEvent('drop', {dataTransfer: d, bubbles: true, cancelable: true})
          : new ClipboardEvent('paste', {clipboardData: d, bubbles: true})) }'''
    for i,kind in enumerate(['paste', 'drop']):
        changed(page, lambda: page.evaluate(give, [kind, b64(np.frombuffer(png(synth.draw(VOCAB[i], 48, seed=80+i)), np.uint8))]))
        assert page.get_by_role('img', name=f'{kind}.png').count()
    page.evaluate(give, ['drop', ''])
    assert 'fetches nothing' in problem(page)

@pytest.mark.parametrize('data, words', [(b'', 'empty file'), (b'not a picture', 'cannot read'), (png(crowd())[:900], 'cannot read')],
                         ids=['empty', 'text', 'cut short'])
def test_no_picture(page, data, words):
    "It says so in words, and goes on"
    page.locator('#try-file').set_input_files(file(data, name='holiday.jpg', mime='image/jpeg'))
    page.get_by_role('alert').filter(has_text='holiday.jpg').wait_for()
    assert words in problem(page)
    assert answer(page)=='–' and page.locator('#try-box').is_hidden() # the old answer is gone
    put(page, synth.draw('fear', 48, seed=len(data)))
    assert page.locator('#try-problem').is_hidden()

# What leaves: nothing

def test_offline(page):
    "After it has loaded, the network may go. Nothing is asked for meanwhile: the page fixture sees to it"
    page.context.set_offline(True)
    for name in ('A face drawn as happy', 'A face drawn as fear', 'Several drawn faces'): changed(page, page.get_by_role('button', name=name).last.click)
    put(page, crowd())
    page.context.set_offline(False)

def test_may_not_send(page):
    "Not only does it send nothing: the browser would not let it"
    send = lambda o: page.evaluate('url => fetch(url, {method: "POST", body: "face"}).then(() => "sent", e => "refused")', o)
    assert send('https://127.0.0.1:1/')=='refused'
    assert any('Content Security Policy' in o for o in page.said)
    page.said.clear(), page.asked.clear(), page.sent.clear()

# The webcam

def test_webcam(camera, url):
    "Refused, then allowed: it finds the face, follows it as it changes, and lets go of the webcam"
    page = open_page(camera, url)
    page.get_by_role('button', name='Use the webcam').click()
    page.get_by_role('alert').filter(has_text='refused').wait_for()
    page.context.grant_permissions(['camera'])
    page.context.set_offline(True)
    page.get_by_role('button', name='Use the webcam').click()
    page.get_by_role('checkbox', name='Follow the face').wait_for()
    # the face is on the right, and this is a mirror
    page.wait_for_function('() => { const x = parseFloat(document.querySelector("#try-box").style.left); return x>5 && x<30 }')
    page.wait_for_function('() => (window.seen ||= new Set()).add(document.querySelector("#try-bars").innerText).size>=2')
    page.get_by_role('button', name='Stop the webcam').click()
    page.get_by_role('button', name='Use the webcam').wait_for()
    page.wait_for_timeout(300)
    still = bars(page)
    page.wait_for_timeout(1200)
    assert bars(page)==still and not page.sent and not page.said and not page.asked
    page.context.close()

# Where it runs

def test_phone(browser, url):
    "All of it within 390 px, by touch"
    page = open_page(browser, url, viewport=PHONE, has_touch=True, is_mobile=True)
    assert page.evaluate(WIDE)==0
    changed(page, page.get_by_role('button', name='Several drawn faces').first.tap)
    assert page.evaluate(WIDE)==0
    assert page.locator('#try-answer').bounding_box()['y']<PHONE['height']
    assert all(o['width']>=44 and o['height']>=44 for o in map(lambda o: o.bounding_box(), page.locator('.try-samples button').all()))
    assert all(o['width']>=24 and o['height']>=24 for o in map(lambda o: o.bounding_box(), page.locator('.try button:visible, .try label.try-button').all()))
    changed(page, page.get_by_role('button', name='Face 2 of').tap)
    page.context.close()

@pytest.mark.parametrize('break_it, words', [('delete window.WebAssembly', 'WebAssembly'),
                                             ('delete window.DecompressionStream', 'Any current browser can')], ids=['no wasm', 'an old browser'])
def test_cannot_run(browser, url, break_it, words):
    page = browser.new_page()
    page.add_init_script(break_it)
    page.goto(url+'try.html')
    page.get_by_role('alert').filter(has_text=words).wait_for()
    page.close()

def test_model_missing(browser, url):
    page = browser.new_page()
    page.route('**/small.onnx*', lambda r: r.fulfill(status=404))
    page.goto(url+'try.html')
    page.get_by_role('alert').filter(has_text='The model is not where it should be').wait_for()
    page.close()

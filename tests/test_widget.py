"The prediction widget in Voilà and in JupyterLab, driven in a headless Chromium with a camera that shows a drawn face"
import json, subprocess, sys, time
from base64 import b64encode
import psutil, pytest
from PIL import Image
from playwright.sync_api import expect
from conftest import CHROMIUM, ROOT, copy_tree
from tools.served import FLAGS, free_port, wait_for
from test_lab import AXE, a_model
from fer_course import synth
from fer_course.core.faceset import VOCAB
from fer_course.infer.predict import predict

CAMERA = '--use-fake-ui-for-media-stream --use-fake-device-for-media-stream'.split()
WAIT = 120_000 # milliseconds, for machines that do much else

def scene(path, *faces):
    "A picture of drawn faces on a wall, each `(expression, seed)`"
    wall = Image.new('RGB', (60+400*len(faces), 400), (138, 154, 168))
    for i,(expression,seed) in enumerate(faces): wall.paste(synth.draw(expression, 240, seed, color=True), (100+400*i, 80))
    wall.save(path, quality=95)
    return path

@pytest.fixture(scope='module')
def files(tmp_path_factory):
    "What a reader may open, and what a camera sees"
    d = tmp_path_factory.mktemp('pictures')
    scene(d/'two.jpg', ('happy', 0), ('surprise', 10))
    scene(d/'one.png', ('surprise', 10))
    (d/'words.png').write_text('These are words.')
    with (d/'huge.png').open('wb') as f: f.truncate(100_000_000)
    frame = Image.new('RGB', (640, 480), (200, 205, 210))
    frame.paste(synth.draw('happy', 320, 0, color=True), (160, 80))
    with (d/'camera.mjpeg').open('wb') as f:
        for _ in range(2): frame.save(f, 'jpeg', quality=92)
    return d

@pytest.fixture(scope='module')
def tree(tmp_path_factory):
    tree = copy_tree(tmp_path_factory.mktemp('widget'))
    a_model(tree/'models/synth/adam_pretrained/seed0')
    return tree

@pytest.fixture(scope='module')
def chromium(browser, files):
    b = browser.browser_type.launch(executable_path=CHROMIUM, args=[*FLAGS, *CAMERA, f'--use-file-for-fake-video-capture={files/"camera.mjpeg"}'])
    yield b
    b.close()

def voila(port): return ['voila', 'nbs/apps/predict.ipynb', '--no-browser', f'--port={port}'], ''

def lab(port):
    options = 'IdentityProvider.token= ServerApp.password= ServerApp.disable_check_xsrf=True LabApp.expose_app_in_browser=True'.split()
    return ['jupyterlab', '--no-browser', '--allow-root', f'--port={port}', *(f'--{o}' for o in options)], 'lab/tree/nbs/apps/predict.ipynb?reset'

def settings(home):
    "JupyterLab as its users have it at worst: the state of widgets is saved with the notebook"
    for name,values in {'@jupyter-widgets/jupyterlab-manager/plugin': dict(saveState=True),
                        '@jupyterlab/apputils-extension/notification': dict(fetchNews='false', checkForUpdates=False)}.items():
        fn = home/'settings'/f'{name}.jupyterlab-settings'
        fn.parent.mkdir(parents=True)
        fn.write_text(json.dumps(values))
    return dict(JUPYTERLAB_SETTINGS_DIR=str(home/'settings'), JUPYTERLAB_WORKSPACES_DIR=str(home/'workspaces'), JUPYTER_CONFIG_DIR=str(home/'config'))

@pytest.fixture(scope='module', params=[voila, lab], ids=['voila', 'lab'])
def page(request, chromium, tree, env, tmp_path_factory):
    "The app, opened by the command that the README names, or as a notebook in JupyterLab"
    home, port = tmp_path_factory.mktemp('jupyter'), free_port()
    (args, path), log = request.param(port), (home/'log').open('w')
    p = subprocess.Popen([sys.executable, '-m', *args], cwd=tree, env=dict(env, **settings(home), PYTHONPATH=str(tree), OMP_NUM_THREADS='1'),
                         stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_for(url := f'http://127.0.0.1:{port}/')
        page = chromium.new_page(viewport=dict(width=1200, height=900))
        page.set_default_timeout(WAIT)
        page.host, page.server, page.said = request.param.__name__, p, []
        page.on('pageerror', lambda e: page.said.append(str(e)))
        page.route(lambda o: not o.startswith((url, 'data:', 'blob:', 'ws:')), lambda r: r.fulfill(body=''))
        page.goto(url+path)
        if path:
            page.wait_for_function('window.jupyterapp?.shell.currentWidget?.context?.sessionContext?.session?.kernel?.status=="idle"')
            page.evaluate('jupyterapp.commands.execute("notebook:run-all-cells")')
        answered(page)
        yield page
        page.close()
    finally:
        kill_kernels(p)
        p.terminate()
        p.wait()
        log.close()

def kill_kernels(server): [o.kill() for o in psutil.Process(server.pid).children(recursive=True)]
def part(page, name): return page.locator(f'[data-x="{name}"]')
def bars(page): return [float(o.split()[0]) for o in page.locator('.fer-percent').all_inner_texts() if o!='–']
SAYS = 'words => [...document.querySelectorAll(".fer-percent")].map(o => o.textContent).join()==words'
def answered(page): page.wait_for_function('![null, undefined, "–"].includes(document.querySelector(".fer-answer")?.textContent)')
def problem(page, words): page.get_by_role('alert').filter(has_text=words).wait_for()

def upload(page, fn, words):
    part(page, 'file').set_input_files(fn)
    part(page, 'found').filter(has_text=words).wait_for()
    page.locator('.fer-widget:not([aria-busy])').wait_for() # Python has done with it

def changed(page, before):
    page.wait_for_function(f'was => !({SAYS})(was)', arg=before)

def texts(page): return ','.join(page.locator('.fer-percent').all_inner_texts())

def test_starts(page):
    "A drawn face, what the model says to it, and what it must not be used for"
    page.get_by_role('img', name='A drawn face that shows happy').wait_for()
    assert len(bars(page))==len(VOCAB) and 97<sum(bars(page))<103
    assert page.get_by_text('prohibited in the EU').is_visible()

def test_upload(page, files):
    "The answers are those of `predict`, and the boxes are buttons"
    upload(page, files/'two.jpg', '2 faces were found in two.jpg')
    boxes, said = page.get_by_role('button', name='of 2'), predict(files/'two.jpg')
    assert boxes.count()==2
    for i,o in said.iterrows():
        before = texts(page)
        boxes.nth(i).focus()
        page.keyboard.press('Enter')
        if i: changed(page, before)
        assert boxes.nth(i).get_attribute('aria-pressed')=='true'
        assert part(page, 'answer').inner_text()==o.expression
        assert max(abs(a-100*b) for a,b in zip(bars(page), o[VOCAB]))<1.1

def test_sliders(page):
    "By keyboard; what was said before stays as a mark, and comes back"
    before = texts(page)
    slider = page.get_by_label('shift to the right')
    slider.focus()
    for _ in range(14): page.keyboard.press('ArrowRight')
    changed(page, before)
    page.wait_for_function('!document.querySelector(".fer-tick").hidden')
    assert slider.get_attribute('aria-valuetext')=='+28 %'
    page.get_by_role('button', name='Put it back').click()
    page.wait_for_function(SAYS, arg=before)
    expect(page.locator('.fer-tick').first).to_be_hidden()
    expect(slider).to_have_value('0') # its message may come after the answer's

def test_not_sure(page):
    least = page.get_by_label('not sure')
    least.focus()
    page.keyboard.press('Home')
    page.wait_for_function('names => names.includes(document.querySelector(".fer-answer").textContent)', arg=VOCAB)

def test_where_it_looks(page):
    "Without a network of fer-train parts are covered, and it says so"
    look = page.get_by_label('Where it looks')
    assert look.locator('option', has_text='Grad-CAM').is_disabled()
    look.select_option('covering')
    part(page, 'looked').filter(has_text='covering this').wait_for()

def test_models(page):
    "Another model is opened, which is said while it lasts, and answers otherwise; Grad-CAM looks into it; all stand side by side"
    before = texts(page)
    page.get_by_label('Model', exact=True).select_option('synth · adam_pretrained')
    part(page, 'busy').filter(has_text='Opening synth · adam_pretrained').wait_for()
    changed(page, before)
    page.get_by_label('Where it looks').select_option('grad_cam')
    part(page, 'looked').filter(has_text='support').wait_for()
    page.get_by_label('Ask all 3 models').check()
    rows = page.get_by_role('region', name='All models').get_by_role('row')
    rows.nth(3).wait_for()
    assert [o.split('\t')[0].strip() for o in rows.all_inner_texts()]==['model', 'shipped with fer_course', 'shipped with fer_course, small',
                                                                        'synth · adam_pretrained']
    page.get_by_label('Ask all 3 models').uncheck()
    rows.first.wait_for(state='detached')
    page.get_by_label('Where it looks').select_option('nothing')
    page.get_by_label('Model', exact=True).select_option('shipped with fer_course')
    page.wait_for_function(SAYS, arg=before)

def test_bad_files(page, files):
    "Answered in words, and the picture before stays"
    upload(page, files/'one.png', 'One face was found in one.png')
    before = texts(page)
    for fn,words in [('words.png', 'words.png cannot be read as a picture'), ('huge.png', 'huge.png has 100 MB')]:
        part(page, 'file').set_input_files(files/fn)
        problem(page, words)
    assert texts(page)==before and part(page, 'busy').inner_text()==''

DROP = '''([a, b]) => {
  const o = new DataTransfer()
  for (const [name, text] of [a, b]) o.items.add(new File([Uint8Array.from(atob(text), c => c.charCodeAt(0))], name))
  document.querySelector(".fer-widget").dispatchEvent(new DragEvent("drop", {dataTransfer: o, bubbles: true, cancelable: true}))
}'''

def test_two_at_once(page, files):
    "Of two that are dropped the first is read; of two that follow each other the second stays"
    data = [(fn, b64encode((files/fn).read_bytes()).decode()) for fn in ('two.jpg', 'one.png')]
    page.evaluate(DROP, data)
    problem(page, 'One picture at a time: two.jpg is read, one.png is not')
    part(page, 'found').filter(has_text='2 faces were found in two.jpg').wait_for()
    for fn in ('two.jpg', 'one.png'): part(page, 'file').set_input_files(files/fn)
    part(page, 'found').filter(has_text='One face was found in one.png').wait_for()
    time.sleep(1)
    assert 'one.png' in part(page, 'found').inner_text()

def test_saved_notebook(page, files, tree):
    "Voilà leaves the notebook as it is; JupyterLab saves it, the state of widgets and all, while a picture of the reader's is shown"
    fn = tree/'nbs/apps/predict.ipynb'
    before = fn.read_text(encoding='utf-8')
    upload(page, files/'two.jpg', 'two.jpg')
    if page.host=='voila':
        assert fn.read_text(encoding='utf-8')==before
        return
    page.evaluate('jupyterapp.commands.execute("docmanager:save")')
    for _ in range(240):
        saved = fn.read_text(encoding='utf-8')
        if 'widget-state' in saved: break
        time.sleep(.25)
    states = json.loads(saved)['metadata']['widgets']['application/vnd.jupyter.widget-state+json']['state']
    assert any('PredictWidget' in o['state'].get('_anywidget_id', '') for o in states.values()) # it is there, without a picture
    assert not [k for o in states.values() for k,v in o['state'].items() if k not in ('_esm', '_css') and len(str(v))>2000]
    assert not any('buffers' in o for o in states.values())
    data = (files/'two.jpg').read_bytes()
    assert b64encode(data[600:900]).decode() not in saved and 'two.jpg' not in saved

def test_camera(page):
    "The face before the camera is read while it moves; the last picture stays when it is stopped, and goes when it is cleared"
    page.get_by_role('button', name='Camera').click()
    part(page, 'found').filter(has_text='One face was found in the camera').wait_for()
    answered(page)
    shots = '() => new Promise(r => new MutationObserver(() => r(true)).observe(document.querySelector("[data-x=svg]"), {childList: true}))'
    assert page.evaluate(shots) and page.evaluate(shots) # pictures go on coming
    assert 97<sum(bars(page))<103
    page.get_by_role('button', name='Stop the camera').click()
    part(page, 'video').wait_for(state='hidden')
    page.get_by_label('blur').focus()
    page.keyboard.press('End')
    page.wait_for_function('!document.querySelector(".fer-tick").hidden')

def test_clear(page):
    page.get_by_role('button', name='Clear').click()
    page.get_by_text('No picture.').wait_for()
    assert bars(page)==[] and part(page, 'answer').inner_text()=='–'
    assert page.evaluate('document.querySelector("[data-x=canvas]").width')==0
    page.get_by_role('button', name='Another face').click()
    page.get_by_role('img', name='A drawn face that shows happy').wait_for()
    answered(page)

def test_camera_refused(page):
    page.evaluate('() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", "NotAllowedError")) }')
    page.get_by_role('button', name='Camera').click()
    problem(page, 'The camera was refused')
    assert bars(page)

def test_accessible(page):
    "axe-core finds nothing serious"
    page.evaluate(AXE)
    found = page.evaluate('''async () => (await axe.run(document.querySelector('.fer-widget'), {resultTypes: ['violations']}))
      .violations.filter(o => ['serious', 'critical'].includes(o.impact)).map(o => `${o.id}: ${o.nodes[0].target}`)''')
    assert not found

def test_phone(page):
    "Nothing is too wide for a phone"
    if page.host=='lab': page.evaluate('jupyterapp.commands.execute("application:toggle-left-area")') # else its file browser fills the phone
    page.set_viewport_size(dict(width=390, height=844))
    page.wait_for_function('document.querySelector(".fer-widget").clientWidth<390')
    wide = page.evaluate('''() => { const w = document.querySelector(".fer-widget"), r = w.getBoundingClientRect().right+1
      return [...w.querySelectorAll("*")].filter(o => !o.closest(".fer-scroll, svg") && o.getBoundingClientRect().right>r)
        .map(o => o.outerHTML.slice(0, 80)) }''')
    page.set_viewport_size(dict(width=1200, height=900))
    assert not wide

def test_kernel_dies(page):
    "The page stays, says what happened, and forgets the picture when asked; JupyterLab starts another Python, in which the cells run again"
    assert not page.said
    kill_kernels(page.server)
    if page.host=='lab':
        page.get_by_role('button', name='Ok').click() # to what JupyterLab says of it
        page.wait_for_function('jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.status=="idle"')
        page.evaluate('jupyterapp.commands.execute("notebook:run-all-cells")')
        return answered(page)
    page.get_by_role('button', name='Another face').click()
    problem(page, 'Python')
    page.get_by_role('button', name='Clear').click()
    page.get_by_text('No picture.').wait_for()

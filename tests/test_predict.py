"Whatever is given as a picture or as a model: it is answered, or refused in one line; nothing crashes, hangs, or is quietly something else"
import io, json, os, pickle, random, re, resource, shutil, struct, subprocess, sys, time, zipfile, zlib
from pathlib import Path
import numpy as np
import pandas as pd
import psutil
import pytest
from PIL import Image
from conftest import script
from fer_course import synth
from fer_course.nets.card import digest, read_card
from fer_course.core.errors import InputError
from fer_course.core.faceset import VOCAB
from fer_course.infer.predict import predict_each, iter_pictures, predict, read_picture
from fer_course.nets.card import SHIPPED
from fer_course.nets.predictor import load_predictor

@pytest.fixture(scope='module')
def predictor(): return load_predictor()

@pytest.fixture(scope='module')
def scene():
    "A drawn face in front of a wall, in colour"
    img = Image.new('RGB', (400,300), (110,120,130))
    img.paste(synth.draw('happy', size=160, color=True), (150,70))
    return img

def file_of(img, fmt, **kwargs):
    img.save(f := io.BytesIO(), fmt, **kwargs)
    return f.getvalue()

def exif(orientation):
    res = Image.Exif()
    res[0x0112] = orientation
    return res

# Pictures that are answered

@pytest.fixture(scope='module')
def seen(scene, predictor): return predict(scene, predictor)

def test_found(seen):
    "About where it was put; the probabilities sum to one"
    assert len(seen)==1
    assert abs(seen.loc[0, ['x','y','w','h']].to_numpy(float)-[150,70,160,160]).max()<30
    assert abs(seen[VOCAB].sum(axis=1)[0]-1)<1e-5

AGAIN = {
    'path with spaces and umlauts.png': lambda img: file_of(img, 'PNG'),
    'grey.png':       lambda img: file_of(img.convert('L'), 'PNG'),
    '16bit.png':      lambda img: file_of(Image.fromarray(np.array(img.convert('L')).astype(np.uint16)*257), 'PNG'),
    'cmyk.jpg':       lambda img: file_of(img.convert('CMYK'), 'JPEG', quality=95),
    'alpha.png':      lambda img: file_of(img.convert('RGBA'), 'PNG'),
    'palette.gif':    lambda img: file_of(img, 'GIF'),
    'animated.gif':   lambda img: file_of(img, 'GIF', save_all=True, append_images=[Image.new('RGB', img.size)]*3),
    'on its side.jpg':lambda img: file_of(img.transpose(Image.Transpose.ROTATE_90), 'JPEG', quality=95, exif=exif(6)),
    'wrong ending.txt': lambda img: file_of(img, 'WEBP', quality=95),
    'two pages.tif':  lambda img: file_of(img, 'TIFF', save_all=True, append_images=[Image.new('RGB', img.size)]),
}

@pytest.mark.parametrize('name', AGAIN)
def test_same_picture(name, scene, seen, predictor, tmp_path):
    "The same scene in any wrapping has the same face, and the same is read in it"
    path = tmp_path/('Fühle dich wohl' if 'umlauts' in name else '')/name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(AGAIN[name](scene))
    df = predict(path, predictor)
    assert len(df)==1 and df.picture[0]==str(path)
    assert abs(df.loc[0, ['x','y','w','h']].to_numpy(float)-seen.loc[0, ['x','y','w','h']].to_numpy(float)).max()<=8
    assert abs(df[VOCAB].to_numpy()-seen[VOCAB].to_numpy()).max()<.25
    for o in (path.read_bytes(), Image.open(path), str(path)): assert len(predict(o, predictor))==1

def test_array(scene, seen, predictor):
    for o in (np.array(scene), np.array(scene)/255, np.moveaxis(np.array(scene), -1, 0)):
        assert abs(predict(o, predictor)[VOCAB].to_numpy()-seen[VOCAB].to_numpy()).max()<1e-4

def test_no_face(predictor, tmp_path):
    "An answer, with the same columns"
    Image.new('L', (1,1)).save(tmp_path/'one pixel.png')
    for o in (tmp_path/'one pixel.png', Image.new('RGB', (640,480), 'teal'), np.random.default_rng(0).integers(0, 256, (300,300), dtype=np.uint8),
              Image.new('L', (5000,3))):
        df = predict(o, predictor)
        assert len(df)==1 and df.face.isna().all()
        assert list(df.columns)==['picture', 'frame', 'seconds', 'track', 'face', 'x', 'y', 'w', 'h', 'expression', 'confidence', *VOCAB]

def test_at_the_edge(predictor):
    "A face that touches the border, on each side"
    face = np.array(synth.draw('neutral', size=160, seed=3))
    for t,b,l,r in ((0,120,60,60), (120,0,60,60), (60,60,0,120), (60,60,120,0), (0,0,0,0)):
        df = predict(np.pad(face, ((t,b), (l,r)), constant_values=120), predictor)
        assert len(df)==1, (t,b,l,r)

def test_many_faces(predictor):
    wall = np.full((480,640), 120, np.uint8)
    for i in range(6): wall[30+220*(i//3):190+220*(i//3), 30+210*(i%3):190+210*(i%3)] = np.array(synth.draw(VOCAB[i], size=160, seed=i))
    df = predict(wall, predictor)
    assert len(df)>=5 and df.face.tolist()==list(range(1, len(df)+1))

def test_large(predictor, scene):
    "24 megapixels, in a few seconds, with the box in pixels of the picture itself"
    img, began = scene.resize((5600,4200)), time.process_time()
    df = predict(img, predictor)
    assert len(df)==1 and abs(df.loc[0, ['x','y','w']].to_numpy(float)/14-[150,70,160]).max()<30
    assert time.process_time()-began<10

def test_face_crops(predictor):
    "A picture of 48 px is a face, and reaches the model as it is"
    faces = synth.faces(100, seed=8, cache=False).imgs
    df = predict([*faces], predictor)
    assert abs(df[VOCAB].to_numpy()-predictor.probs(faces)).max()<1e-5
    assert set(df.expression)<={*VOCAB, 'not sure'} and ((df.expression=='not sure')==(df.confidence<.5)).all()

def test_moving_pictures(scene, env, tmp_path):
    "A video is one whatever its suffix; of an animation it is said that only its first frame is used"
    import cv2
    v = cv2.VideoWriter(str(tmp_path/'a.mp4'), cv2.VideoWriter_fourcc(*'mp4v'), 25, scene.size)
    for i in range(50): v.write(np.asarray(scene)[...,::-1])
    v.release()
    (tmp_path/'a.mp4').rename(tmp_path/'a.jpg')
    scene.save(tmp_path/'b.gif', save_all=True, append_images=[scene.rotate(9)])
    p = subprocess.run([script('fer-predict'), 'a.jpg', 'b.gif', '--model', 'small'], cwd=tmp_path, env=env, capture_output=True, text=True)
    lines = p.stdout.splitlines()
    assert p.returncode==0 and [o.split(':')[0] for o in lines[:3]]==['a.jpg 0.0 s', 'a.jpg 1.0 s', 'b.gif'], p.stderr
    assert lines[-1].startswith('Of 1 animation only the first frame is used, such as b.gif')

# Pictures that are refused

def png_of(w, h):
    "The start of a PNG of any size: all white, and not all there"
    chunk = lambda k,data: struct.pack('>I', len(data)) + k + data + struct.pack('>I', zlib.crc32(k+data))
    chunks = (b'IHDR', struct.pack('>IIBBBBB', w, h, 1, 0, 0, 0, 0)), (b'IDAT', zlib.compress(bytes(10_000_000))), (b'IEND', b'')
    return b'\x89PNG\r\n\x1a\n' + b''.join(chunk(*o) for o in chunks)

def jpeg_of(img, w, h):
    data = file_of(img, 'JPEG')
    i = data.index(b'\xff\xc0')
    return data[:i+5] + struct.pack('>HH', h, w) + data[i+9:]

REFUSED = {
    'text.jpg':      (lambda img: b'Dear diary, today nobody looked at the camera.', 'not a picture in a known format'),
    'nothing.png':   (lambda img: b'', 'empty file'),
    'half.jpg':      (lambda img: file_of(img, 'JPEG')[:3000], 'runcated'),
    'half.png':      (lambda img: file_of(img, 'PNG')[:3000], 'runcated'),
    'half.gif':      (lambda img: file_of(img, 'GIF')[:3000], None),
    'half.webp':     (lambda img: file_of(img, 'WEBP')[:1000], None),
    'bomb.png':      (lambda img: png_of(50_000, 50_000), None),
    'bomb.jpg':      (lambda img: jpeg_of(img, 50_000, 50_000), None),
    'phone.heic':    (lambda img: b'\0\0\0\x18ftypheic' + bytes(1000), 'HEIC'),
    'script.ps':     (lambda img: b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n', 'not a picture in a known format'),
    'zeros.bmp':     (lambda img: bytes(10_000), None),
    'drawing.svg':   (lambda img: b'<svg xmlns="http://www.w3.org/2000/svg"/>', 'an SVG drawing'),
    'page.jpg':      (lambda img: b'<!DOCTYPE html><html>', 'a web page'),
    'pointer.png':   (lambda img: b'version https://git-lfs.github.com/spec/v1', 'git lfs pull'),
    'text.mp4':      (lambda img: b'not a video', 'as a video'),
    'list.mp4':      (lambda img: b'#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n', 'as a video'),
}

def bad_files(folder, scene):
    "All of the above, and what only a file system can think of"
    for name,(make,_) in REFUSED.items(): (folder/name).write_bytes(make(scene))
    (folder/'folder.jpg').mkdir()
    (folder/'loop.jpg').symlink_to(folder/'loop.jpg')
    (folder/'gone.jpg').symlink_to(folder/'was here once.jpg')
    os.mkfifo(folder/'pipe.jpg')
    return [*(folder/o for o in (*REFUSED, 'folder.jpg', 'loop.jpg', 'gone.jpg', 'pipe.jpg')), folder/'never there.jpg', folder/('x'*300+'.png')]

@pytest.mark.parametrize('name', REFUSED)
def test_refused(name, scene, predictor, tmp_path):
    make, what = REFUSED[name]
    (tmp_path/name).write_bytes(make(scene))
    began, before = time.process_time(), psutil.Process().memory_info().rss
    with pytest.raises(InputError, match=what) as e: predict(tmp_path/name, predictor)
    assert name in str(e.value) and len(str(e.value).splitlines())==1
    assert time.process_time()-began<3 and psutil.Process().memory_info().rss-before<200e6

def test_all_refused_at_once(scene, env, tmp_path):
    "Every one has a line that names it, and no other line is printed"
    (tmp_path/'d').mkdir()
    bad = bad_files(tmp_path/'d', scene)
    p = subprocess.run([script('fer-predict'), *bad], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
    lines = p.stderr.splitlines()
    assert p.returncode==2 and p.stdout=='' and lines[-1]==f'error: {len(bad)} of {len(bad)} pictures cannot be read'
    assert len(lines)==len(bad)+1 and all(str(o) in line for o,line in zip(bad, lines)), p.stderr

def test_strange_names(predictor, scene, env, tmp_path):
    "Bytes that are no UTF-8, a line break, a leading dash: answered, printed, written"
    names = [b'two\nlines.png', b'-x.png', b'=1+1.png'] + [b'caf\xe9.png']*(sys.platform=='linux') # elsewhere names must be UTF-8
    for o in names: scene.save(os.fsdecode(os.fsencode(tmp_path)+b'/'+o))
    p = subprocess.run([script('fer-predict'), '.', '--csv', 'out.csv', '--overlay', 'seen'], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert p.returncode==2 and '--overlay another folder' in p.stderr
    p = subprocess.run([script('fer-predict'), str(tmp_path), '--csv', 'out.csv', '--overlay', tmp_path.parent/f'{tmp_path.name}-seen'], cwd=tmp_path,
                       env=env, capture_output=True, text=True)
    assert p.returncode==0, p.stderr
    assert len(pd.read_csv(tmp_path/'out.csv'))==len(names)==len([*(tmp_path.parent/f'{tmp_path.name}-seen').iterdir()])

def test_vanishing_file(scene, tmp_path):
    "Gone between being listed and being read"
    for i in range(3): scene.save(tmp_path/f'{i}.png')
    it = iter_pictures(tmp_path)
    next(it)
    (tmp_path/'1.png').unlink()
    assert [type(o.img).__name__ for o in it]==['InputError', 'ndarray']

def test_addresses():
    "Nothing is fetched unless asked for"
    with pytest.raises(InputError, match='only downloaded with url=True'): read_picture('https://example.org/face.jpg')
    with pytest.raises(InputError, match='cannot be downloaded'): read_picture('http://127.0.0.1:9/face.jpg', url=True)

ODD = { # What else lies in people's folders; what is said of it, if it is named
    'a.jfif': lambda o: file_of(o, 'JPEG'), 'B.JPG': lambda o: file_of(o, 'JPEG'), 'no suffix': lambda o: file_of(o, 'PNG'),
    'screenshot.webp': lambda o: file_of(o, 'WEBP'), 'named.wrong': lambda o: file_of(o, 'TIFF'), 'picture.mp4': lambda o: file_of(o, 'PNG')}
BROKEN = {'phone.heic': 'HEIC', 'IMG_2.HEIC': 'HEIC', 'empty.png': 'empty file', 'half.png': 'runcated', 'words.jpg': 'not a picture'}
PASSED = ['notes.txt', 'labels.csv', '.DS_Store', '._a.jpg', '.thumbnails/a.png', 'backup.zip']

def test_two_thousand(env, tmp_path):
    "A folder of 2,000 pictures with odd ones among them: a row or a named reason for each, and a number for what is passed over"
    d, faces = tmp_path/'faces', [Image.fromarray(o) for o in synth.faces(100, cache=False, seed=9).imgs]
    (d/'.thumbnails').mkdir(parents=True)
    (d/'2nd/inner').mkdir(parents=True)
    n = 2000-len(ODD)-len(BROKEN)
    data = [file_of(o, 'PNG', compress_level=1) for o in faces]
    for i in range(n): (d/('2nd/inner' if i%2 else '2nd')/f'{i:04}.png').write_bytes(data[i%100])
    for name,make in ODD.items(): (d/name).write_bytes(make(faces[0]))
    for name in BROKEN:
        (d/name).write_bytes({'empty.png': b'', 'half.png': data[0][:700], 'words.jpg': b'no picture'}.get(name, b'\0\0\0\x18ftypheic'+bytes(99)))
    for name in PASSED: (d/name).write_bytes(b'a,b')
    p = subprocess.run([script('fer-predict'), 'faces', '--csv', 'out.csv', '--model', 'small'], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert p.returncode==2
    df, *said = pd.read_csv(tmp_path/'out.csv'), *p.stdout.splitlines()[-2:]
    assert len(df)==n+len(ODD)==len(p.stdout.splitlines())-2 and df.picture.is_unique and df.face.notna().all()
    assert set(ODD)<={Path(o).name for o in df.picture}
    assert said[0].startswith(f'{n+len(ODD):,} pictures, {n+len(ODD):,} faces: ')
    assert said[1]=='Skipped (neither pictures nor videos): 3 hidden, 1 .csv, 1 .txt, 1 .zip'
    lines = p.stderr.splitlines()
    assert lines[-1]=='error: 5 of 2,000 pictures cannot be read' and len(lines)==6
    for name,why in BROKEN.items(): assert any(name in o and why in o for o in lines), name

# Model files

@pytest.fixture(scope='module')
def small(tmp_path_factory):
    "A small network, never trained, for PyTorch and as ONNX; path without ending and a function that opens it, by ending"
    import torch
    from fer_course.infer.export import export_onnx
    from fer_course.nets.model import fer_model
    from fer_course.nets.modelfile import load_network, save_network
    d = tmp_path_factory.mktemp('small')
    torch.manual_seed(0)
    save_network(fer_model('test_efficientnet', pretrained=False), d/'net', arch='test_efficientnet', vocab=VOCAB, size=48, face_size=48, channels=3,
                 stats=(.5,.5))
    export_onnx(d/'net', faces=synth.faces(20, cache=False))
    return {'.safetensors': (d/'net', load_network), '.onnx': (d/'net-fp32', load_predictor)}

def copied(src, ending, to):
    "A copy to be tampered with"
    for o in (ending, '.json'): shutil.copy(src.with_name(src.name+o), to/f'bad{o}')
    return to/f'bad{ending}', to/'bad.json'

def sign(weights, card): card.write_text(json.dumps(dict(o := json.loads(card.read_text()), sha256=digest(weights.read_bytes(), o))))

by_ending = pytest.mark.parametrize('ending', ['.safetensors', '.onnx'])

class Spy:
    "Opening the pickle of one writes a file"
    def __init__(self, path): self.path = path
    def __reduce__(self): return Path.write_text, (self.path, 'code was run')

def a_pickle(tmp): return pickle.dumps(Spy(tmp/'spy'))

def a_zip(tmp):
    with zipfile.ZipFile(f := io.BytesIO(), 'w', zipfile.ZIP_DEFLATED) as z: z.writestr('archive/data.pkl', bytes(200_000_000))
    return f.getvalue()

def changed(**what): return lambda weights,card,tmp: card.write_text(json.dumps({**json.loads(card.read_text()), **what}))
def replaced(make): return lambda weights,card,tmp: weights.write_bytes(make(tmp))
def signed(f):
    def _f(weights, card, tmp):
        f(weights, card, tmp)
        sign(weights, card)
    return _f

TAMPERED = {
    'wrong checksum':    (changed(sha256='0'*64), 'checksum differs'),
    'swapped vocabulary':(changed(vocab=[*VOCAB[1::-1], *VOCAB[2:]]), 'from a to z'),
    'swapped vocabulary, signed': (signed(changed(vocab=[*VOCAB[1::-1], *VOCAB[2:]])), 'from a to z'),
    'other vocabulary':  (changed(vocab=[*VOCAB[:6], 'worry']), 'checksum differs'),
    'fewer classes, signed': (signed(changed(vocab=VOCAB[:5])), None),
    'unknown version':   (signed(changed(format='fer_course model 2')), 'update fer_course'),
    'other size':        (changed(face_size=47), 'checksum differs'),
    'other temperature': (changed(temperature=3.), 'checksum differs'),
    'mirror images':     (changed(tta=True), 'checksum differs'),
    'pickle':            (replaced(a_pickle), 'checksum differs'),
    'pickle, signed':    (signed(replaced(a_pickle)), None),
    'zip bomb, signed':  (signed(replaced(a_zip)), None),
    'empty, signed':     (signed(replaced(lambda tmp: b'')), None),
    'a name that leads away, signed': (signed(changed(arch='../../etc/passwd')), '../../etc/passwd'),
    'card cut short':    (lambda w,c,t: c.write_bytes(c.read_bytes()[:200]), 'no model card|not a model card'),
    'card of brackets':  (lambda w,c,t: c.write_text('['*100_000), 'not a model card'),
    'weights gone':      (lambda w,c,t: w.unlink(), 'missing'),
}

# an ONNX model is not built from its card, so no name in it leads anywhere
@pytest.mark.parametrize('what, ending', [(o, e) for o in TAMPERED for e in ('.safetensors', '.onnx') if not (o.startswith('a name') and e=='.onnx')])
def test_tampered(what, ending, small, tmp_path):
    "Refused in a line that names the file, with no code run and no memory filled"
    path, opened = small[ending]
    weights, card = copied(path, ending, tmp_path)
    spoil, says = TAMPERED[what]
    spoil(weights, card, tmp_path)
    before = psutil.Process().memory_info().rss
    with pytest.raises((InputError, FileNotFoundError), match=says) as e: opened(card)
    assert len(str(e.value).splitlines())==1
    assert not (tmp_path/'spy').exists()
    assert psutil.Process().memory_info().rss-before<100e6

def test_weights_elsewhere(small, tmp_path, monkeypatch):
    "An ONNX model whose weights lie in another file, which no checksum covers"
    import onnx
    weights, card = copied(*[small['.onnx'][0], '.onnx'], tmp_path)
    for where in ('beside.bin', '../away.bin'):
        m = onnx.load(small['.onnx'][0].with_name('net-fp32.onnx'))
        t = max(m.graph.initializer, key=lambda o: len(o.raw_data))
        (tmp_path/where).write_bytes(t.raw_data)
        t.ClearField('raw_data')
        t.data_location = onnx.TensorProto.EXTERNAL
        t.external_data.add(key='location', value=where)
        weights.write_bytes(m.SerializeToString())
        sign(weights, card)
        monkeypatch.chdir(tmp_path)
        with pytest.raises(InputError, match='another file'): load_predictor(card)

@by_ending
def test_fuzz(ending, small, tmp_path):
    "A thousand random truncations and flipped bits: refused, or it was of no consequence"
    import torch
    path, opened = small[ending]
    good, rng = [path.with_name(path.name+o).read_bytes() for o in (ending, '.json')], random.Random(0)
    faces = synth.faces(10, cache=False).imgs[:2]
    if ending=='.onnx': says = lambda m: m.probs(faces)
    else: says = lambda m: m[0](torch.from_numpy(faces.copy())[:,None].expand(-1,3,-1,-1)/255.).detach().numpy()
    right, loaded = says(opened(path)), 0
    for i in range(1000):
        files, which = [bytearray(o) for o in good], rng.random()<.2
        if rng.random()<.5: del files[which][rng.randrange(len(files[which])):]
        else: files[which][rng.randrange(len(files[which]))] ^= 1<<rng.randrange(8)
        for data,o in zip(files, (ending, '.json')): (tmp_path/f'bad{o}').write_bytes(data)
        try: m = opened(tmp_path/'bad.json')
        except InputError as e: assert 'bad.' in str(e) and len(str(e).splitlines())==1
        else:
            loaded += 1
            assert which and len(files[1])==len(good[1]), i # only a letter in the card's words
            assert np.array_equal(says(m), right), i
    assert loaded<100

@pytest.mark.parametrize('model,limit', [('fer', 8e6), ('small', 2e5)])
def test_shipped(model, limit):
    "Each model of the package is small, knows the seven expressions, and says where it came from and what it must not be used for"
    card = read_card(SHIPPED[model])
    assert SHIPPED[model].with_suffix('.onnx').stat().st_size<limit and card['vocab']==VOCAB
    assert {'config', 'metrics', 'agreement', 'terms', 'kind'}<=card.keys() and 'work or in education' in card['terms']
    assert card['agreement']['n']==1000 and card['agreement']['same_label']>=.97

# What it costs

def test_without_torch(scene, tmp_path):
    scene.save(tmp_path/'x.png')
    code = f"import sys; from fer_course.infer.predict import predict; assert len(predict({str(tmp_path/'x.png')!r}))==1; " \
        "sys.exit('torch' in sys.modules or 'fastai' in sys.modules)"
    assert subprocess.run([sys.executable, '-c', code]).returncode==0

def test_help_is_fast(env):
    "In under half a second of the processor's time"
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([script('fer-predict'), '--help'], env=env, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime+after.ru_stime-before.ru_utime-before.ru_stime)
    assert min(spent)<.5

def test_memory(small):
    "The memory that 10,000 predictions take is that of the first thousand"
    model, faces, rng, rss = load_predictor(small['.onnx'][0]), [*synth.faces(100, cache=False).imgs], random.Random(0), []
    for _ in range(10):
        n = 0
        while n<1000:
            some = [rng.choice(faces) for _ in range(min(1000-n, rng.randrange(1, 200)))]
            n += sum(len(o.boxes) for o in predict_each(some, model))
        rss.append(psutil.Process().memory_info().rss)
    assert max(rss)-rss[0]<30e6, rss

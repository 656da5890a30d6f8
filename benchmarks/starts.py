"""What it is about pretrained weights that helps: the same short training from seven starts, on drawn faces.

    python benchmarks/starts.py

Shuffling the numbers of each tensor keeps how large they are and how they are spread, and destroys every pattern. Done to all tensors, to those of
the later stages or to those of the earlier ones, it says what the pattern is worth and where it sits. Two starts are repeated without the
normalisation of the pictures. Nothing is chosen by it, so that it is judged on the test faces. A row of the table is written when its training ends,
and the same command goes on from there.
"""
import time
from pathlib import Path

import pandas as pd
from fastai.vision.all import *
from common import LR, OUT, SEEDS, numbers, row_provenance, save_table
from fit import NoValid, fit_quietly
from fer_course import synth
from fer_course.data.block import fer_dls
from fer_course.infer.explain import scramble
from fer_course.train.learner import fer_learner
from fer_course.records.metrics import metrics, preds_table
from fer_course.nets.model import stages
from fer_course.nets.modelfile import predict_faces
from fer_course.train.callbacks import seed_all

BORDER, N_STAGES = 5, 9 # the earlier stages are the first five of the nine, the head among these
RAW = (0., 1.) # nothing taken off, divided by 1
CASES = { # name → pretrained?, what is done to the weights, mean and standard deviation that are taken off
    'pretrained': (True, noop, (.5,.5)),
    'scratch': (False, noop, (.5,.5)),
    'all shuffled': (True, scramble, (.5,.5)),
    'later shuffled': (True, partial(scramble, n=N_STAGES-BORDER), (.5,.5)),
    'earlier shuffled': (True, lambda m: with_later(scramble(m), m), (.5,.5)),
    'pretrained, raw pixels': (True, noop, RAW),
    'scratch, raw pixels': (False, noop, RAW),
}

def with_later(model, other):
    "`model` with the later stages of `other`"
    for to,frm in list(zip(stages(model), stages(other)))[BORDER:]:
        for p,q in zip(to, frm): p.data.copy_(q.data)
    return model

def row(faces, case, seed, epochs, lr, bs, size):
    "One training, and how well it reads the test faces"
    (pretrained, change, stats), began = CASES[case], time.process_time()
    seed_all(seed)
    learn = fer_learner(fer_dls(faces, bs=bs, size=size, stats=stats, device='cpu'), pretrained=pretrained)
    learn.model.load_state_dict(change(learn.model).state_dict())
    fit_quietly(learn, epochs, lr, seed, [NoValid()])
    test = faces.take(faces.split=='test')
    m = metrics(preds_table(predict_faces(learn.model, test.imgs, size, stats=stats), test.labels, vocab=faces.vocab))
    return dict(case=case, seed=seed, **{k: m[k] for k in ('accuracy', 'macro_f1', 'loss')}, n=m['n'], n_train=int((faces.split=='train').sum()),
                epochs=epochs, lr=lr, bs=bs, size=size, data=faces.name, fingerprint=faces.fingerprint(),
                seconds=round(time.process_time()-began), threads=torch.get_num_threads(), **row_provenance())

@call_parse
def main(
    subset:int=1024, # Training faces, of the course's drawn set
    epochs:int=4, # Number of epochs
    lr:float=LR, # Highest learning rate
    bs:int=32, # Batch size
    size:int=48, # Side of the pictures, in pixels
    seeds:str=SEEDS, # Random seeds of head, order, augmentation and dropout, separated by commas
    out:Path=OUT/'starts.csv', # Table to write or to go on with
):
    torch.set_num_threads(1)
    faces, rows = synth.faces().subset(subset), pd.read_csv(out).to_dict('records') if out.exists() else []
    have = {(o['case'], o['seed']) for o in rows}
    for seed in numbers(seeds):
        for case in CASES:
            if (case, seed) in have: continue
            rows.append(row(faces, case, seed, epochs, lr, bs, size))
            save_table(out, pd.DataFrame(rows))
            print({k: rows[-1][k] for k in ('case', 'seed', 'accuracy', 'seconds')}, flush=True)
    print(pd.DataFrame(rows).groupby('case', sort=False)[['accuracy', 'macro_f1', 'loss']].agg(['mean', 'std']).round(3))

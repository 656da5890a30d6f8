"""How many faces does it take? Pretrained and from scratch, on a few hundred to a few thousand faces of FER2013.

    python benchmarks/data_efficiency.py --data fer2013.tar.gz
    python benchmarks/data_efficiency.py --data fer2013.tar.gz --ns 500 --steps 390 --seeds 0

The first command trains for as many epochs as the recorded runs on 5,000 faces, so that fewer faces also mean fewer steps. The second tells the two
apart: 500 faces, and as many steps as 5,000 faces have in 5 epochs. Judged on PublicTest: PrivateTest is kept for the five runs. Each seed takes
other faces. A row of the table is written when its training ends, and the same command goes on from there.
"""
import time
from pathlib import Path

import pandas as pd
from fastai.vision.all import *
from common import DATA, LR, OUT, SEEDS, numbers, row_provenance, save_table
from fit import NoValid, fit_quietly
from fer_course.records.runs import RUNS
from fer_course.train.learner import fer_learner
from fer_course.data.block import fer_dls
from fer_course.records.metrics import metrics, preds_table
from fer_course.nets.modelfile import predict_faces
from fer_course.data.readers import load_faces
from fer_course.train.callbacks import seed_all
from itertools import product # after fastai, which has another

def fit(faces, run, seed, epochs, lr):
    seed_all(seed)
    learn = fer_learner(fer_dls(faces, device='cpu'), **RUNS[run])
    return fit_quietly(learn, epochs, lr, seed, [NoValid()]).model

def row(all_faces, run, n, seed, epochs, lr):
    "One training, and how well it reads PublicTest"
    faces, began = all_faces.subset(n, seed=seed), time.time()
    model = fit(faces, run, seed, epochs, lr)
    valid = all_faces.take(all_faces.split=='valid')
    m = metrics(preds_table(predict_faces(model, valid.imgs), valid.labels, vocab=all_faces.vocab))
    return dict(run=run, n=n, seed=seed, epochs=epochs, steps=epochs*(n//64), lr=lr,
                **{k: m[k] for k in ('accuracy', 'balanced_accuracy', 'macro_f1', 'loss')}, n_valid=m['n'], seconds=round(time.time()-began),
                fingerprint=all_faces.fingerprint(), threads=torch.get_num_threads(), **row_provenance())

@call_parse
def main(
    data:str=DATA, # FER2013, by name or path
    ns:str='500,1500', # Training faces, separated by commas
    runs:str='adam_pretrained,adam_scratch', # Names of runs, separated by commas
    seeds:str=SEEDS, # Random seeds of the choice of faces, the head and the order, separated by commas
    epochs:int=5, # Number of epochs
    steps:int=0, # Batches of 64 in each training, whatever its epochs; 0 for as many as `epochs` make
    lr:float=LR, # Highest learning rate
    out:Path=OUT/'data_efficiency.csv', # Table to write or to go on with
):
    faces = load_faces(data)
    rows = pd.read_csv(out).to_dict('records') if out.exists() else []
    have = {(o['run'], o['n'], o['epochs'], o['seed']) for o in rows}
    for seed, n, run in product(numbers(seeds), numbers(ns), runs.split(',')):
        times = round(steps/(n//64)) if steps else epochs # an epoch leaves out what does not fill a batch
        if (run, n, times, seed) in have: continue
        rows.append(row(faces, run, n, seed, times, lr))
        save_table(out, pd.DataFrame(rows))
        print({k: rows[-1][k] for k in ('run', 'n', 'seed', 'epochs', 'accuracy', 'seconds')}, flush=True)
    print(pd.DataFrame(rows).groupby(['run', 'n', 'epochs'])['accuracy'].agg(['count', 'mean', 'std']).round(4))

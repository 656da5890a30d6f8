"""How many faces does it take? Pretrained and from scratch, on 500 to 5,000 faces of FER2013, the same number of steps for each.

    python benchmarks/data_efficiency.py --data fer2013.tar.gz

Fewer faces are seen more often, so that what differs is how many there are and not how long was trained. Tested on PublicTest: PrivateTest is kept for the five
runs. Each row of the table is written when its training ends, and the same command goes on from there.
"""
import math, time
from datetime import datetime, timezone
from pathlib import Path

import pandas as pd
from fastai.vision.all import *
from fer_course.learner import RUNS, fer_learner
from fer_course.data import fer_dls
from fer_course.metrics import metrics, preds_table
from fer_course.modelfile import predict_faces
from fer_course.readers import load_faces
from fer_course.record import describe_machine, git_commit, versions
from fer_course.train import SeedEpochs, seed_all

class NoValid(Callback):
    "Validation after each of many short epochs would cost more than the training"
    def before_validate(self): raise CancelValidException()

def fit(faces, run, seed, epochs, lr):
    seed_all(seed)
    learn = fer_learner(fer_dls(faces, device='cpu'), **RUNS[run])
    with learn.no_bar(), learn.no_logging(): learn.fit_one_cycle(epochs, lr, cbs=[SeedEpochs(seed), NoValid()])
    return learn.model

def row(all_faces, run, n, seed, steps, lr):
    "One training, and how well it reads PublicTest"
    faces, began = all_faces.subset(n, seed=seed), time.time()
    epochs = round(steps/(n//64)) # an epoch leaves out what does not fill a batch
    model = fit(faces, run, seed, epochs, lr)
    valid = all_faces.take(all_faces.split=='valid')
    m = metrics(preds_table(predict_faces(model, valid.imgs), valid.labels, vocab=all_faces.vocab))
    return dict(run=run, n=n, seed=seed, epochs=epochs, steps=epochs*(n//64), lr=lr, **{k: m[k] for k in ('accuracy', 'balanced_accuracy', 'macro_f1', 'loss')}, n_valid=m['n'], seconds=round(time.time()-began),
                fingerprint=all_faces.fingerprint(), cpu=describe_machine()['cpu'], torch=versions()['torch'], git=(git_commit() or {}).get('commit'), when=datetime.now(timezone.utc).isoformat(timespec='seconds'))

@call_parse
def main(
    data:str='fer2013', # FER2013, by name or path
    ns:str='500,1000,2000,5000', # Training faces, with commas between
    runs:str='adam_pretrained,adam_scratch', # Which of the five
    seeds:str='0,1', # Which faces, which weights, which order
    steps:int=390, # Batches of 64 in each training: as many as 5 epochs of 5,000 faces
    lr:float=2e-3, # Highest learning rate
    out:Path=Path('results/efficiency/efficiency.csv'), # Table to write or to go on with
):
    faces = load_faces(data)
    rows = pd.read_csv(out).to_dict('records') if out.exists() else []
    have = {(o['run'], o['n'], o['seed']) for o in rows}
    out.parent.mkdir(parents=True, exist_ok=True)
    for seed in map(int, seeds.split(',')):
        for n in map(int, ns.split(',')):
            for run in runs.split(','):
                if (run, n, seed) in have: continue
                rows.append(row(faces, run, n, seed, steps, lr))
                pd.DataFrame(rows).to_csv(out, index=False)
                print({k: rows[-1][k] for k in ('run', 'n', 'seed', 'epochs', 'accuracy', 'seconds')}, flush=True)
    print(pd.DataFrame(rows).groupby(['run', 'n'])['accuracy'].agg(['count', 'mean', 'std']).round(4))

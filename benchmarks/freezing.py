"""What freezing costs and what it saves: accuracy and time against the depth of freezing, what BatchNorm does meanwhile, and ways to train all layers
without freezing any for good.

    python benchmarks/freezing.py --data fer2013.tar.gz

Every training starts from the pretrained network and goes through the same 1,024 faces of FER2013 for the same number of epochs; one thing differs
from case to case. Judged on PublicTest: PrivateTest is kept for the five runs. Time is the processor's, of one thread, in the fastest epoch of each
training: a busy machine makes it little longer. A row of the table is written when its training ends, and the same command goes on from there.
"""
from pathlib import Path

import pandas as pd
from fastai.vision.all import *
from common import DATA, LR, OUT, SEEDS, numbers, row_provenance, save_table
from fit import Clock, NoValid, fit_quietly
from fer_course.data.block import fer_dls
from fer_course.train.learner import fer_learner, trainable
from fer_course.records.metrics import metrics, preds_table
from fer_course.nets.modelfile import predict_faces
from fer_course.data.readers import load_faces
from fer_course.train.callbacks import seed_all

# BatchNorm in frozen layers: wholly frozen; its running averages move; fastai's default, where its weights train too
STILL, AVERAGES, TRAINED = {}, dict(cbs=[]), dict(cbs=[], train_bn=True)
CASES = { # name → freeze_to, BatchNorm, learning rate
    **{f'freeze_to {n}': (n, STILL, LR) for n in (0, 3, 5, 6, 7, 8)},
    'frozen, averages move': (8, AVERAGES, LR),
    'frozen, BatchNorm trains': (8, TRAINED, LR),
    'body slower': (0, STILL, slice(LR/10, LR)),
    'head faster': (0, STILL, slice(LR, LR*10)),
    'gradual': (8, STILL, LR),
}
THAW = {1: 6, 2: 3, 3: 0} # of 'gradual': epoch → freeze_to

class Thaw(Callback):
    "Unfreeze more at the start of some epochs"
    order = -15
    def before_epoch(self):
        if self.epoch in THAW: self.learn.freeze_to(THAW[self.epoch])

def row(faces, valid, case, seed, epochs):
    "One training, and how well it reads PublicTest"
    freeze_to, bn, lr = CASES[case]
    seed_all(seed)
    learn, clock = fer_learner(fer_dls(faces, device='cpu'), freeze_to=freeze_to, **bn), Clock()
    training = int(trainable(learn).training.sum())
    fit_quietly(learn, epochs, lr, seed, [NoValid(), clock, *([Thaw()] if case=='gradual' else [])])
    m = metrics(preds_table(predict_faces(learn.model, valid.imgs), valid.labels, vocab=faces.vocab))
    return dict(case=case, freeze_to=freeze_to, seed=seed, training=training, **{k: m[k] for k in ('accuracy', 'macro_f1', 'loss')},
                seconds=round(min(clock.seconds), 2), seconds_all=round(sum(clock.seconds), 2),
                n=int((faces.split=='train').sum()), n_valid=m['n'], epochs=epochs, lr=str(lr), data=faces.name, fingerprint=faces.fingerprint(),
                threads=torch.get_num_threads(), **row_provenance())

@call_parse
def main(
    data:str=DATA, # FER2013, by name or path
    subset:int=1024, # Training faces
    epochs:int=4, # Number of epochs
    seeds:str=SEEDS, # Random seeds of head, order, augmentation and dropout, separated by commas
    out:Path=OUT/'freezing.csv', # Table to write or to go on with
):
    torch.set_num_threads(1)
    faces = load_faces(data, subset=subset)
    valid, rows = faces.take(faces.split=='valid'), pd.read_csv(out).to_dict('records') if out.exists() else []
    have = {(o['case'], o['seed']) for o in rows}
    for seed in numbers(seeds):
        for case in CASES:
            if (case, seed) in have: continue
            rows.append(row(faces, valid, case, seed, epochs))
            save_table(out, pd.DataFrame(rows))
            print({k: rows[-1][k] for k in ('case', 'seed', 'accuracy', 'seconds', 'seconds_all')}, flush=True)
    table = pd.DataFrame(rows)
    print(table.groupby('case', sort=False).agg(accuracy=('accuracy', 'mean'), sd=('accuracy', 'std'), macro_f1=('macro_f1', 'mean'),
                                                seconds=('seconds', 'min')).round(3))

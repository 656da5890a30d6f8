"""The rule that gives each run its learning rate: of a few that double, the one with the lowest validation loss after a short training.

    python benchmarks/lr_sweep.py --data fer2013.tar.gz

Test faces are not looked at. Finished rows are kept in results/benchmarks/lr_sweep.csv, so a sweep that was interrupted goes on, and several
processes may share the work with --part 0/2 and --part 1/2. The choice stands in `fer_course.train.LR`.
"""
import time
from pathlib import Path

import pandas as pd
from fastcore.script import call_parse
from filelock import FileLock

LRS = [5e-4, 1e-3, 2e-3, 4e-3, 8e-3]

def fit(dls, run, lr, epochs, seed):
    from fer_course.learner import RUNS, fer_learner
    from fer_course.train import SeedEpochs, seed_all
    seed_all(seed)
    began, learn = time.perf_counter(), fer_learner(dls, **RUNS[run])
    with learn.no_bar(), learn.no_logging(): learn.fit_one_cycle(epochs, lr, cbs=SeedEpochs(seed))
    train_loss, valid_loss, accuracy, macro_f1 = learn.recorder.values[-1]
    return dict(run=run, lr=lr, train_loss=train_loss, valid_loss=valid_loss, accuracy=accuracy, macro_f1=macro_f1, seconds=time.perf_counter()-began)

@call_parse
def main(
    data:str='fer2013', # FER2013, by name or path
    subset:int=3000, # Training faces
    epochs:int=2, # Epochs of each short training
    seed:int=0, # Of everything
    part:str='0/1', # Which share of the work this process does
    out:Path=Path('results/benchmarks/lr_sweep.csv'), # Table that rows are added to
):
    from fer_course.data import fer_dls
    from fer_course.learner import RUNS
    from fer_course.readers import load_faces
    from fer_course.record import describe_machine, git_commit, versions
    faces = load_faces(data).subset(subset)
    dls = fer_dls(faces, device='cpu')
    about = dict(data=faces.name, fingerprint=faces.fingerprint(), epochs=epochs, seed=seed, bs=64, size=64, cpu=describe_machine()['cpu'], torch=versions()['torch'], git=(git_commit() or {}).get('commit'))
    jobs, (i,n) = [(run, lr) for run in RUNS for lr in LRS], map(int, part.split('/'))
    out.parent.mkdir(parents=True, exist_ok=True)
    for run,lr in jobs[i::n]:
        done = pd.read_csv(out) if out.exists() else pd.DataFrame(columns=['run', 'lr'])
        if ((done.run==run) & (done.lr==lr)).any(): continue
        row = pd.DataFrame([{**fit(dls, run, lr, epochs, seed), **about}]).round(5)
        with FileLock(f'{out}.lock'): row.to_csv(out, mode='a', header=not out.exists(), index=False)
        print(row[['run', 'lr', 'valid_loss', 'accuracy', 'seconds']].to_string(index=False, header=False), flush=True)
    table = pd.read_csv(out)
    print(table.pivot(index='run', columns='lr', values='valid_loss').reindex(list(RUNS)))

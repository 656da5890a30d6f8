"""How much the learning rate matters to each run: the loss on the validation faces for a few rates that double.

    python benchmarks/lr_sweep.py --data fer2013.tar.gz

Each training is a recorded one (`fer_course.train.run.train_run`), in --work; test faces are not looked at to choose. An interrupted sweep goes on, and several
processes may share it with --part 0/2 and --part 1/2. `fer-train` uses one rate for all five runs, so that nothing else differs between them.
"""
from pathlib import Path

import pandas as pd
from common import DATA, OUT, numbers, record_provenance, save_table
from fastcore.script import call_parse

LRS = [5e-4, 1e-3, 2e-3, 4e-3]

def row(r):
    "What the table keeps of a record: no number from the test faces"
    c, v = r.config, r.metrics['valid']
    return dict(run=c['run'], lr=c['lr'], **{k: v[k] for k in ('loss', 'accuracy', 'macro_f1')}, n=v['n'], seconds=c['seconds'], data=c['data']['name'], fingerprint=c['data']['fingerprint'],
                epochs=c['epochs'], seed=c['seed'], bs=c['bs'], size=c['size'], **record_provenance(c))

@call_parse
def main(
    data:str=DATA, # FER2013, by name or path
    subset:int=5000, # Training faces
    epochs:int=5, # Epochs of each training
    seed:int=0, # Of everything
    part:str='0/1', # Which share of the work this process does
    lrs:str=','.join(map(str, LRS)), # Learning rates to try, separated by commas
    work:Path=Path('models/lr_sweep'), # Folder for records and models of the sweep
    out:Path=OUT/'lr_sweep.csv', # Table to write
):
    from fer_course.records.runs import RUNS
    from fer_course.data.readers import load_faces
    from fer_course.records.record import read_records
    from fer_course.train.run import train_run
    faces = load_faces(data, subset=subset)
    jobs, (i,n) = [(run, lr) for lr in numbers(lrs, float) for run in RUNS], map(int, part.split('/'))
    for run,lr in jobs[i::n]: train_run(faces, run, seed, lr=lr, epochs=epochs, device='cpu', out=work/f'{lr:g}', models=work/f'{lr:g}')
    table = pd.DataFrame([row(r) for r in read_records(work)]).sort_values(['run', 'lr'])
    save_table(out, table)
    print(table.pivot(index='run', columns='lr', values='loss').reindex(list(RUNS)))

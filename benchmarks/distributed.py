"""One process against two that train together: the same result within noise, and what two save.

    python benchmarks/distributed.py

Each training is a `fer-train` of its own on drawn faces, with batches of the same size whoever shares them, and leaves a record in --work; the same
command goes on where it was stopped. The two processes talk over gloo, with one thread each; beside them stand one process with one thread, and one
with two. Noise is what another seed does, and what other test faces would do. Where the machine was busy before it began, seconds (of the fastest
epoch) are left out, and with them the one process with two threads, which is there for them.
"""
import os, shutil, subprocess, sys
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from fastcore.script import call_parse

from common import OUT, SEEDS, load, numbers, provenance, save_json, save_table
from fer_course.records.metrics import bootstrap_diff, mean_over_seeds
from fer_course.records.record import read_records

CASES = {'one process': (1, 1), 'one process, two threads': (1, 2), 'two processes': (2, 1)} # processes, and threads of each

def train(case, seed, work, args):
    "One training as it is typed; returns its record, which may be there already"
    n, threads = CASES[case]
    folder = work/case.replace(', ', '_').replace(' ', '_')
    launch = [] if n==1 else [sys.executable, '-m', 'accelerate.commands.launch', '--multi_gpu', '--num_processes', str(n),
                              *'--main_process_port 0 --num_machines 1 --mixed_precision no --dynamo_backend no'.split()]
    cmd = [*launch, shutil.which('fer-train'), '--runs', 'adam_pretrained', '--seeds', str(seed), '--device', 'cpu', '--out', folder/'results',
           '--models', folder/'models', *args]
    subprocess.run(list(map(str, cmd)), env=dict(os.environ, OMP_NUM_THREADS=str(threads)), check=True, stdout=subprocess.DEVNULL)
    record = next(r for r in read_records(folder/'results') if r.config['seed']==seed)
    assert (record.config['processes'], record.config['threads'])==(n, threads), 'trained as the case says'
    return record

def row(case, r, busy):
    c, m, v = r.config, r.metrics['test'], r.metrics['valid']
    return dict(case=case, processes=c['processes'], threads=c['threads'], seed=c['seed'], **{k: m[k] for k in ('accuracy', 'macro_f1', 'loss')},
                n=m['n'], valid_accuracy=v['accuracy'], n_train=c['n_train'], epochs=c['epochs'],
                bs=c['bs'], size=c['size'], seconds_an_epoch=None if busy else r.history.seconds.min())

def known(d): return {k: v for k,v in d.items() if v==v} # one seed has no spread

def against(a, b): # lists of records, seed by seed
    diffs = [bootstrap_diff(x.predictions, y.predictions)['accuracy'] for x,y in zip(a, b)]
    return dict(by_seed=diffs, over_seeds=known(mean_over_seeds([o['diff'] for o in diffs])))

@call_parse
def main(
    subset:int=1024, # Training faces
    epochs:int=4, # Number of epochs
    size:int=48, # Side of the pictures, in pixels
    bs:int=64, # Batch size, shared by the processes
    seeds:str=SEEDS, # Random seeds, separated by commas; each case is trained with each of them
    work:Path=Path('models/distributed'), # Folder for records and models
    out:Path=OUT, # Folder for the table
):
    before = load()
    args = ['--subset', subset, '--epochs', epochs, '--size', size, '--bs', bs]
    seeds, busy = numbers(seeds), before > .5
    records = {k: [] for k in CASES if not busy or CASES[k]!=(1, 2)}
    for seed in seeds:
        for k in records: records[k].append(train(k, seed, work, args))
    table = pd.DataFrame([row(k, r, busy) for k,rs in records.items() for r in rs])
    diff = against(records['two processes'], records['one process'])
    res = dict(accuracy={k: known(mean_over_seeds([r.metrics['test']['accuracy'] for r in rs])) for k,rs in records.items()}, two_minus_one=diff)
    print(table.groupby('case', sort=False).agg(accuracy=('accuracy', 'mean'), sd=('accuracy', 'std'), loss=('loss', 'mean'),
                                                seconds_an_epoch=('seconds_an_epoch', 'min')).round(4).to_string())
    print('two processes − one, accuracy:', {k: round(v, 4) for k,v in diff['over_seeds'].items()}, *diff['by_seed'], sep='\n  ')
    if busy: print(f'the load was {before:.1f} before it began: no seconds')
    else:
        fastest = table.groupby('case').seconds_an_epoch.min()
        res['times_faster'] = {k: round(float(fastest[k]/fastest['two processes']), 3) for k in CASES if k!='two processes'}
    save_table(out/'distributed.csv', table)
    first = records['one process'][0].config
    save_json(out/'distributed.json', dict(
        res, run='adam_pretrained', data=first['data'], lr=first['lr'], load_before=before, **provenance(accelerate=version('accelerate'))))

"""How long reading FER2013 takes, beside the recipe of most tutorials: `python benchmarks/reading.py [PATH]`

Each reading is a process of its own, and they take turns, so that no one of them has the machine at its best."""
import os, subprocess, sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from fastcore.script import call_parse
from common import OUT, ROOT, load, provenance, save_json, save_table

# Each is timed from the call to faces and labels in memory; imports are not counted, as every program needs them once.
WAYS = dict(
    plain = ('import numpy as np, pandas as pd',
             "df = pd.read_csv(path); imgs = np.stack([np.array(o.split(), dtype=np.uint8) for o in df.pixels]).reshape(-1, 48, 48); labels = df.emotion.to_numpy()"),
    first = ('from fer_course.data.readers import load_faces', 'imgs = load_faces(path).imgs'),
    again = ('from fer_course.data.readers import load_faces', 'imgs = load_faces(path).imgs'))
WHAT = dict(plain='pandas, then `split` on each row', first='`load_faces`, first time', again='`load_faces`, again')
CHILD = '''
import sys, time
{imports}
path = sys.argv[1]
wall, cpu = time.perf_counter(), time.process_time()
{read}
wall, cpu = time.perf_counter()-wall, time.process_time()-cpu
assert imgs.shape==(35887, 48, 48) and int(imgs[::50].sum())==int(sys.argv[2]), 'not the faces that were asked for'
print(wall, cpu)
'''

def checksum(path):
    from fer_course.data.fer2013 import read_csv
    return int(read_csv(path).imgs[::50].sum())

def read(way, path, total, home):
    "Seconds and CPU seconds of one reading"
    imports, code = WAYS[way]
    env = dict(os.environ, FASTAI_HOME=home, PYTHONPATH=str(ROOT), OMP_NUM_THREADS='1')
    out = subprocess.run([sys.executable, '-c', CHILD.format(imports=imports, read=code), str(path), str(total)], env=env, capture_output=True, text=True, check=True).stdout
    return [float(o) for o in out.split()]

def one_round(path, total):
    "Each way once, with a cache of its own that is empty at the start"
    with TemporaryDirectory() as home: return [(way, *read(way, path, total, home)) for way in WAYS]

@call_parse
def main(
    path:str=str(ROOT.parent/'shared/data/fer2013.tar.gz'), # FER2013 as the challenge ships it, all 35,887 faces
    rounds:int=3, # Readings of each kind; the fastest counts
    out:Path=OUT, # Folder for reading.csv and reading.json
):
    "Time the first and the second reading of FER2013 beside a plain recipe"
    if not Path(path).exists(): sys.exit(f'{path}: no such file; give the path of fer2013.tar.gz or fer2013.csv')
    total, busy = checksum(path), load()
    runs = pd.DataFrame([o for _ in range(rounds) for o in one_round(path, total)], columns=['way', 'seconds', 'cpu_seconds'])
    best = runs.groupby('way', sort=False).min()
    table = pd.DataFrame({'reading': [WHAT[o] for o in best.index], 'seconds': best.seconds.round(3).values, 'cpu_seconds': best.cpu_seconds.round(3).values,
                          'times_plain': (best.seconds['plain']/best.seconds).round(1).values})
    print(table.to_string(index=False))
    save_table(out/'reading.csv', table)
    save_json(out/'reading.json', dict(
        file=Path(path).name, bytes=Path(path).stat().st_size, rounds=rounds, load_before=busy, counted='the fastest of all rounds',
        runs=runs.round(3).to_dict('list'), **provenance()))

"""How long reading takes, beside the recipe of most tutorials and an earlier commit: `python benchmarks/reading.py --before ../checkout`

FER2013's table is read twice, and its training faces once more from a folder of PNG files. Each reading is a process of its own,
and they take turns, so that no one of them has the machine at its best: the two checkouts read the same one after the other,
and in every second round the earlier commit reads first."""
import os, subprocess, sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from fastcore.script import call_parse
from PIL import Image
from common import OUT, ROOT, load, provenance, save_json, save_table
from fer_course.core.errors import InputError

PLAIN = ('import numpy as np, pandas as pd',
         "df = pd.read_csv(path); imgs = np.stack([np.array(o.split(), dtype=np.uint8) for o in df.pixels]).reshape(-1, 48, 48); "
         "labels = df.emotion.to_numpy()")
WHAT = dict(plain="pandas, then `split` on each row", first="FER2013's table, first time", again="FER2013's table, again",
            folder='a folder of {n:,} PNG files, first time')
# Each is timed from the call to faces and labels in memory; imports are not counted, as every program needs them once.
CHILD = '''
import sys, time
{imports}
path = sys.argv[1]
wall, cpu = time.perf_counter(), time.process_time()
{read}
wall, cpu = time.perf_counter()-wall, time.process_time()-cpu
assert imgs.shape==({n}, 48, 48) and int(imgs[::50].sum())=={total}, 'not the faces that were asked for'
print(wall, cpu)
'''

def reader(tree):
    "Import and call of a checkout's reader, wherever it keeps it"
    at = next(Path(tree).glob('fer_course/**/readers.py')).relative_to(tree).with_suffix('')
    return f'from {".".join(at.parts)} import load_faces', 'imgs = load_faces(path).imgs'

def write_folder(faces, folder):
    "A PNG file for each training face, in a folder for each class; and what is to come out, in the order of the paths"
    train = [i for c in range(len(faces.vocab)) for i in range(len(faces)) if faces.labels[i]==c and faces.split[i]=='train']
    for i in train:
        path = folder/faces.vocab[faces.labels[i]]/f'{i:05}.png'
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(faces.imgs[i]).save(path)
    return expected(faces.imgs[train])

def expected(imgs): return dict(n=len(imgs), total=int(imgs[::50].sum()))

def read(way, tree, path, wanted, home):
    "Seconds and CPU seconds of one reading"
    imports, code = PLAIN if way=='plain' else reader(tree)
    env = dict(os.environ, FASTAI_HOME=home, PYTHONPATH=str(tree), PYTHONWARNINGS='ignore', OMP_NUM_THREADS='1')
    child = CHILD.format(imports=imports, read=code, **wanted)
    # in the folder of its checkout, where Python looks for modules first
    out = subprocess.run([sys.executable, '-c', child, str(path)], env=env, stdout=subprocess.PIPE, text=True, check=True, cwd=tree).stdout
    return [float(o) for o in out.split()]

def turns(trees, i):
    "Which checkout reads what in round `i`, in order: in turn, this one first in even rounds and last in odd ones"
    names = list(trees)[::1 if i%2==0 else -1]
    return [(way, name) for way in WHAT for name in names if way!='plain' or name=='here']

def one_round(trees, csv, folder, i):
    "Each way once, each tree with a cache of its own that is empty at the start"
    with ExitStack() as stack:
        homes = {name: stack.enter_context(TemporaryDirectory()) for name in trees}
        return [(way, name, *read(way, trees[name], *(folder if way=='folder' else csv), homes[name]))
                for way,name in turns(trees, i)]

def commit_of(tree):
    return subprocess.run(['git', 'rev-parse', '--short=10', 'HEAD'], cwd=tree, capture_output=True, text=True, check=True).stdout.strip()

@call_parse
def main(
    path:str=str(ROOT.parent/'shared/data/fer2013.tar.gz'), # FER2013 as the challenge ships it, all 35,887 faces
    before:Path=None, # A checkout of an earlier commit, which reads the same beside this one
    rounds:int=3, # Readings of each kind; the fastest counts
    out:Path=OUT, # Folder for reading.csv and reading.json
):
    "Time the first and the second reading of FER2013, and a folder of its training faces, beside a plain recipe and an earlier commit"
    from fer_course.data.fer2013 import read_csv
    if not Path(path).exists(): raise InputError(f'{path}: no such file; give the path of fer2013.tar.gz or fer2013.csv')
    if before and not list(before.glob('fer_course/**/readers.py')): raise InputError(f'{before}: no checkout of fer_course; give its folder')
    trees = dict(here=ROOT) | (dict(before=before.resolve()) if before else {})
    faces, busy, path = read_csv(path), load(), Path(path).resolve()
    with TemporaryDirectory() as pngs:
        folder = pngs, write_folder(faces, Path(pngs))
        runs = pd.DataFrame([o for i in range(rounds) for o in one_round(trees, (path, expected(faces.imgs)), folder, i)],
                            columns=['way', 'tree', 'seconds', 'cpu_seconds'])
    best = runs.groupby(['way', 'tree'], sort=False)[['seconds', 'cpu_seconds']].min().unstack('tree').reindex(list(WHAT))
    here = best.xs('here', axis=1, level='tree')
    table = pd.DataFrame(dict(reading=[o.format(n=folder[1]['n']) for o in WHAT.values()], **here.round(3)))
    table['times_plain'] = (here.seconds['plain']/here.seconds).round(1).where(here.index!='folder').values
    if before: table['times_before'] = (best['cpu_seconds']['before']/best['cpu_seconds']['here']).round(2).values
    print(table.to_string(index=False))
    save_table(out/'reading.csv', table)
    save_json(out/'reading.json', dict(
        file=path.name, bytes=path.stat().st_size, rounds=rounds, load_before=busy, counted='the fastest of all rounds',
        **(dict(before=commit_of(before), times_before='CPU seconds before / here') if before else {}),
        runs=runs.round(3).to_dict('list'), **provenance()))

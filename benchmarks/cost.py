"""Does the cost of an epoch grow linearly with its faces? `python benchmarks/cost.py`

Each number of drawn faces has a process of its own, which trains `adam_pretrained` for one epoch at 64 px on one thread. Processor seconds count, which a busy machine makes only little longer, and only those of the
training part of the epoch. Memory is the most that the process held, the drawn faces included.
"""
import json, os, subprocess, sys
from datetime import datetime, timezone
from pathlib import Path

import pandas as pd
from fastcore.script import call_parse

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from fer_course import synth
from fer_course.records.record import describe_machine, git_commit, versions

ALL = 28_709 # as many as FER2013 has to train on

def drawn(): return synth.faces(ALL*10//7+10, seed=7)

def epoch(n):
    "Processor seconds and gigabytes of one epoch with `n` faces"
    import resource, torch
    from data_efficiency import NoValid
    from freezing import Clock
    from fer_course.data.block import fer_dls
    from fer_course.train.learner import fer_learner
    torch.set_num_threads(1)
    faces, clock = drawn().subset(n), Clock()
    learn = fer_learner(fer_dls(faces, device='cpu'))
    with learn.no_bar(), learn.no_logging(): learn.fit_one_cycle(1, 2e-3, cbs=[NoValid(), clock])
    unit = 1e9 if sys.platform=='darwin' else 1e6 # bytes there, kilobytes elsewhere
    return dict(faces=n, cpu_seconds=round(clock.seconds[0], 2), peak_gb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/unit, 2))

@call_parse
def main(
    sizes:str=f'1000,2000,4000,8000,{ALL}', # Numbers of training faces, with commas between
    one:int=0, # Only measure this one, and print it
    out:Path=ROOT/'results/benchmarks', # Folder for cost.csv and cost.json
):
    "Processor seconds and memory of an epoch, by the number of its faces"
    if one: return print(json.dumps(epoch(one)))
    load = os.getloadavg()[0]
    drawn() # once, for all
    env = dict(os.environ, OMP_NUM_THREADS='1', PYTHONWARNINGS='ignore')
    rows = [json.loads(subprocess.run([sys.executable, __file__, '--one', n], env=env, check=True, capture_output=True, text=True).stdout.splitlines()[-1]) for n in sizes.split(',')]
    table = pd.DataFrame(rows)
    table['ms_a_face'] = (1000*table.cpu_seconds/table.faces).round(2)
    table['against_the_first'] = (table.ms_a_face/table.ms_a_face[0]).round(3)
    print(table.to_string(index=False))
    table.to_csv(out/'cost.csv', index=False)
    info = dict(command='python benchmarks/cost.py', threads=1, size=64, load_before=round(load, 2), counted='processor seconds of the training part of one epoch', when=datetime.now(timezone.utc).isoformat(timespec='seconds'),
                git=git_commit(), machine=describe_machine(), versions=versions())
    (out/'cost.json').write_text(json.dumps(info, indent=1)+'\n')

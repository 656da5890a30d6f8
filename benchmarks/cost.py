"""Does the cost of an epoch grow linearly with its faces? `python benchmarks/cost.py`

Each number of drawn faces has a process of its own, which trains `adam_pretrained` for one epoch at 64 px on one thread. Processor seconds count,
which a busy machine makes only little longer, and only those of the training part of the epoch. Memory is the most that the process held, the drawn
faces included.
"""
import json
from pathlib import Path

import pandas as pd
from fastcore.script import call_parse

from common import LR, OUT, load, numbers, peak_gb, provenance, run_apart, save_json, save_table
from fer_course import synth

ALL = 28_709 # as many as FER2013 has to train on

def drawn(): return synth.faces(ALL*10//7+10, seed=7)

def epoch(n):
    "Processor seconds and gigabytes of one epoch with `n` faces"
    import resource, torch
    from fit import Clock, NoValid, fit_quietly
    from fer_course.data.block import fer_dls
    from fer_course.train.learner import fer_learner
    torch.set_num_threads(1)
    faces, clock = drawn().subset(n), Clock()
    learn = fer_learner(fer_dls(faces, device='cpu'))
    fit_quietly(learn, 1, LR, cbs=[NoValid(), clock])
    return dict(faces=n, cpu_seconds=round(clock.seconds[0], 2), peak_gb=peak_gb(resource.getrusage(resource.RUSAGE_SELF)))

@call_parse
def main(
    sizes:str=f'1000,2000,4000,8000,{ALL}', # Numbers of training faces, separated by commas
    one:int=0, # Measure only this number of faces, and print the result
    out:Path=OUT, # Folder for cost.csv and cost.json
):
    "Processor seconds and memory of an epoch, by the number of its faces"
    if one: return print(json.dumps(epoch(one)))
    busy = load()
    drawn() # once, for all
    rows = [json.loads(run_apart(__file__, '--one', n)) for n in numbers(sizes)]
    table = pd.DataFrame(rows)
    table['ms_a_face'] = (1000*table.cpu_seconds/table.faces).round(2)
    table['against_the_first'] = (table.ms_a_face/table.ms_a_face[0]).round(3)
    print(table.to_string(index=False))
    save_table(out/'cost.csv', table)
    save_json(out/'cost.json', dict(threads=1, size=64, load_before=busy, counted='processor seconds of the training part of one epoch', **provenance()))

"""How long the expression lab takes, from a slider's move to the face, and to the network's answer: `python benchmarks/lab.py`

Rounds are processes of their own, and each moves a slider many times; the fastest move counts, and the median stands beside it. The network was never
trained, which takes no less time."""
import json, time
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from fastcore.script import call_parse
from common import OUT, load, provenance, run_apart, save_json, save_table

def a_lab(size):
    from fer_course.core.faceset import VOCAB
    from fer_course.apps.lab import ExpressionLab
    from fer_course.nets.model import fer_model
    from fer_course.nets.modelfile import save_network
    with TemporaryDirectory() as d:
        save_network(fer_model('tf_efficientnet_lite0', pretrained=False), Path(d)/'model', arch='tf_efficientnet_lite0', vocab=VOCAB, size=64,
                     face_size=48, channels=3, stats=(.5,.5))
        return ExpressionLab(Path(d)/'model', size=size)

def times(): return time.perf_counter(), time.process_time()

def moves(size, n):
    "Milliseconds from each of `n` moves to the face and to the answer, by the clock and of the processor; the first three moves are not counted"
    lab, rows, drawn = a_lab(size), [], []
    lab.picture.observe(lambda _: drawn.append(times()), 'value')
    for i in range(n+3):
        began = times()
        lab.sliders['AU12'].value = (i%10+1)/10
        rows.append([round(1000*(t-t0), 2) for o in (drawn[-1], times()) for t,t0 in zip(o, began)])
    assert len(drawn)==n+3 and not lab.error.value
    return rows[3:]

def measure(size, n, threads): return json.loads(run_apart(__file__, '--one-round', '--size', size, '--n', n, threads=threads))

@call_parse
def main(
    rounds:int=3, # Number of processes that measure, one after the other
    n:int=30, # Number of moves of a slider in each process
    size:int=192, # Side of the picture, in pixels
    threads:int=1, # Number of threads that PyTorch may use
    one_round:bool=False, # Measure in this process alone, and print milliseconds
    out:Path=OUT, # Folder for lab.csv and lab.json
):
    "Milliseconds from a slider's move to the face and to the answer"
    if one_round: return print(json.dumps(moves(size, n)))
    busy = load()
    runs = pd.DataFrame([o for _ in range(rounds) for o in measure(size, n, threads)], columns=['face', 'face_cpu', 'answer', 'answer_cpu'])
    what = dict(face=f'from the move to the face at {size} px', answer='from the move to the answer, the face included')
    table = pd.DataFrame([dict(what=v, fastest_ms=runs[k].min(), median_ms=round(runs[k].median(), 1),
                               median_cpu_ms=round(runs[k+'_cpu'].median(), 1), asked='under 100' if k=='face' else '')
                          for k,v in what.items()])
    print(table.to_string(index=False))
    save_table(out/'lab.csv', table)
    save_json(out/'lab.json', dict(
        rounds=rounds, moves=n, size=size, threads=threads, load_before=busy, counted='the fastest of all moves, and the median',
        runs=runs.to_dict('list'), **provenance()))

"""What `fer-train` takes, with nothing behind it: all five runs on the drawn faces. `python benchmarks/default_job.py`

It runs in an empty folder, with an empty folder for what is kept between calls, so that the faces are drawn first. The clock's time counts, since
this is what somebody waits: run it on a machine that does nothing else; the processor's time stands beside it. Memory is the most that the process
held."""
import os, resource, shutil, subprocess, time
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from fastcore.script import call_parse
from common import OUT, ROOT, load, peak_gb, provenance, save_json, save_table
from fer_course.records.record import read_records

@call_parse
def main(
    out:Path=OUT, # Folder for default_job.csv and default_job.json
):
    "Minutes and gigabytes of `fer-train`"
    busy = load()
    with TemporaryDirectory() as d:
        env, began = dict(os.environ, FASTAI_HOME=f'{d}/home', PYTHONPATH=str(ROOT)), time.perf_counter()
        subprocess.run([shutil.which('fer-train')], cwd=d, env=env, check=True)
        took = resource.getrusage(resource.RUSAGE_CHILDREN)
        row = dict(minutes=round((time.perf_counter()-began)/60, 2), cpu_minutes=round((took.ru_utime+took.ru_stime)/60, 2),
                   peak_gb=peak_gb(took))
        records = {r.config['run']: r for r in read_records(Path(d)/'results')}
    table = pd.DataFrame([dict(what='fer-train', **row, **{f'{k}_accuracy': r.metrics['test']['accuracy'] for k,r in records.items()})])
    print(table.T.to_string(header=False))
    save_table(out/'default_job.csv', table)
    c = records['adam_pretrained'].config
    save_json(out/'default_job.json', dict(
        threads=c['threads'], load_before=busy, asked='under 10 minutes on two cores, under 3 GB', n_train=c['n_train'],
        epochs=c['epochs'], size=c['size'], n_test=records['adam_pretrained'].metrics['test']['n'], **provenance()))

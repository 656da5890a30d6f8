"""What `fer-train` takes, with nothing behind it: all five runs on the drawn faces. `python benchmarks/default_job.py`

It runs in an empty folder, with an empty folder for what is kept between calls, so that the faces are drawn first. The clock's time counts, since this is what somebody waits: run it on a machine that does nothing else;
the processor's time stands beside it. Memory is the most that the process held."""
import json, os, resource, shutil, subprocess, sys, time
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import pandas as pd
from fastcore.script import call_parse
from fer_course.records.record import describe_machine, git_commit, read_records, versions

@call_parse
def main(
    out:Path=ROOT/'results/benchmarks', # Folder for default_job.csv and default_job.json
):
    "Minutes and gigabytes of `fer-train`"
    load = os.getloadavg()[0]
    with TemporaryDirectory() as d:
        env, began = dict(os.environ, FASTAI_HOME=f'{d}/home', PYTHONPATH=str(ROOT)), time.perf_counter()
        subprocess.run([shutil.which('fer-train')], cwd=d, env=env, check=True)
        took = resource.getrusage(resource.RUSAGE_CHILDREN)
        row = dict(minutes=round((time.perf_counter()-began)/60, 2), cpu_minutes=round((took.ru_utime+took.ru_stime)/60, 2), peak_gb=round(took.ru_maxrss/(1e9 if sys.platform=='darwin' else 1e6), 2))
        records = {r.config['run']: r for r in read_records(Path(d)/'results')}
    table = pd.DataFrame([dict(what='fer-train', **row, **{f'{k}_accuracy': r.metrics['test']['accuracy'] for k,r in records.items()})])
    print(table.T.to_string(header=False))
    table.to_csv(out/'default_job.csv', index=False)
    c = records['adam_pretrained'].config
    info = dict(command='python benchmarks/default_job.py', threads=c['threads'], load_before=round(load, 2), asked='under 10 minutes on two cores, under 3 GB', n_train=c['n_train'], epochs=c['epochs'], size=c['size'], n_test=records['adam_pretrained'].metrics['test']['n'],
                when=datetime.now(timezone.utc).isoformat(timespec='seconds'), git=git_commit(), machine=describe_machine(), versions=versions())
    (out/'default_job.json').write_text(json.dumps(info, indent=1)+'\n')

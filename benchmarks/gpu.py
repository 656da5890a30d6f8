"""The five runs on a GPU: images a second beside a bare PyTorch loop, and their records beside those of a CPU.

    python benchmarks/gpu.py --data fer2013.tar.gz --cpu results/fer2013

Each training leaves a record below --work, and the same command goes on where it was stopped. --cpu names records of the same data that a CPU made,
with the same settings; test accuracies are compared over the same test faces. Other numerics and mixed precision make the two trainings differ as two
seeds do.
"""
import time
from pathlib import Path

import pandas as pd
from fastcore.script import call_parse

from common import OUT, ROOT, provenance, save_json, save_table
from fer_course.core.cli import cli
from fer_course.core.errors import InputError
from fer_course.records.metrics import bootstrap_diff
from fer_course.records.record import read_record
from fer_course.records.runs import RUNS

def check_gpu():
    import torch
    if not torch.cuda.is_available():
        raise InputError('PyTorch finds no CUDA GPU here, and this benchmark needs one; benchmarks/training.py measures a CPU')

def bare_speed(s, steps):
    "Images a second of a PyTorch loop on one batch that never leaves the GPU, with the network, batch and precision of ours"
    import torch
    import torch.nn.functional as F
    from fer_course.nets.model import fer_model
    bs, size = s['bs'], s['size']
    model = fer_model(s['arch'], pretrained=False).cuda().to(memory_format=torch.channels_last).train()
    x = torch.randn(bs, 3, size, size, device='cuda').to(memory_format=torch.channels_last)
    y = torch.randint(7, (bs,), device='cuda')
    opt, scaler = torch.optim.AdamW(model.parameters(), 1e-3), torch.amp.GradScaler('cuda')
    def step():
        with torch.autocast('cuda', torch.float16): loss = F.cross_entropy(model(x), y)
        scaler.scale(loss).backward()
        scaler.step(opt)
        scaler.update()
        opt.zero_grad()
    for _ in range(10): step()
    torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(steps): step()
    torch.cuda.synchronize()
    return steps*bs/(time.perf_counter()-began)

def our_speed(data, args, s):
    "Images a second of the second epoch, with loader, augmentation and callbacks, without its validation"
    from fit import Speed, fit_quietly
    from fer_course.train.run import build_learner
    learn = build_learner(data.dls_for(args), data.faces_for(args), s)
    speed = Speed()
    fit_quietly(learn, 2, s['lr'], cbs=[speed])
    return speed.speeds[1]

def against_cpu(record, folder):
    "Test accuracy minus that of the CPU's record of the same run and seed, where there is one over the same faces"
    path = folder/record.config['run']/f'seed{record.config["seed"]}'
    if not path.exists(): return {}
    cpu = read_record(path)
    same = lambda c: (c['data']['fingerprint'], *(c[k] for k in ('size', 'epochs', 'bs', 'lr', 'arch'))) # the file that faces came from may differ
    if same(record.config)!=same(cpu.config):
        raise InputError(f'{path} is a record of other data or settings; give --cpu one of the same')
    d = bootstrap_diff(record.predictions, cpu.predictions)['accuracy']
    return dict(cpu_accuracy=cpu.metrics['test']['accuracy'], diff=d['diff'], diff_lo=d['lo'], diff_hi=d['hi'],
                cpu_epoch_seconds=cpu.history.seconds.min())

@call_parse
@cli
def main(
    data:str='synth', # Faces: 'synth', 'fer2013', or a path
    subset:int=None, # Training faces to keep; all if not given
    cpu:str=None, # Folder of a CPU's records of the same data; results/<set> if not given
    steps:int=100, # Steps of the bare loop that are measured
    work:str='models/gpu', # Folder for the GPU's records and models
    out:Path=OUT, # Folder for gpu.csv and gpu.json
):
    "Train the five runs on a GPU and write gpu.csv and gpu.json"
    check_gpu()
    from fer_course.data.readers import load_faces
    from fer_course.train.run import RunData, run_args, run_settings, train_run
    faces, rows = load_faces(data, subset=subset), []
    gpu_data, cpu = RunData(faces, 'cuda'), Path(cpu) if cpu else ROOT/'results'/faces.name
    for run in RUNS:
        args, s = run_args(run), run_settings(faces, run)
        record = train_run(faces, run, device='cuda', out=work, models=work, bar=False)
        ours, bare = our_speed(gpu_data, args, s), bare_speed(s, steps)
        t = record.metrics['test']
        rows.append(dict(run=run, images_per_second=round(ours, 1), bare_loop=round(bare, 1), ratio=round(ours/bare, 3),
                         epoch_seconds=record.history.seconds.min(), accuracy=t['accuracy'], n=t['n'], **against_cpu(record, cpu)))
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    save_table(out/'gpu.csv', table)
    save_json(out/'gpu.json', dict(fingerprint=faces.fingerprint(), steps=steps, **provenance()))

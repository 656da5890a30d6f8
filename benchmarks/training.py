"""What a training step, an epoch and a loader cost, beside what they are compared with: `python benchmarks/training.py`

Each measurement is a process of its own, and they take turns, so that no one of them has the machine at its best; the fastest of all rounds counts."""
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from fastcore.script import call_parse
from common import OUT, load, provenance, run_apart, save_json, save_table, time_calls

BS, SIZE, ARCH = 64, 64, 'tf_efficientnet_lite0'

def batch():
    import torch
    torch.manual_seed(0)
    return torch.randn(BS,3,SIZE,SIZE), torch.randint(0, 7, (BS,))

# --- a step: the same network and head; fastai's stock recipe has its layers and its memory as they come

def stock_step(n):
    from fastai.vision.all import Adam, F, create_timm_model, params
    model, (x,y) = create_timm_model(ARCH, 7, pretrained=False)[0], batch()
    opt = Adam([params(model)], 1e-3)
    def step(): F.cross_entropy(model(x), y).backward(); opt.step(); opt.zero_grad()
    return BS/time_calls(step, n)

def our_step(n):
    import torch
    from fastai.vision.all import F
    from fer_course.train.learner import Adam, fair_opt
    from fer_course.nets.fast_cpu import keep_memory
    from fer_course.nets.model import fer_model, stages
    keep_memory()
    model, (x,y) = fer_model(ARCH, pretrained=False).to(memory_format=torch.channels_last), batch()
    opt = fair_opt(Adam)(stages(model), 1e-3)
    def step(): F.cross_entropy(model(x), y).backward(); opt.step(); opt.zero_grad()
    return BS/time_calls(step, n)

# --- an epoch: ours, loader, augmentation, fastai's callbacks and all, beside a bare PyTorch loop on one random batch that is always there

def bare_epoch(n):
    import torch
    from fastai.vision.all import F
    from fer_course.nets.fast_cpu import keep_memory
    from fer_course.nets.model import fer_model
    keep_memory()
    model, (x,y) = fer_model(ARCH, pretrained=False).to(memory_format=torch.channels_last).train(), batch()
    opt = torch.optim.AdamW(model.parameters(), 1e-3)
    def step(): F.cross_entropy(model(x), y).backward(); opt.step(); opt.zero_grad()
    return BS/time_calls(step, n)

def _faces(n):
    from fer_course import synth
    return synth.faces(int(n*BS/.7)+BS, cache=False)

def _epoch(n, **run):
    from fit import Speed, fit_quietly
    from fer_course.data.block import fer_dls
    from fer_course.train.learner import fer_learner
    learn = fer_learner(fer_dls(_faces(n), bs=BS, size=SIZE, device='cpu'), ARCH, **run)
    speed = Speed()
    fit_quietly(learn, 2, 1e-3, cbs=[speed])
    return speed.speeds[1]

def our_epoch(n): return _epoch(n, pretrained=False)
def frozen_epoch(n): return _epoch(n, freeze_to=-1)

# --- a loader without a model: fastai's stock recipe from a folder of JPEG files, and ours, with the same augmentations at the same size

def _drain(dls): # images a second of a second pass through the training faces
    for _ in dls.train: pass
    began, n = time.perf_counter(), 0
    for x,_ in dls.train: n += len(x)
    return n/(time.perf_counter()-began)

def stock_loader(n):
    from fastai.vision.all import CategoryBlock, DataBlock, ImageBlock, Resize, aug_transforms, get_image_files, parent_label, RandomSplitter
    from PIL import Image
    faces = _faces(n)
    with TemporaryDirectory() as d:
        for i,(im,y) in enumerate(zip(faces.imgs, faces.labels)):
            (Path(d)/faces.vocab[y]).mkdir(exist_ok=True)
            Image.fromarray(im).save(Path(d)/faces.vocab[y]/f'{i}.jpg')
        block = DataBlock((ImageBlock, CategoryBlock), get_items=get_image_files, get_y=parent_label, splitter=RandomSplitter(.3),
                          item_tfms=Resize(SIZE), batch_tfms=aug_transforms(max_warp=0.))
        return _drain(block.dataloaders(d, bs=BS, device='cpu'))

def our_loader(n):
    from fer_course.data.block import fer_dls
    return _drain(fer_dls(_faces(n), bs=BS, size=SIZE, device='cpu'))

CASES = dict(stock_step=stock_step, our_step=our_step, bare_epoch=bare_epoch, our_epoch=our_epoch, frozen_epoch=frozen_epoch,
             stock_loader=stock_loader, our_loader=our_loader)
RATIOS = [('our_step', 'stock_step', 'a step against fastai\'s stock recipe', 'at least 1.5'),
          ('our_epoch', 'bare_epoch', 'an epoch against a bare PyTorch loop', 'at least 1/1.08 = 0.926'),
          ('frozen_epoch', 'our_epoch', 'an epoch of the frozen run against one of the others', 'at least 3'),
          ('our_loader', 'stock_loader', 'the loader against fastai\'s stock loader', 'at least 10')]

def measure(case, n, threads): return float(run_apart(__file__, '--case', case, '--n', n, threads=threads))

@call_parse
def main(
    rounds:int=3, # Measurements of each case; the fastest counts
    n:int=12, # Steps of a measurement
    threads:int=2, # Number of threads that PyTorch may use
    case:str='', # Only measure this one, once, and print images a second
    out:Path=OUT, # Folder for training.csv and training.json
):
    "Images a second of steps, epochs and loaders, and their ratios"
    if case: return print(CASES[case](n))
    busy = load()
    runs = pd.DataFrame([(o, measure(o, n*(4 if 'loader' in o else 1), threads)) for _ in range(rounds) for o in CASES], columns=['case', 'images_per_second'])
    best = runs.groupby('case', sort=False).images_per_second.max()
    table = pd.DataFrame([dict(what=what, images_per_second=round(best[a], 1), against=round(best[b], 1), ratio=round(best[a]/best[b], 3),
                               asked=asked) for a,b,what,asked in RATIOS])
    print(table.to_string(index=False))
    save_table(out/'training.csv', table)
    save_json(out/'training.json', dict(
        rounds=rounds, steps=n, threads=threads, load_before=busy, counted='the fastest of all rounds',
        runs=runs.round(2).to_dict('list'), **provenance()))

"""The study of the five runs, stage by stage: see results/study/README.md, which was written before the first training.

    python benchmarks/study.py A --data fer2013.tar.gz
    python benchmarks/study.py C --data fer2013.tar.gz --only adam_pretrained,0.004,10

One command runs a stage and says how long it will take. Interrupted, it goes on after the last finished epoch. Started twice, the two share the work.
What a training leaves in results/study/<stage>/ is a JSON file with its settings, history and PublicTest metrics, and, in the stages
that are reported, a file with the probabilities for the faces of PrivateTest. The labels of PrivateTest are not looked at here: only the report joins them.
"""
import json, shlex, sys, time
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pandas as pd
from fastcore.basics import noop, store_attr
from fastcore.script import call_parse
from filelock import FileLock, Timeout

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from fer_course.core.errors import InputError
from fer_course.core.cache import write_whole

RATES = [2.5e-4*2**i for i in range(7)]
PRETRAINED, SCRATCH = ('adam_pretrained', 'rmsprop_pretrained'), ('adam_scratch', 'rmsprop_scratch')
FIVE = (*PRETRAINED, *SCRATCH, 'adam_frozen')
DEBIASED = 'rmsprop_debiased_pretrained', 'rmsprop_debiased_scratch' # RMSProp with Adam's bias correction
PARTLY = {'adam_freeze7': 7, 'adam_freeze6': 6} # pretrained, Adam, so many groups frozen
TUNING, FRESH = (0, 1, 2), tuple(range(10, 20))
WIDER = 2 # how often a grid may grow where its best rate is one of its ends

class Stage:
    "What a stage trains: `arms` with `seeds`, on `subset` training faces (all where None), for `epochs`"
    def __init__(self, arms, seeds, subset, epochs, sealed, rates): store_attr()

def grid(name, arm):
    "The rates of a tuning stage: they double, and the grid grows where its best rate is an end of it"
    rates = RATES if name in 'AB' else [best_rate('A', arm)*2.**i for i in (-2, -1, 0, 1, 2)]
    for _ in range(WIDER):
        losses = rate_losses(name, arm)
        if not set(rates) <= losses.keys(): break # not all of them are trained yet
        best = min(losses, key=losses.get)
        if best==min(rates): rates = [best/2, *rates]
        elif best==max(rates): rates = [*rates, best*2]
        else: break
    return rates

def chosen(stage, of=None): return lambda arm: [best_rate(stage, of or arm)]

STAGES = {
    'A': Stage(FIVE, TUNING, 5000, 5, False, lambda arm: grid('A', arm)),
    'B': Stage(DEBIASED, TUNING, 5000, 5, False, lambda arm: grid('B', arm)),
    'C': Stage((*FIVE, *DEBIASED), FRESH, 5000, 5, True, lambda arm: [best_rate('B' if arm in DEBIASED else 'A', arm)]),
    'D': Stage(FIVE, TUNING[:1], None, 4, False, lambda arm: grid('D', arm)),
    'E': Stage(FIVE, FRESH[:5], None, 12, True, chosen('D')),
    'F': Stage(tuple(PARTLY), FRESH[:3], None, 12, True, chosen('D', 'adam_pretrained')),
    'G': Stage(SCRATCH, FRESH[:3], None, 48, True, chosen('D')),
}
HERE = ROOT/'results'/'study'

# what is known of finished trainings

def rows(name):
    "What the finished trainings of a stage left, one dict each"
    return [json.loads(o.read_text()) for o in sorted((HERE/name).glob('*.json'))]

def rate_losses(name, arm):
    "rate → mean loss on PublicTest after the last epoch, for rates with all seeds of the stage"
    found = pd.DataFrame([dict(lr=o['lr'], seed=o['seed'], loss=o['valid']['loss']) for o in rows(name) if o['run']==arm], columns=['lr', 'seed', 'loss'])
    whole = found.groupby('lr').filter(lambda d: set(STAGES[name].seeds) <= set(d.seed))
    return whole.groupby('lr').loss.mean().to_dict()

def best_rate(name, arm):
    "The rate with the lowest mean loss on PublicTest, of a stage that is whole"
    losses, rates = rate_losses(name, arm), STAGES[name].rates(arm)
    if missing := sorted(set(rates)-losses.keys()):
        raise InputError(f'stage {name} has no loss yet of {arm} at {", ".join(f"{o:g}" for o in missing)}; run python benchmarks/study.py {name} first')
    return min(losses, key=losses.get)

def jobs(name):
    "(arm, rate, seed) of a stage, so that a stage that is cut short has whole seeds"
    stage = STAGES[name]
    rates = {arm: stage.rates(arm) for arm in stage.arms}
    return [(arm, lr, seed) for seed in stage.seeds for arm in stage.arms for lr in rates[arm]]

# one training

def arguments(arm):
    "What `fer_learner` is given for an arm"
    from correction import optimizers
    from fer_course.records.runs import RUNS
    if arm in RUNS: return RUNS[arm]
    if arm in PARTLY: return dict(RUNS['adam_pretrained'], freeze_to=PARTLY[arm])
    return dict(opt_func=optimizers()['rmsprop_corrected'], pretrained=arm.endswith('pretrained'), freeze_to=0)

def settings(name, arm, lr, seed, faces):
    args = arguments(arm)
    opt = 'RMSProp with bias correction' if arm in DEBIASED else args['opt_func']
    return dict(stage=name, run=arm, lr=lr, seed=seed, epochs=STAGES[name].epochs, n_train=int((faces.split=='train').sum()), opt_func=opt,
                pretrained=args['pretrained'], freeze_to=args['freeze_to'], cached=cached(name, arm), arch='tf_efficientnet_lite0', size=64, bs=64,
                data=dict(name=faces.name, fingerprint=faces.fingerprint()))

def cached(name, arm): return name=='A' and arm=='adam_frozen' # only its rate is chosen this way; what is reported of it is trained in full

def learner(faces, dls, s, work):
    "The arm's Learner: whole, or its head on features that were computed once"
    import torch
    from fastai.torch_core import TensorCategory
    from fer_course.train.cached import cached_features, head_learner
    from fer_course.train.learner import check_trainable, fer_learner
    from fer_course.train.callbacks import seed_all
    seed_all(s['seed'])
    learn = fer_learner(dls, s['arch'], **arguments(s['run']))
    check_trainable(learn, s['freeze_to'])
    if not s['cached']: return learn, learn
    path = work/f'features-{faces.fingerprint()}.pt'
    with FileLock(path.with_suffix('.lock')):
        if not path.exists():
            seed_all(0)
            features = [(x, y.as_subclass(torch.Tensor)) for x,y in cached_features(learn, views=5)] # plain, so that opening the file runs no code
            write_whole(path, lambda f: torch.save(features, f))
    seed_all(s['seed'])
    features = [(x, TensorCategory(y)) for x,y in torch.load(path, weights_only=True)]
    return learn, head_learner(learn, features)

def fit(learn, s, ckpt):
    "Train, going on from the checkpoint; the history with the processor's seconds"
    from fer_course.train.callbacks import Checkpoint, SeedEpochs, read_checkpoint, resume
    class Clocked(Checkpoint):
        def before_epoch(self):
            super().before_epoch()
            self.began_cpu = time.process_time()
        def save(self):
            self.history[-1]['cpu_seconds'] = round(time.process_time()-self.began_cpu, 2)
            super().save()
    history = resume(learn, read_checkpoint(ckpt, s))
    cb = Clocked(ckpt, s, f'{s["stage"]} {s["run"]} {s["lr"]:g} seed {s["seed"]}', len(history), history)
    learn.logger = noop
    with learn.no_bar(): learn.fit_one_cycle(s['epochs'], s['lr'], start_epoch=len(history), cbs=[SeedEpochs(s['seed']), cb])
    return cb.history

def name_of(arm, lr, seed): return f'{arm}-lr{lr:g}-seed{seed}'

def command(name, arm, lr, seed): return shlex.join(['python', 'benchmarks/study.py', name, '--only', f'{arm},{lr:g},{seed}'])

def train(name, arm, lr, seed, faces, dls, work, device):
    "One training, and what it leaves"
    import torch
    from fer_course.records.metrics import metrics, preds_table
    from fer_course.nets.modelfile import predict_faces
    from fer_course.records.record import describe_machine, git_commit, package_versions
    s, began = settings(name, arm, lr, seed, faces), datetime.now(timezone.utc)
    ckpt = work/name/f'{name_of(arm, lr, seed)}.ckpt'
    whole, part = learner(faces, dls, s, work)
    history = fit(part, s, ckpt)
    valid, test = (faces.take(faces.split==o) for o in ('valid', 'test'))
    if STAGES[name].sealed:
        millionths = np.round(predict_faces(whole.model, test.imgs, s['size'])*1e6).astype('int32')
        write_whole(HERE/name/f'{name_of(arm, lr, seed)}.npz', lambda f: np.savez_compressed(f, test=millionths))
    row = dict(s, history=history, valid=metrics(preds_table(predict_faces(whole.model, valid.imgs, s['size']), valid.labels, vocab=faces.vocab)),
               threads=torch.get_num_threads(), device=device,
               cpu_seconds=round(sum(o['cpu_seconds'] for o in history), 1), seconds=round(sum(o['seconds'] for o in history), 1),
               command=command(name, arm, lr, seed), started=began.isoformat(timespec='seconds'), git=git_commit(), machine=describe_machine(),
               versions=package_versions())
    write_whole(HERE/name/f'{name_of(arm, lr, seed)}.json', lambda f: f.write((json.dumps(row, indent=1)+'\n').encode()))
    ckpt.unlink()
    return row

# a stage

def todo(name): return [o for o in jobs(name) if not (HERE/name/f'{name_of(*o)}.json').exists()]

def forecast(name, left):
    "Processor hours that are left, from what trainings took that are finished, by faces and epochs"
    done = [o for n in STAGES for o in rows(n) if not o['cached']]
    if not done: return 'how long it takes is known after the first training'
    per_face = sum(o['cpu_seconds'] for o in done)/sum(o['n_train']*o['epochs'] for o in done)
    stage = STAGES[name]
    faces = sum((stage.subset or 28709)*stage.epochs for arm,*_ in left if not cached(name, arm))
    return f'about {faces*per_face/3600:.1f} processor hours'

def run(name, only, data, work, device):
    from fer_course.data.block import fer_dls
    from fer_course.data.readers import load_faces
    faces = load_faces(data, subset=STAGES[name].subset)
    dls = fer_dls(faces, bs=64, size=64, device=device)
    (HERE/name).mkdir(parents=True, exist_ok=True)
    (work/name).mkdir(parents=True, exist_ok=True)
    wait = False
    while left := [only] if only else todo(name): # the list may grow, with the grid
        print(f'stage {name}: {len(left)} trainings left, {forecast(name, left)}', flush=True)
        for job in left:
            try:
                with FileLock(work/name/f'.{name_of(*job)}.lock', blocking=wait):
                    if only or not (HERE/name/f'{name_of(*job)}.json').exists(): train(name, *job, faces, dls, work, device)
                wait = False
                break
            except Timeout: pass # another process is at it
        else: wait = True # other processes are at all that is left
        if only and not wait: break

@call_parse
def main(
    stage:str, # A to G, or several of them, separated by commas
    only:str='', # One training: run,rate,seed; it is trained again where it is recorded already
    data:str='fer2013', # FER2013, by name or path
    work:Path=ROOT/'models'/'study', # Folder for checkpoints and cached features
    out:Path=HERE, # Folder of the study
    device:str='cpu', # 'cpu' or 'cuda'
):
    global HERE
    import torch
    HERE = Path(out)
    torch.set_num_threads(1)
    for name in stage.split(','):
        if name not in STAGES: raise InputError(f'no stage {name}; there are {", ".join(STAGES)}')
        arm, lr, seed = only.split(',') if only else (None,)*3
        run(name, only and (arm, float(lr), int(seed)), data, Path(work), device)

"""What cached features save in the frozen run, and whether it costs accuracy: the head on k cached views of 5,000 faces of FER2013, beside the recorded run.

    python benchmarks/cached.py --data fer2013.tar.gz

Settings and seeds are those of results/fer2013-5000/adam_frozen. Nothing is chosen by it, so that it is judged on the test faces. Time is the
processor's, of one thread, so that a busy machine makes it little longer; an epoch of the frozen run is trained here for its time alone, and only the
training part of each epoch counts.
"""
from pathlib import Path

import pandas as pd
from fastai.vision.all import *
from common import DATA, OUT, cpu_time, numbers, provenance, save_json, save_table
from fit import Clock, NoValid, fit_quietly
from fer_course.train.cached import cached_features, head_learner
from fer_course.data.block import fer_dls
from fer_course.records.runs import RUNS
from fer_course.train.learner import fer_learner
from fer_course.records.metrics import bootstrap_diff, metrics, preds_table
from fer_course.data.readers import load_faces
from fer_course.records.record import read_records
from fer_course.train.callbacks import seed_all

def fit(learn, seed, epochs, lr): # processor seconds of the fastest epoch
    clock = Clock()
    fit_quietly(learn, epochs, lr, seed, [NoValid(), clock])
    return min(clock.seconds)

def preds(learn, features, faces): # of the last part, the test faces
    with torch.no_grad(): p = learn.model[1][2:].eval()(features[-1][0][0]).softmax(1).numpy()
    test = faces.take(faces.split=='test')
    return preds_table(p, test.labels, vocab=faces.vocab)

@call_parse
def main(
    data:str=DATA, # FER2013, by name or path
    results:Path=Path('results/fer2013-5000/adam_frozen'), # Records of the frozen run
    views:str='1,2,5', # Views of each training face, separated by commas
    out:Path=OUT, # Folder for cached.csv and cached.json
):
    torch.set_num_threads(1)
    records = read_records(results)
    c = records[0].config
    faces = load_faces(data, subset=c['n_train'])
    assert faces.fingerprint()==c['data']['fingerprint'], 'these are not the faces of the records'
    new = lambda seed: (seed_all(seed), fer_learner(dls, **RUNS['adam_frozen']))[1]
    dls = fer_dls(faces, bs=c['bs'], size=c['size'], device='cpu')
    frozen_epoch = fit(new(0), 0, 1, c['lr'])
    ks = numbers(views)
    features, asking = cpu_time(lambda: cached_features(new(0), max(ks)))
    per_view = asking*c['n_train']/(c['n_train']*max(ks) + sum(len(o[1]) for o in features[1:])) # the valid and test faces are asked once
    rows = []
    for k in ks:
        for r in records:
            whole, seed = new(r.config['seed']), r.config['seed']
            some = [(features[0][0][:k], features[0][1]), *features[1:]]
            head = head_learner(whole, some)
            epoch = fit(head, seed, c['epochs'], c['lr'])
            p = preds(whole, some, faces)
            diff = bootstrap_diff(p, r.predictions)['accuracy']
            m = metrics(p)
            rows.append(dict(views=k, seed=seed, accuracy=m['accuracy'], macro_f1=m['macro_f1'], loss=m['loss'],
                             frozen_accuracy=r.metrics['test']['accuracy'], frozen_macro_f1=r.metrics['test']['macro_f1'], accuracy_diff=diff['diff'],
                             diff_lo=diff['lo'], diff_hi=diff['hi'],
                             epoch_seconds=round(epoch, 3), n=m['n']))
            print(rows[-1], flush=True)
    table = pd.DataFrame(rows)
    save_table(out/'cached.csv', table)
    info = dict(frozen_epoch=round(frozen_epoch, 2), cached_epoch=float(table.epoch_seconds.median()),
                ask_one_view=round(per_view, 2), ratio=round(frozen_epoch/table.epoch_seconds.median(), 1), epochs=c['epochs'], lr=c['lr'],
                n_train=c['n_train'],
                data=faces.name, fingerprint=faces.fingerprint(), threads=1,
                counted='processor seconds of the training part of an epoch, the fastest of a training', **provenance())
    save_json(out/'cached.json', info)
    print(table.groupby('views')[['accuracy', 'frozen_accuracy', 'accuracy_diff', 'macro_f1', 'frozen_macro_f1', 'epoch_seconds']].mean().round(4))
    print({k: info[k] for k in ('frozen_epoch', 'cached_epoch', 'ask_one_view', 'ratio')})

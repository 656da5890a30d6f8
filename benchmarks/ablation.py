"""What each ingredient of the recipe gives: the recipe without it, and with mixup on top, on the same 5,000 faces of FER2013, three seeds.

    python benchmarks/ablation.py --data fer2013.tar.gz

Pictures are smaller and epochs fewer than in the recipe itself (48 px, then 64 px, 6 epochs), so that all of it fits into an hour or two on two
cores. Each training leaves a record below results/recipes/fer2013-5000/ as it ends, and the same command goes on where it was stopped. `ablation.csv`
in --out compares each with the whole recipe over the same test faces. What mirrored answers give needs no training of its own: the whole recipe's
models are judged without them.
"""
from pathlib import Path

import pandas as pd
from fastcore.script import call_parse

from common import DATA, OUT, ROOT, provenance, save_json, save_table
from fer_course.records.metrics import bootstrap_diff, metrics, mean_over_seeds, preds_table
from fer_course.data.readers import load_faces

SMALL = dict(epochs=6, size=64, sizes=[48,64])
OFF = dict(sizes=None, label_smoothing=0., erase=0., ema=0.)

def arms(best):
    "Name → settings: the recipe, the recipe without each ingredient, with one more, and with none"
    whole = {**best, **SMALL}
    return {'whole': whole, **{f'without_{k}': {**whole, k: v} for k,v in OFF.items()}, 'with_mixup': {**whole, 'mixup': .2},
            'plain': {**whole, **OFF, 'tta': False}}

def unmirrored(record, models, faces):
    "Test predictions of a record's model without mirrored answers"
    from fer_course.nets.modelfile import load_network, predict_faces
    c, part = record.config, faces.take(faces.split=='test')
    model, card = load_network(models/c['data']['name']/c['run']/f'seed{c["seed"]}')
    return preds_table(predict_faces(model, part.imgs, card['size']), part.labels, vocab=faces.vocab)

def row(name, preds, whole):
    accs, diffs = [metrics(p)['accuracy'] for p in preds], [bootstrap_diff(p, w)['accuracy'] for p,w in zip(preds, whole)]
    a, d = mean_over_seeds(accs), mean_over_seeds([o['diff'] for o in diffs])
    return dict(arm=name, seeds=len(preds), accuracy=a['mean'], accuracy_sd=a['sd'], macro_f1=mean_over_seeds([metrics(p)['macro_f1'] for p in preds])['mean'],
                against_whole=d['mean'], against_whole_lo=d['lo'], against_whole_hi=d['hi'])

@call_parse
def main(
    data:str=DATA, # FER2013, by name or path
    n:int=5000, # Training faces
    seeds:int=3, # Number of seeds with which each variant is trained
    models:Path=Path('models/recipes'), # Folder of the trained models
    out:Path=OUT, # Folder for the table
):
    from fer_course.records.runs import RECIPES
    from fer_course.train.run import train_run
    faces = load_faces(data, subset=n)
    todo = arms(RECIPES['best'])
    records = {k: [] for k in todo}
    for seed in range(seeds):
        for k,settings in todo.items(): records[k].append(train_run(faces, k, seed, out=ROOT/'results/recipes', models=models, bar=False, **settings))
    preds = {k: [o.predictions for o in rs] for k,rs in records.items()}
    preds['without_tta'] = [unmirrored(o, models, faces) for o in records['whole']]
    table = pd.DataFrame([row(k, p, preds['whole']) for k,p in preds.items()]).round(6)
    print(table.to_string(index=False))
    save_table(out/'ablation.csv', table)
    save_json(out/'ablation.json', dict(settings=todo, n_train=n, fingerprint=faces.fingerprint(), **provenance()))

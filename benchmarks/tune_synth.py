"""Search the intensities of the drawn prototypes for those that a network reads best, and ask another network whether it agrees.

    python benchmarks/tune_synth.py fer models/fer2013/adam_pretrained/seed0

Coordinate by coordinate: one unit of one expression is made a step stronger or weaker in all variants that have it, the same faces are drawn again,
and the change is kept where the network gives the expression a higher mean log-probability. The faces that judge the result are others than those of
the search. Only the gain that the held-out network sees says anything about the drawing: the other network was asked what it likes. A held-out
network must be trained apart; 'small' learned from 'fer', so the two are no independent pair. It prints, and changes no table: whoever takes a change
over writes it into nbs/lib/synth/drawing.ipynb and raises VERSION.
"""
from unittest.mock import patch

import numpy as np
import pandas as pd
from fastcore.script import call_parse

import common # puts the library beside us on the path
from fer_course.core.errors import check_name
from fer_course.core.faceset import VOCAB
from fer_course.nets.predictor import load_predictor
from fer_course.synth import drawing

def read_prototypes(predictor, expression, variants, n, seed):
    "Probabilities of `n` faces drawn from `variants` of an expression, as a predictor reads them"
    with patch.dict(drawing.PROTOTYPES, {expression: variants}):
        faces = drawing.render(drawing.sample(np.full(n, VOCAB.index(expression)), seed))
        return predictor.probs(faces)

def fit(predictor, expression, variants, n, seed):
    "Mean log-probability of the expression that was meant"
    probs = read_prototypes(predictor, expression, variants, n, seed)[:, predictor.vocab.index(expression)]
    return float(np.log(np.maximum(probs, 1e-6)).mean())

def shift(variants, unit, by):
    "The variants with one unit stronger, or weaker, wherever it stands"
    def moved(often, lo, hi): return often, *(round(float(np.clip(o+by, 0, 1)), 2) for o in (lo, hi))
    return [(weight, {u: moved(*v) if u==unit else v for u,v in units.items()}) for weight,units in variants]

def search(predictor, expression, n, seed, step, rounds):
    "The best variants found, and every change that was kept"
    variants, kept = drawing.PROTOTYPES[expression], []
    best = fit(predictor, expression, variants, n, seed)
    order = np.random.default_rng(seed)
    for _ in range(rounds):
        for unit in order.permutation(sorted({u for _,units in variants for u in units})):
            for by in (step, -step):
                tried = shift(variants, unit, by)
                score = fit(predictor, expression, tried, n, seed)
                if score<=best: continue
                variants, best = tried, score
                kept.append(dict(expression=expression, unit=str(unit), by=by, log_prob=round(score, 4)))
                break
    return variants, kept

def judge(predictors, expression, before, after, n, seed):
    "A row for each network: how it reads faces that no search has seen, drawn from the old and the new variants"
    def reading(predictor, variants):
        probs = read_prototypes(predictor, expression, variants, n, seed)
        return float((probs.argmax(1)==predictor.vocab.index(expression)).mean())
    return [dict(expression=expression, network=name, faces=n, before=reading(o, before), after=reading(o, after)) for name,o in predictors.items()]

@call_parse
def main(
    model:str, # The network to tune against: 'fer', 'small', or a model's path
    held_out:str, # The network that judges, trained apart from the first
    expressions:str=','.join(VOCAB), # Expressions to tune, separated by commas
    n:int=140, # Faces of each expression in the search
    n_judged:int=400, # Faces of each expression that judge the result
    step:float=.1, # By how much an intensity is changed
    rounds:int=1, # How often each unit is tried
    seed:int=3000, # Random seed of the search; the faces that judge have the next one
):
    "Print what would change in the prototypes, and how both networks read the faces before and after"
    predictors = {f'{model} (tuned against)': load_predictor(model), f'{held_out} (held out)': load_predictor(held_out)}
    kept, rows = [], []
    for expression in expressions.split(','):
        before = drawing.PROTOTYPES[check_name(expression, VOCAB, 'expression')]
        after, changes = search(next(iter(predictors.values())), expression, n, seed, step, rounds)
        kept += changes
        rows += judge(predictors, expression, before, after, n_judged, seed+1)
        print(f'{expression!r}: {after},', flush=True)
    print(f'\nKept, {len(kept)} changes of {step}:\n' + (pd.DataFrame(kept).to_string(index=False) if kept else 'none'))
    print(f'\nShare read as meant, on {n_judged} other faces of each expression (drawing {drawing.VERSION}):\n'
          + pd.DataFrame(rows).round(3).to_string(index=False))

"""What is in FER2013: classes, duplicates, and what ten people said about each face. Numbers only.

    python benchmarks/fer2013_facts.py --data fer2013.tar.gz --votes fer2013new.csv

Leaves in --out: `facts.json` (class counts, duplicates, agreement), `relabelled.csv` (FER2013's label in rows, the answer that most people of FER+
gave in columns, all faces) and `test_faces.csv.gz` (for each face of PrivateTest: does it stand in training too, and among the 5,000 training faces
of `--subset 5000`; how far do people agree on it, what did most of them say).
"""
from pathlib import Path

import numpy as np
import pandas as pd
from common import DATA, ROOT, provenance, save_json, save_table
from fastcore.script import call_parse
from fer_course.core.faceset import VOCAB
from fer_course.data.fer2013 import VOTES, read_votes
from fer_course.data.readers import load_faces

ANSWERS = [*VOCAB, 'contempt', 'unknown', 'not a face']

def agreement(votes):
    "Chance that two of those who looked at a face said the same, for each row of counts `[n, answers]`"
    n = votes.sum(1)
    return (votes*(votes-1)).sum(1)/(n*(n-1))

def majority(votes):
    "The answer of more than half, '' where there is none"
    best = np.array(ANSWERS)[votes.argmax(1)]
    return np.where(votes.max(1)*2>votes.sum(1), best, '')

def find_leaked(faces):
    "Faces of PrivateTest, and whether the same pixels stand in training"
    keys = lambda split: [o.tobytes() for o in faces.imgs[faces.split==split]]
    train = set(keys('train'))
    return [o in train for o in keys('test')]

@call_parse
def main(
    data:str=DATA, # FER2013, by name or path
    votes:str='fer2013new.csv', # Path of FER+'s votes
    out:Path=ROOT/'results'/'fer2013-facts', # Folder for what was found
):
    faces, table = load_faces(data), read_votes(votes)
    v = table.rename(columns=VOTES)[ANSWERS].to_numpy()
    v, label, test = v[faces.meta.row], np.array(VOCAB)[faces.labels], faces.split=='test'
    most, same = majority(v), agreement(v)
    print(faces.counts())
    facts = dict(counts=faces.counts().to_dict('index'), duplicates=faces.duplicate_counts(),
                 agreement=dict(all=same.mean().round(4), test=same[test].mean().round(4), **{c: same[label==c].mean().round(4) for c in VOCAB}),
                 no_majority=float((most=='').mean().round(4)), not_a_face=int((most=='not a face').sum()),
                 same_as_fer2013=float((most==label).mean().round(4)),
                 fingerprint=faces.fingerprint(), **provenance())
    save_json(out/'facts.json', facts, default=float)
    people = pd.Series(np.where(most=='', 'no majority', most), name='people')
    relabelled = pd.crosstab(pd.Series(label, name='label'), people).reindex(columns=[*ANSWERS, 'no majority'], fill_value=0)
    save_table(out/'relabelled.csv', relabelled, index=True)
    faces_of_test = pd.DataFrame(dict(
        item=np.arange(test.sum()), target=label[test], in_train=find_leaked(faces), in_5000=find_leaked(faces.subset(5000)),
        agree=same[test].round(3), people=most[test]))
    save_table(out/'test_faces.csv.gz', faces_of_test, compression=dict(method='gzip', mtime=0))
    print(relabelled, facts['duplicates'], facts['agreement'], sep='\n')

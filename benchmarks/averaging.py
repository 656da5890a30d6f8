"""What averaging the answers to several copies of a face gives, on PublicTest: `python benchmarks/averaging.py --data fer2013.tar.gz`

The two models of the package are asked about each face as it is, moved by two pixels to each side, and with two or three pixels cut off all around
(and resized to what it was). A way that averages k copies takes k times as long. Both models average the mirrored face already."""
from pathlib import Path

import numpy as np
import pandas as pd
from fastcore.script import call_parse
from PIL import Image
from common import DATA, OUT, provenance, save_json, save_table
from fer_course.core.cli import cli

SHIFT = 2 # pixels of FER2013's 48
WAYS = {'as it is': ['as it is'], 'moved up, down, left and right': ['as it is', 'up', 'down', 'left', 'right'],
        'cut by 2 px': ['as it is', 'cut 2'], 'cut by 2 and by 3 px': ['as it is', 'cut 2', 'cut 3']}

def moved(imgs, dy, dx):
    "Faces `uint8 [n, h, w]` moved by some pixels; what comes in repeats the edge"
    h, w = imgs.shape[1:]
    wide = np.pad(imgs, ((0, 0), (SHIFT,)*2, (SHIFT,)*2), mode='edge')
    return np.ascontiguousarray(wide[:, SHIFT+dy:SHIFT+dy+h, SHIFT+dx:SHIFT+dx+w])

def cut(imgs, n):
    "Faces with `n` pixels cut off on each side, resized to what they were"
    h, w = imgs.shape[1:]
    return np.stack([np.asarray(Image.fromarray(o).resize((w, h), Image.Resampling.BILINEAR, box=(n, n, w-n, h-n))) for o in imgs])

def copies(imgs):
    "The copies that are averaged, by name"
    return {'as it is': imgs, 'up': moved(imgs, SHIFT, 0), 'down': moved(imgs, -SHIFT, 0), 'left': moved(imgs, 0, SHIFT), 'right': moved(imgs, 0, -SHIFT),
            'cut 2': cut(imgs, 2), 'cut 3': cut(imgs, 3)}

def compare(model, probs, codes):
    "A row for each way: accuracy and loss, and the difference from the face as it is with its interval over faces"
    from fer_course.records.metrics import metrics, preds_table
    from fer_course.records.seeds import compare_crossed
    rows, hits = [], {}
    for way,names in WAYS.items():
        p = np.mean([probs[o] for o in names], axis=0)
        m = metrics(preds_table(p, codes))
        hits[way] = p.argmax(1)==codes
        o = compare_crossed(hits[way][None], hits['as it is'][None])
        rows.append(dict(model=model, way=way, copies=len(names), accuracy=m['accuracy'], loss=m['loss'], n=m['n'],
                         accuracy_diff=o['accuracy_diff'], diff_lo=o['faces_lo'], diff_hi=o['faces_hi']))
    return rows, {f'{model}: {k}': v.astype(int) for k,v in hits.items()}

@call_parse
@cli
def main(
    data:str=DATA, # FER2013, by name or path
    out:Path=OUT, # Folder for averaging.csv, averaging.json and averaging_right.csv.gz
):
    "Average over copies of each face of PublicTest, with both models of the package"
    from fer_course.data.readers import load_faces
    from fer_course.nets.predictor import load_predictor
    faces = load_faces(data)
    faces = faces.take(faces.split=='valid')
    views, rows, right = copies(faces.imgs), [], {}
    for model in ('fer', 'small'): # our own, the recipes best and small
        predictor = load_predictor(model)
        found, hits = compare(model, {k: predictor.probs(o) for k,o in views.items()}, np.asarray(faces.labels))
        rows += found
        right.update(hits)
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    save_table(out/'averaging.csv', table)
    save_table(out/'averaging_right.csv.gz', pd.DataFrame(right), compression=dict(method='gzip', mtime=0))
    save_json(out/'averaging.json', dict(split='valid', fingerprint=faces.fingerprint(), shift=SHIFT, **provenance()))

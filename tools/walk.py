"""The walk of a set of faces from `fer-train` to a record: python tools/walk.py

A few faces are trained on, and each call of one of our functions is looked at: which modules are given a FaceSet, and which run at all, in the order in which they are met.
An older commit is walked with its own modules:

    git worktree add ../before d7e0d24
    PYTHONPATH=../before python tools/walk.py
"""
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from fastcore.script import call_parse

def module_of(code):
    "Name of the library's module that some code is in, '' if it is in none"
    parts = Path(code.co_filename).with_suffix('').parts
    return '.'.join(parts[parts.index('fer_course')+1:]) if 'fer_course' in parts else ''

def is_given_faces(frame): return any(type(o).__name__=='FaceSet' for o in frame.f_locals.values())

@contextmanager
def watched(
    met:dict, # Gets `{module: functions that were given a FaceSet}`, in order
):
    "Watch all calls of the library's functions"
    def see(frame, event, arg):
        if event!='call' or not (name := module_of(frame.f_code)): return
        given = met.setdefault(name, [])
        if is_given_faces(frame) and frame.f_code.co_name not in given: given.append(frame.f_code.co_name)
    sys.setprofile(see)
    try: yield
    finally: sys.setprofile(None)

@call_parse
def main(
    run:str='adam_scratch', # The run to train
):
    "Print which modules a FaceSet passes through in a training, and which run at all"
    from fer_course.commands import fer_train
    met = {}
    with TemporaryDirectory() as d, watched(met):
        fer_train(data='synth', runs=run, subset=64, epochs=1, size=32, bs=16, device='cpu', out=f'{d}/results', models=f'{d}/models')
    walk = {k: v for k,v in met.items() if v}
    for k,v in walk.items(): print(f'{k}: {", ".join(v)}')
    rooms = {k.split('.')[0] for k in walk if '.' in k}
    print(f'\nA FaceSet passes through {len(walk)} modules' + (f' in {len(rooms)} rooms' if rooms else ''))
    print(f'{len(met)} modules run: {", ".join(met)}')

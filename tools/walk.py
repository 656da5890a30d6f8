"""The walk of a set of faces from `fer-train` to a record: python tools/walk.py

A small network is trained on a few drawn faces, and every call of one of our functions is looked at: which modules hold a FaceSet in a variable,
and which run at all, in the order of their first calls.
"""
import sys
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from fastcore.script import call_parse

@cache
def module_of(code):
    "Name of the library's module that some code is in, '' if it is in none"
    parts = Path(code.co_filename).with_suffix('').parts
    return '.'.join(parts[parts.index('fer_course')+1:]) if 'fer_course' in parts else ''

def holds_faces(frame): return any(type(o).__name__=='FaceSet' for o in frame.f_locals.values())

@contextmanager
def watched(
    met:dict, # Gets `{module: functions that hold a FaceSet}`
):
    "Watch all calls of the library's functions"
    def see(frame, event, arg):
        name, f = module_of(frame.f_code), frame.f_code.co_name
        if not name or f.startswith('<') or event not in ('call', 'return'): return
        functions = met.setdefault(name, [])
        if f not in functions and holds_faces(frame): functions.append(f)
    sys.setprofile(see)
    try: yield
    finally: sys.setprofile(None)

@call_parse
def main(
    run:str='adam_scratch', # The run to train
):
    "Print which modules a FaceSet passes through in a training, and which run at all"
    import fer_course.all # imports take minutes under watch
    from fer_course import synth
    from fer_course.commands import fer_train
    met, few = {}, partial(synth.faces, 60) # so would the usual 4,000
    with TemporaryDirectory() as d, patch('fer_course.synth.drawing.faces', few), watched(met):
        fer_train(data='synth', runs=run, arch='fer_small', epochs=1, size=32, bs=16, device='cpu', out=f'{d}/results', models=f'{d}/models')
    walk = {k: v for k,v in met.items() if v}
    for k,v in walk.items(): print(f'{k}: {", ".join(v)}')
    print(f'\nA FaceSet passes through {len(walk)} of {len(met)} modules that run: {", ".join(met)}')

"Write clean/ from nbs/lessons/: headings, code and exercises, no words and no outputs"
import re
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent

def _level(cell): return len(m[0]) if (m := re.match('#+', cell.source)) else 0

def _kept(nb):
    "Code, headings, and all below a heading that says exercise"
    inside = 0 # level of the heading of the exercise that we are in
    for cell in nb.cells:
        if cell.cell_type=='code':
            if not re.search(r'^#\| *hide', cell.source, re.M): yield cell
        elif n := _level(cell):
            if inside and n<=inside: inside = 0
            if not inside and 'exercise' in cell.source.lower().splitlines()[0]: inside = n
            yield cell
        elif inside: yield cell

def clean_copy(
    fn:Path, # A lesson
)->str: # A notebook, as text
    "The clean copy of a lesson"
    nb = nbformat.read(fn, 4)
    nb.cells = list(_kept(nb))
    for o in nb.cells:
        if o.cell_type=='code': o.outputs, o.execution_count = [], None
    return nbformat.writes(nb) + '\n'

def write_clean(
    root:Path=ROOT, # A clone
):
    "Write the clean copy of each lesson, and take away those whose lesson is gone"
    lessons, clean = Path(root)/'nbs'/'lessons', Path(root)/'clean'
    clean.mkdir(exist_ok=True)
    for fn in clean.glob('*.ipynb'):
        if not (lessons/fn.name).exists(): fn.unlink()
    for fn in sorted(lessons.glob('*.ipynb')): (clean/fn.name).write_text(clean_copy(fn), encoding='utf-8')

if __name__ == '__main__': write_clean()

"Write clean/ from nbs/lessons/: headings, code and exercises, no words and no outputs; with --check write nothing, and fail where it is not up to date"
import re, sys
from pathlib import Path
import nbformat

nbs = Path(__file__).resolve().parent
lessons, clean = nbs/'lessons', nbs.parent/'clean'

def level(cell): return len(m[0]) if (m := re.match('#+', cell.source)) else 0

def kept(nb):
    "Code, headings, and all below a heading that says exercise"
    inside = 0 # level of the heading of the exercise that we are in
    for cell in nb.cells:
        if cell.cell_type=='code':
            if not re.search(r'^#\| *hide', cell.source, re.M): yield cell
        elif n := level(cell):
            if inside and n<=inside: inside = 0
            if not inside and 'exercise' in cell.source.lower().splitlines()[0]: inside = n
            yield cell
        elif inside: yield cell

def cleaned(fn):
    "The clean copy of a lesson, as text"
    nb = nbformat.read(fn, 4)
    nb.cells = list(kept(nb))
    for o in nb.cells:
        if o.cell_type=='code': o.outputs, o.execution_count = [], None
    return nbformat.writes(nb) + '\n'

if __name__ == '__main__':
    want = {fn.name: cleaned(fn) for fn in sorted(lessons.glob('*.ipynb'))}
    have = {fn.name: fn.read_text(encoding='utf-8') for fn in clean.glob('*.ipynb')}
    if '--check' in sys.argv:
        if want!=have: sys.exit(f'run python nbs/make_clean.py and commit clean/: {sorted(k for k in {*want, *have} if want.get(k)!=have.get(k))} are not up to date')
    else:
        clean.mkdir(exist_ok=True)
        for k in have.keys()-want.keys(): (clean/k).unlink()
        for k,v in want.items(): (clean/k).write_text(v, encoding='utf-8')

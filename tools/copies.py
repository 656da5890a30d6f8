"Write two copies of each lesson: colab/ for learners, whole but for what only tests, and clean/ without words, to be read from code alone"
import os, re
from pathlib import Path

import nbformat

from tools.address import address
from tools.notebooks import is_badges, is_hidden

ROOT = Path(__file__).resolve().parent.parent

def _level(cell): return len(m[0]) if (m := re.match('#+', cell.source)) else 0

def _kept(nb):
    "Code, headings, and all below a heading that says exercise"
    inside = 0 # level of the heading of the exercise that we are in
    for cell in nb.cells:
        if cell.cell_type=='code':
            if not is_hidden(cell): yield cell
        elif n := _level(cell):
            if inside and n<=inside: inside = 0
            if not inside and 'exercise' in cell.source.lower().splitlines()[0]: inside = n
            yield cell
        elif inside: yield cell

def _without_outputs(nb):
    for o in nb.cells:
        if o.cell_type=='code': o.outputs, o.execution_count = [], None
    return nbformat.writes(nb) + '\n'

def clean_copy(
    fn:Path, # A lesson
    root:Path=ROOT, # The clone that it is in
)->str: # A notebook, as text
    "A lesson's headings, code and exercises, no words and no outputs"
    nb = nbformat.read(fn, 4)
    nb.cells = list(_kept(nb))
    return _without_outputs(nb)

_LINK = re.compile(r'(?<=\]\()(?!\w+:|#)([^)#\s]+)') # A link to a file of the repository

def _absolute(source, fn, root, where):
    "Links to pages go to the site, and those to other files to the repository"
    def to(m):
        path = Path(os.path.normpath(fn.parent/m[0])).relative_to(root)
        if path.parts[0]!='nbs' or path.suffix not in ('.ipynb', '.md'):
            return f'{where["repo"]}/blob/{where["branch"]}/{path.as_posix()}'
        return f'{where["site"]}/{Path(*path.parts[1:]).with_suffix(".html").as_posix()}'
    return _LINK.sub(to, source)

def learner_copy(
    fn:Path, # A lesson
    root:Path=ROOT, # The clone that it is in
)->str: # A notebook, as text
    "The copy of a lesson that its badges open: no badges, no cells that only test, no outputs, links that hold anywhere"
    nb, where = nbformat.read(fn, 4), address(root)
    nb.cells = [o for o in nb.cells if not is_hidden(o) and not is_badges(o)]
    for o in nb.cells:
        if o.cell_type=='markdown': o.source = _absolute(o.source, Path(fn), Path(root), where)
    return _without_outputs(nb)

COPIES = dict(clean=clean_copy, colab=learner_copy) # Folder → what makes the copy of a lesson that stands there

def write_copies(
    root:Path=ROOT, # A clone
):
    "Write the copies of each lesson, and take away those whose lesson is gone"
    lessons = sorted(Path(root).glob('nbs/lessons/*.ipynb'))
    for name, copy in COPIES.items():
        folder = Path(root)/name
        folder.mkdir(exist_ok=True)
        for fn in {*folder.glob('*.ipynb')}-{folder/o.name for o in lessons}: fn.unlink()
        for fn in lessons: (folder/fn.name).write_text(copy(fn, Path(root)), encoding='utf-8', newline='\n')

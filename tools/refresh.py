"Write everything anew that is generated: addresses, modules, badges, copies of lessons, comparisons, the study's report, pages from records, README.md"
import json, shutil, subprocess, sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT)) # the library beside us, not one installed elsewhere

from fastcore.script import call_parse

from fer_course.core.cli import cli
from fer_course.core.errors import InputError
from tools.address import set_address
from tools.copies import write_copies
from tools.drawn import write_home
from tools.notebooks import set_badges
from tools.readme import run_notebook, write_readme

# In `nbs/`: notebooks whose cells make what they show from this clone and its records
PAGES = ['lib/index.ipynb', 'results.ipynb', 'study.ipynb', 'benchmarks.ipynb', 'teachers.ipynb', 'index.ipynb']

def comparisons(
    root:Path=ROOT, # A clone
)->list: # Folders such as results/recipes/fer2013, relative to it
    "Sets of records of which tables and figures are kept"
    return sorted(o.parent.relative_to(root).as_posix() for o in (Path(root)/'results').rglob('comparison') if o.is_dir())

def tracked(
    root:Path=ROOT, # A clone
)->list: # Paths relative to it
    "Files that git tracks or would track"
    out = subprocess.run(['git', 'ls-files', '-coz', '--exclude-standard'], cwd=root, capture_output=True, check=True).stdout
    return [o for o in out.decode().split('\0') if o and (Path(root)/o).is_file()]

def _run(root, *command): subprocess.run(command, cwd=root, check=True)

def write_all(
    root:Path=ROOT, # A clone
    fast:bool=False, # Leave out what takes longer than seconds?
):
    "Write everything that is generated, in the order in which one thing needs the other"
    where = set_address(root)
    set_badges(root, where['repo'], where['branch'])
    for command in 'nbdev-export', 'nbdev-clean': _run(root, command)
    write_copies(root)
    if not fast:
        write_home(root)
        for name in comparisons(root):
            recipe = name.startswith('results/recipes/') # recipes differ in settings on purpose
            _run(root, 'fer-compare', name, *['--mixed']*recipe)
        _run(root, sys.executable, 'benchmarks/study_report.py') # the stages that it reported before
        for page in PAGES: run_notebook(Path(root)/'nbs'/page, root)
    write_readme(root)

def _without_pictures(
    path:Path, # A file
): # Its bytes, or the notebook that it is without the pictures in its outputs
    if path.suffix!='.ipynb': return path.read_bytes()
    nb = json.loads(path.read_text(encoding='utf-8'))
    for cell in nb['cells']:
        for o in cell.get('outputs', []): o.get('data', {}).pop('image/png', None)
    return nb

def stale(
    root:Path=ROOT, # A clone
    fast:bool=False, # Leave out what takes longer than seconds?
)->list: # Paths relative to it
    "Files that `write_all` would change, found in a copy; pictures aside, which may differ from one matplotlib to the next"
    with TemporaryDirectory() as d:
        copy, before = Path(d)/'clone', tracked(root)
        for o in before:
            (copy/o).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(Path(root)/o, copy/o)
        _run(copy, sys.executable, 'tools/refresh.py', *['--fast']*fast)
        _run(copy, 'git', 'init', '-q')
        now = tracked(copy)
        same = lambda o: o in before and o in now and _without_pictures(copy/o)==_without_pictures(Path(root)/o)
        return sorted(o for o in {*before, *now} if not o.endswith('.png') and not same(o))

@call_parse
@cli
def refresh(
    fast:bool=False, # Leave out what takes longer than seconds: comparisons, and the pages that are made from records
    check:bool=False, # Write nothing, and fail where something is stale
):
    "Write everything that is generated: addresses, badges, modules, copies of the lessons, comparisons, pages made from records, README.md"
    if not check: return write_all(ROOT, fast)
    if names := stale(ROOT, fast): raise InputError(f'run python tools/refresh.py and commit {", ".join(names)}')

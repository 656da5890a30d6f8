"Write everything anew that is generated: addresses, modules, badges, copies of the lessons, figures of comparisons, README.md"
import shutil, subprocess, sys
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

SETS = ['fer2013', 'fer2013-5000', 'synth'] # In `results/`: those that pages show figures of

PAGES = ['lib/index.ipynb', 'index.ipynb'] # In `nbs/`: notebooks whose cells make what they show from this clone

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
        for name in SETS: _run(root, 'fer-compare', f'results/{name}')
        for page in PAGES: run_notebook(Path(root)/'nbs'/page, root)
    write_readme(root)

def stale(
    root:Path=ROOT, # A clone
    fast:bool=False, # As for `write_all`
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
        same = lambda o: o in before and o in now and (copy/o).read_bytes()==(Path(root)/o).read_bytes()
        return sorted(o for o in {*before, *now} if not o.endswith('.png') and not same(o))

@call_parse
@cli
def refresh(
    fast:bool=False, # Leave out what takes longer than seconds: figures of comparisons, and running the home page
    check:bool=False, # Write nothing, and fail where something is stale
):
    "Write everything that is generated: addresses, badges, modules, copies of the lessons, figures of comparisons, README.md"
    if not check: return write_all(ROOT, fast)
    if names := stale(ROOT, fast): raise InputError(f'run python tools/refresh.py and commit {", ".join(names)}')

"Run one notebook as nbdev-test does, in a process forked from one that has imported fastai; say what was run and what was skipped"
import os, sys
from collections import Counter
from pathlib import Path
from nbdev.config import get_config
from nbdev.process import NBProcessor
from nbdev.test import nb_test_cells, test_nb

WHY = dict(slow='slow, run by pytest --slow', cuda='no CUDA device here', shared='../shared is not there')

def has_code(cell): return cell.cell_type=='code' and any(o.strip() and not o.lstrip().startswith('#') for o in cell.source.splitlines())

def can_run(flag, root, slow):
    "Is there what cells with this flag need?"
    if flag=='slow': return slow
    if flag=='shared': return (root.parent/'shared').exists()
    from torch import cuda # Takes seconds, so only for notebooks with such a cell
    return cuda.is_available()

def why_skipped(cell, flags): return next((WHY[o] for o in flags if o in cell.directives_), 'eval: false')

def run(fn, slow):
    "Run the notebook `fn`; counts what was run and, by reason, what was not"
    cfg = get_config(fn.parent)
    cells = [c for c in NBProcessor(fn, rm_directives=False, process=True).nb.cells if has_code(c)]
    flags = [o for o in cfg.tst_flags.split() if any(o in c.directives_ for c in cells) and not can_run(o, cfg.config_path, slow)]
    todo = {c.idx_ for c in nb_test_cells(fn, flags)}
    skipped = Counter(why_skipped(c, flags) for c in cells if c.idx_ not in todo)
    ok,seconds = test_nb(fn, flags, basepath=cfg.config_path, cell_timeout=cfg.cell_timeout)
    return dict(ok=ok, seconds=seconds, cells=sum(c.idx_ in todo for c in cells), skipped=skipped)

def main(tree, fn, env, slow, said, result):
    "In a process of its own: run `fn` as if `tree` were the repository; what it prints goes to the file `said`"
    out = os.open(said, os.O_WRONLY|os.O_CREAT)
    for o in (1, 2): os.dup2(out, o)
    os.environ.clear()
    os.environ.update(env)
    sys.argv, sys.path[:] = [str(fn)], [str(tree), *(o for o in sys.path if 'site-packages' in o or sys.base_prefix in o)]
    sys.dont_write_bytecode = True
    os.chdir(tree)
    result.send(run(fn, slow))

"Run one notebook as nbdev-test does, and print what was run and what was skipped as a line of JSON"
import json, sys
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

# Not `call_parse`: a notebook would take our command line for that of the commands it tests
if __name__=='__main__': print(json.dumps(run(Path(sys.argv[1]), '--slow' in sys.argv)))

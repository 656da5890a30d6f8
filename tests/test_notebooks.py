"Every notebook but the lessons (tests/test_lessons.py) runs from top to bottom, each in a process of its own, in a copy of the tree"
import json, multiprocessing as mp, tempfile
from pathlib import Path
import pytest
from conftest import FORK, ROOT
from run_notebook import main

NBS = [o for pat in ('*.ipynb', 'lib/**/*.ipynb', 'questions/*.ipynb', 'apps/*.ipynb') for o in sorted((ROOT/'nbs').glob(pat))]

def files(tree): return {o: o.stat().st_mtime_ns for o in tree.rglob('*') if o.is_file()}

def run_notebook(tree, fn, env, slow=False):
    "Run `fn` in `tree`; returns what tests/run_notebook.py says, with what was printed as `err`"
    # huggingface_hub reads its settings when it is imported, so a notebook that changes them starts from nothing
    start = mp.get_context('spawn') if 'HF_ENDPOINT' in fn.read_text(encoding='utf-8') else FORK
    here, there = start.Pipe(duplex=False)
    with tempfile.TemporaryDirectory() as d:
        said = Path(d)/'said.txt'
        p = start.Process(target=main, args=(tree, fn, dict(env, PYTHONPATH=str(tree), PYTHONDONTWRITEBYTECODE='1'), slow, said, there))
        p.start()
        there.close()
        p.join()
        err = said.read_text(errors='replace') if said.exists() else ''
    res = here.recv() if p.exitcode==0 else dict(ok=False, seconds=0, cells=0, skipped={})
    return dict(res, skipped=dict(res['skipped']), err=err)

@pytest.mark.parametrize('fn', NBS, ids=lambda o: str(o.relative_to(ROOT/'nbs')))
def test_notebook(fn, tree, env, request, record_property):
    before, rel = files(tree), fn.relative_to(ROOT)
    res = run_notebook(tree, tree/rel, env, request.config.getoption('slow'))
    record_property('notebook', str(rel.relative_to('nbs')))
    for o in ('ok', 'cells', 'skipped', 'seconds'): record_property(o, res[o])
    assert res['ok'], res['err']
    assert res['cells']>0 and res['seconds']>0, 'no code cell was run'
    assert files(tree)==before, f'left in the tree or changed: {sorted(str(o) for o,_ in set(files(tree).items()) ^ set(before.items()))}'

def notebook(*cells):
    cells = [dict(cell_type='code', id=f'c{i}', source=o, metadata={}, outputs=[], execution_count=None) for i,o in enumerate(cells)]
    return json.dumps(dict(cells=cells, metadata={}, nbformat=4, nbformat_minor=5))

@pytest.mark.parametrize('cells, expect', [
    (['1+1', '#| slow\n1/0', '#| eval: false\n1/0', '#| hide\n# words only'],
     dict(ok=True, cells=1, skipped={'slow, run by pytest --slow': 1, 'eval: false': 1})),
    (['1+1', '1/0', '2'], dict(ok=False)),
    (['#| slow\n1+1'], dict(ok=True, cells=0)),
], ids=['skips', 'error', 'nothing'])
def test_runner(cells, expect, tmp_path, env):
    "The runner sees an error, and counts what it skips"
    (tmp_path/'pyproject.toml').write_bytes((ROOT/'pyproject.toml').read_bytes())
    (tmp_path/'nbs').mkdir()
    (tmp_path/'nbs'/'x.ipynb').write_text(notebook(*cells))
    res = run_notebook(tmp_path, tmp_path/'nbs'/'x.ipynb', env)
    assert {k: res[k] for k in expect}==expect, res['err']

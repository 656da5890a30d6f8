"Every record that is committed can be recomputed, is what its name says, and holds no faces"
import json, re, subprocess
import pandas as pd
import pytest
from conftest import ROOT, copy_tree, git_files
from test_house import BAD
from test_notebooks import run_notebook
from fer_course.records.compare import tables_of
from fer_course.core.errors import InputError
from fer_course.records.runs import RUN_ARGS, RUNS
from fer_course.records.record import check_record, fake_record, read_records, write_record

RECORDS = sorted(ROOT/o.parent for o in git_files() if o.parts[0]=='results' and o.name=='config.json' and not any(p.startswith('.') for p in o.parts))
SETS    = sorted({o.parents[1] for o in RECORDS})
FILES   = {'config.json', 'history.csv', 'metrics.json', 'predictions.csv.gz', 'curves.png', 'confusion_matrix.png', 'card.md'}

name = lambda o: str(o.relative_to(ROOT/'results'))
by_record = pytest.mark.parametrize('path', RECORDS or [pytest.param(None, marks=pytest.mark.skip('no records in results/'))], ids=name if RECORDS else None)
by_set    = pytest.mark.parametrize('path', SETS    or [pytest.param(None, marks=pytest.mark.skip('no records in results/'))], ids=name if SETS else None)

def faults(path):
    "What is wrong with the record in `path`"
    try: r = check_record(path) # keys, columns, and metrics recomputed from the predictions
    except InputError as e:
        yield str(e)
        return
    c = r.config
    if c['run'] in RUNS and any(c[k]!=RUNS[c['run']][k] for k in RUN_ARGS):
        yield f"{c['run']} has {c['opt_func']}, pretrained={c['pretrained']}, freeze_to={c['freeze_to']}"
    if path.parts[-3:]!=(c['data']['name'], c['run'], f"seed{c['seed']}"): yield f"{path.name} holds {c['data']['name']}/{c['run']}/seed{c['seed']}"
    if c['n_train']!=c['data']['n']['train']: yield f"n_train is {c['n_train']}, data.n.train {c['data']['n']['train']}"
    if list(r.history.epoch)!=list(range(1, c['epochs']+1)): yield f'epochs {list(r.history.epoch)}'
    if {o.name for o in path.iterdir()}!=FILES: yield f'files {sorted({o.name for o in path.iterdir()} ^ FILES)}'
    if list(r.predictions.columns)!=['item', 'target', *c['vocab']]: yield f'columns {list(r.predictions.columns)}'
    if (size := sum(o.stat().st_size for o in path.iterdir())) > 300_000: yield f'{size} bytes: numbers need less, are there pictures?'
    for o in ('config.json', 'card.md'):
        if m := re.search(BAD['a path of a machine'], (path/o).read_text(encoding='utf-8')): yield f'{o} names a path of a machine: {m[0]}'

@by_record
def test_record(path): assert not list(faults(path))

def test_faults(tmp_path):
    "The check above sees what it is there to see"
    write = lambda path, *args, **kwargs: write_record(fake_record(*args, **kwargs), tmp_path/path).path
    assert not list(faults(write('made-up/adam_scratch/seed1', 'adam_scratch', 1)))
    for what,path in [('pretrained=True', write('made-up/adam_scratch/seed0', 'adam_scratch', pretrained=True)),
                      ('RMSProp', write('made-up/adam_frozen/seed0', 'adam_frozen', opt_func='RMSProp')),
                      ('freeze_to=0', write('made-up/adam_frozen/seed1', 'adam_frozen', 1, freeze_to=0)),
                      ('holds made-up', write('fer2013/adam_frozen/seed0', 'adam_frozen')),
                      ('n_train is 5', write('made-up/adam_pretrained/seed0', n_train=5)),
                      ('path of a machine', write('made-up/adam_pretrained/seed1', seed=1, command='fer-train --data /root/x'))]:
        assert any(what in o for o in faults(path)), what
    (path/'faces.npy').write_bytes(bytes(400_000))
    assert {'faces.npy', 'pictures'} <= {w for o in faults(path) for w in ('faces.npy', 'pictures') if w in o}

@by_set
def test_same_faces(path):
    "All records of a set with one fingerprint judge the same faces"
    seen = {}
    for r in read_records(path):
        assert seen.setdefault(r.config['data']['fingerprint'], r.predictions[['item', 'target']]).equals(r.predictions[['item', 'target']]), r.path

@by_set
def test_comparison(path):
    "Where several runs are recorded their comparison is committed, and its tables are what the records say"
    folder = path/'comparison'
    if not folder.exists(): assert len({o.parent for o in RECORDS if path in o.parents})==1; return
    records, mixed = read_records(path), 'recipes' in path.parts # which differ in more than one thing
    for fn,df in tables_of(records, mixed).items():
        if df.index.name: df = df.reset_index()
        pd.testing.assert_frame_equal(pd.read_csv(folder/f'{fn}.csv'), df, check_dtype=False, rtol=1e-5, atol=1e-6)

def test_run_names():
    "The first runs are those of the course"
    assert list(RUNS)[:5]==['adam_pretrained', 'rmsprop_pretrained', 'adam_scratch', 'rmsprop_scratch', 'adam_frozen']

SGD = "    'sgd_pretrained': dict(opt_func='SGD', pretrained=True, freeze_to=0, lr=2e-2),"

@pytest.fixture(scope='module')
def six(tmp_path_factory, env):
    "A copy of the tree with one more row in `RUNS`"
    tree = copy_tree(tmp_path_factory.mktemp('six'))
    fn = tree/'nbs'/'lib'/'records'/'runs.ipynb'
    nb = json.loads(fn.read_text(encoding='utf-8'))
    for c in nb['cells']: c['source'] = re.sub(r"(    'adam_frozen': .*\n)", rf'\1{SGD}\n', ''.join(c['source']))
    fn.write_text(json.dumps(nb), encoding='utf-8')
    subprocess.run(['nbdev-export'], cwd=tree, env=dict(env, PYTHONPATH=str(tree)), check=True)
    assert SGD in (tree/'fer_course'/'records'/'runs.py').read_text(encoding='utf-8')
    return tree

@pytest.mark.parametrize('name', ['runs', 'compare', 'figures'])
def test_sixth_run(six, env, name):
    "A sixth run is one row: no notebook has to know how many there are"
    res = run_notebook(six, six/'nbs'/'lib'/'records'/f'{name}.ipynb', env)
    assert res['ok'], res['err']

def test_sixth_run_trains(tmp_path, monkeypatch):
    "A sixth run trains with its own learning rate, and is compared with the runs that differ in one argument"
    from fer_course import synth
    from fer_course.records.compare import summarise_pairs
    from fer_course.train.run import train_runs
    monkeypatch.setitem(RUNS, 'sgd_scratch', dict(opt_func='SGD', pretrained=False, freeze_to=0, lr=2e-2))
    where = dict(out=tmp_path/'results', models=tmp_path/'models', device='cpu', bar=False)
    runs = ['adam_scratch', 'rmsprop_scratch', 'sgd_scratch']
    records = train_runs(synth.faces(60, cache=False), runs, arch='fer_small', epochs=1, size=32, bs=16, **where)
    assert [(o.config['opt_func'], o.config['lr']) for o in records]==[('Adam', 2e-3), ('RMSProp', 2e-3), ('SGD', 2e-2)]
    pairs = summarise_pairs(records)
    assert [*zip(pairs.a, pairs.b)]==[('adam_scratch', 'rmsprop_scratch'), ('adam_scratch', 'sgd_scratch'), ('rmsprop_scratch', 'sgd_scratch')]

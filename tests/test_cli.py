"The commands as pip installs them: help, a walk through all of them, and one clear line for what a user may get wrong"
import json, re, subprocess
from inspect import signature
import pytest
from fastcore.docments import docments
from conftest import ini, run_forked, script
from fer_course.infer.export import export_onnx
from fer_course.records.runs import DEFAULTS

COMMANDS = [o.split('=')[0] for o in ini['DEFAULT']['console_scripts'].split()]

@pytest.fixture
def sh(env, tmp_path):
    "Run a command in a folder of this test's own"
    return lambda *args: subprocess.run([script(args[0]), *args[1:]], cwd=tmp_path, env=env, capture_output=True, text=True)

@pytest.mark.parametrize('cmd', COMMANDS)
def test_help(sh, cmd):
    "Says what it does, and something about each option"
    p = sh(cmd, '--help')
    assert p.returncode==0 and p.stderr=='' and cmd in p.stdout
    about, options = p.stdout.split('options:')
    assert re.search(r'\n\n[A-Z][^\n]{40}', about)
    silent = [o for o in re.split(r'\n  (?=-)', options)[1:] if not re.search(r'[A-Za-z]{3,}.* .*[a-z]{3,}', re.sub(r'^-\S+(, --\S+)*( \(\w+\))?', '', o))]
    assert not silent

def test_walk(sh, faces, tmp_path):
    "Train two runs, judge one again, compare them"
    p = sh('fer-train', '--data', faces, '--runs', 'adam_pretrained,adam_frozen', *'--epochs 1 --size 32 --bs 16 --device cpu'.split())
    assert p.returncode==0, p.stderr
    assert re.search(r'adam_pretrained +1 ', p.stdout) and re.search(r'adam_frozen +1 ', p.stdout)
    metrics = json.loads((tmp_path/'results/drawn/adam_frozen/seed0/metrics.json').read_text())['test']
    p = sh('fer-evaluate', 'models/drawn/adam_frozen/seed0', '--data', faces)
    assert p.returncode==0, p.stderr
    assert f"accuracy {metrics['accuracy']:.1%}" in p.stdout
    p = sh('fer-compare', 'results/drawn')
    assert p.returncode==0, p.stderr
    assert 'adam_pretrained − adam_frozen' in p.stdout
    assert {'comparison.csv', 'paired.csv', 'per_class.csv', 'comparison.md'} <= {o.name for o in (tmp_path/'results/drawn/comparison').iterdir()}

@pytest.mark.parametrize('recipe', ['best', 'small'])
def test_recipe_both_ways(faces, tmp_path, monkeypatch, recipe):
    "`train_run(faces, 'best')` and `fer-train --recipe best` ask for the same training, and file it in the same place"
    from fer_course import commands
    from fer_course.data.readers import load_faces
    from fer_course.train import run
    asked = []
    def note(faces, s, dls, path, model, ckpt, bar):
        asked.append((s, dls.bs, faces.fingerprint(), path, model, ckpt))
        return 'a record'
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run, '_train_and_record', note)
    monkeypatch.setattr(commands, '_report', lambda records, whole: None)
    commands.fer_train(data=str(faces), recipe=recipe)
    run.train_run(load_faces(faces), recipe)
    typed, called = asked
    assert typed==called and typed[0]['run']==recipe
    assert {k: v for k,v in run.RECIPES[recipe].items() if k in typed[0]}.items()<=typed[0].items()

def test_recipe(sh, faces, tmp_path):
    "A recipe's record stands apart from the runs', and its model is judged as it was"
    p = sh('fer-train', '--data', faces, *'--recipe best --epochs 1 --size 48 --bs 16 --device cpu'.split())
    assert p.returncode==0, p.stderr
    metrics = json.loads((tmp_path/'results/recipes/drawn/best/seed0/metrics.json').read_text())['test']
    p = sh('fer-evaluate', 'models/recipes/drawn/best/seed0', '--data', faces)
    assert p.returncode==0, p.stderr
    assert f"accuracy {metrics['accuracy']:.1%}" in p.stdout

def test_teacher(sh, faces, tmp_path):
    "A small network, and one of the five runs, learn from what a model says"
    train = lambda args: sh('fer-train', '--data', faces, *f'--epochs 1 --bs 16 --device cpu {args}'.split())
    assert (p := train('--recipe small --views 1')).returncode==0, p.stderr
    teacher = export_onnx(tmp_path/'models/recipes/drawn-distilled/small/seed0', force=True)
    assert (p := train(f'--runs adam_scratch --arch fer_small --size 48 --views 2 --teacher {teacher}')).returncode==0, p.stderr
    small, run = (json.loads((tmp_path/f'results/{o}/seed0/config.json').read_text())
                  for o in ('recipes/drawn-distilled/small', 'drawn-distilled/adam_scratch'))
    assert (small['arch'], small['lr'], small['pretrained'], run['bs']) == ('fer_small', .01, False, 16)
    assert run['n_train']==2*small['n_train']
    assert small['data']['source'].split('(')[-1] != run['data']['source'].split('(')[-1] # other teachers

TRAIN = 'fer-train --data {faces} --runs adam_frozen --epochs 1 --size 32 --bs 16'
MISTAKES = [
    ('fer-train --runs adam_froze', 'did you mean adam_frozen'),
    ('fer-train --seeds 1.5', 'seed'),
    ('fer-train --recipe bst', 'did you mean best'),
    ('fer-train --runs best', 'best is a recipe: use --recipe best'),
    ('fer-train --data none.csv --teacher nowhere.json', 'nowhere.json'),
    ('fer-train --data none.csv --arch resnett18', 'resnet18'),
    ('fer-train --data {faces} --recipe small --views 0', '--views must be from 1 to 1,000, not 0'),
    ('fer-train --recipe best --runs adam_frozen', 'leave out --runs'),
    ('fer-train --data nowhere.csv', 'nowhere.csv'),
    ('fer-train --data wrong.csv', 'wrong.csv'),
    ('fer-train --data broken.csv.gz', 'broken.csv.gz'),
    ('fer-train --data {faces} --subset 100000', '100000'),
    (f'{TRAIN} --epochs 0', '--epochs must be from 1 to 100,000, not 0'),
    (f'{TRAIN} --size 0', 'size'),
    (f'{TRAIN} --bs 0', 'bs'),
    (f'{TRAIN} --lr -1', 'lr'),
    (f'{TRAIN} --erase 2', 'erase'),
    (f'{TRAIN} --arch resnett18', 'resnett18'),
    (f'{TRAIN} --device tpu9', 'tpu9'),
    (f'{TRAIN} --balance some', 'some'),
    (f'{TRAIN} --out wrong.csv', 'wrong.csv'),
    ('fer-evaluate nowhere', 'nowhere'),
    ('fer-evaluate wrong.csv', 'wrong.csv'),
    ('fer-compare', 'folder'),
    ('fer-compare nowhere', 'nowhere'),
    ('fer-compare empty', 'empty'),
]

@pytest.mark.parametrize('line, says', MISTAKES, ids=[o.replace(TRAIN, 'fer-train') for o,_ in MISTAKES])
def test_mistakes(faces, env, tmp_path, line, says):
    "Exit code 2 and one line that names what was wrong; nothing written"
    (tmp_path/'empty').mkdir()
    (tmp_path/'wrong.csv').write_text('name,age\nann,7\n')
    (tmp_path/'broken.csv.gz').write_bytes(b'\x1f\x8b\x08\x00half')
    before = sorted(o for o in tmp_path.rglob('*') if o.is_file())
    p = run_forked(tmp_path, env, *line.format(faces=faces).split())
    assert p.returncode==2, p.stdout+p.stderr
    assert p.stderr.startswith('error: ') and says in p.stderr and len(p.stderr.splitlines())==1, p.stderr
    assert sorted(o for o in tmp_path.rglob('*') if o.is_file() and o.suffix!='.lock')==before

def test_defaults():
    "What commands repeat, so that `--help` is quick, is what the library has"
    from fer_course import commands
    from fer_course.infer.predict import MARGIN, UNSURE
    has = signature(commands.fer_predict).parameters
    assert (has['unsure'].default, has['margin'].default)==(UNSURE, MARGIN)
    assert f"{DEFAULTS['lr']} if not given" in docments(commands.fer_train)['lr']

def test_unknown_option(env, tmp_path):
    p = run_forked(tmp_path, env, 'fer-train', '--epoch_count', '3')
    assert p.returncode==2 and 'unrecognized arguments: --epoch_count' in p.stderr

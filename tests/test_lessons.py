"The lessons: each alone in an empty folder, with the wheel and not the checkout, as Colab would have it; and what a learner and a teacher expect of each"
import ast, json, os, re, shutil, subprocess, sys, time, venv
from pathlib import Path
from types import SimpleNamespace
from zipfile import ZipFile
import numpy as np, pytest
from IPython.core.inputtransformer2 import TransformerManager
from conftest import ROOT, copy_tree
from fer_course import synth
from fer_course.core.faceset import VOCAB
from fer_course.course import exercises
from tools.address import address, install_cell
from tools.notebooks import front_matter, is_hidden

LESSONS = sorted((ROOT/'nbs'/'lessons').glob('*.ipynb'))
by_lesson = pytest.mark.parametrize('fn', LESSONS, ids=lambda o: o.stem)
QUIZZES = {o.lesson: o for o in exercises.quizzes()}
WHERE = address()
COPIES = ROOT/'colab'

def cells(fn, kind=None):
    return [dict(o, source=''.join(o['source'])) for o in json.loads(fn.read_text(encoding='utf-8'))['cells'] if kind in (None, o['cell_type'])]
def quiz_of(fn): return QUIZZES[fn.stem[3:]]

def test_numbered():
    assert [o.stem[:2] for o in LESSONS]==[f'{i:02}' for i in range(1, len(LESSONS)+1)]
    assert [o.stem[3:] for o in LESSONS]==list(QUIZZES)

# What stands in each

@by_lesson
def test_opening(fn):
    "Title, badges, what it takes, and a first code cell that installs what is missing and nothing else"
    fm, (first, second, third) = front_matter(fn), cells(fn, 'markdown')[:3]
    assert fm['title']==quiz_of(fn).title and fm['title'].startswith(f'{int(fn.stem[:2])}. ')
    assert {'minutes', 'hardware', 'needs'} <= fm.keys() and 5<=int(fm['minutes'])<=180
    for o in 'Open in Colab', 'Open in Kaggle', f'/colab/{fn.name})': assert o in second['source']
    for o in ('You will be able to', 'You need', 'Time', f'{fm["minutes"]} minutes', 'Hardware'): assert o in third['source'], o
    assert cells(fn, 'code')[0]['source']==install_cell(fn.stem, WHERE)

@by_lesson
def test_ending(fn):
    "Summary, questionnaire with folded answers, exercises, further reading, and what the stored run was made with"
    md = '\n\n'.join(o['source'] for o in cells(fn, 'markdown'))
    where = [md.find(f'\n## {o}\n') for o in ('Summary', 'Questionnaire', 'Exercises', 'Further reading')]
    assert -1 not in where and where==sorted(where), where
    asked = md[where[1]:where[2]]
    assert len(re.findall(r'<details>\s*<summary>', asked))>=5 and asked.count('<details>')==asked.count('</details>')
    last = [o for o in cells(fn, 'code') if 'colophon(' in o['source']][-1]
    assert 'fer_course' in ''.join(said(dict(cells=[last]))), 'the stored run says nothing of its versions'

@by_lesson
def test_exercises(fn):
    "Every question stands in the lesson, at least four of them, unanswered; and no solution does"
    code, quiz = '\n'.join(o['source'] for o in cells(fn, 'code')), quiz_of(fn)
    assert len(quiz.exercises)>=4
    assert not [o.name for o in quiz.exercises if not re.search(rf'\b{o.name}\.check\(', code)]
    lines = {o.strip() for o in code.splitlines()}
    blank = lambda o: {l.strip() for l in o.blank.splitlines()}
    given = {o.name: [l for l in o.right.splitlines() if len(l.strip())>12 and not l.startswith(('import', 'from', 'def '))
                      and l.strip() in lines-blank(o)] for o in quiz.exercises}
    assert not {k: v for k,v in given.items() if v}

@by_lesson
def test_words(fn):
    "More words than code, code in small cells, and every picture described"
    code = [o for o in cells(fn, 'code') if '#| hide' not in o['source']]
    assert sum(len(o['source'].split()) for o in cells(fn, 'markdown')) > sum(len(o['source'].split()) for o in code)
    undescribed = [i for i,o in enumerate(code) for d in (out.get('data', {}) for out in o['outputs']) if 'image/png' in d
                   and (not (t := ''.join(d.get('text/plain', ''))) or t.startswith('<'))]
    assert not undescribed, f'pictures without alt text in code cells {undescribed}'

def assigned(source):
    nodes = list(ast.walk(ast.parse(TransformerManager().transform_cell(source))))
    return {o.name for o in nodes if isinstance(o, (ast.FunctionDef, ast.ClassDef))} | {
        o.id for o in nodes if isinstance(o, ast.Name) and isinstance(o.ctx, ast.Store)}

@by_lesson
def test_names(fn):
    "None of the library's names is given to something else"
    import fer_course.all # here, as it brings PyTorch
    assert assigned('f, n = 1, 2\ndef g(): pass')=={'f', 'n', 'g'}
    assert not set().union(*[assigned(o['source']) for o in cells(fn, 'code')]) & {o for o in vars(fer_course.all) if o[0]!='_'}

# Each runs anywhere

@pytest.fixture(scope='session')
def wheels(tree, tmp_path_factory):
    "Folder with the built wheel"
    d = tmp_path_factory.mktemp('wheels')
    p = subprocess.run([sys.executable, '-m', 'pip', 'wheel', '-q', '--no-deps', '-w', d, tree], capture_output=True, text=True)
    assert list(d.glob('*.whl')), p.stderr
    shutil.rmtree(tree/'build', ignore_errors=True)
    for o in tree.glob('*.egg-info'): shutil.rmtree(o)
    return d

def make_env(path):
    "A virtual environment that has what this one has, but for the library itself; its Python"
    venv.create(path, with_pip=False)
    bare = next(path.glob('lib/*/site-packages'), path/'Lib'/'site-packages')
    for o in {Path(p) for p in sys.path if p.endswith(('site-packages', 'dist-packages')) and Path(p).is_dir()}:
        for f in o.iterdir():
            if 'fer_course' not in f.name and not f.name.startswith('__editable__') and not (bare/f.name).exists(): (bare/f.name).symlink_to(f)
    python = next(o for o in (path/'bin'/'python', path/'Scripts'/'python.exe') if o.exists())
    subprocess.run([python, '-m', 'ipykernel', 'install', '--sys-prefix'], check=True, capture_output=True)
    return python

def said(nb): return [''.join(o.get('text', o.get('data', {}).get('text/plain', ''))) for c in nb['cells'] for o in c.get('outputs', [])]

def with_checks(fn):
    "The copy that a learner opens, with the hidden cells of its source where they stood: each sees her names, and leaves none"
    nb = json.loads((COPIES/fn.name).read_text(encoding='utf-8'))
    hers, todo = {o['id']: o for o in nb['cells']}, []
    for o in json.loads(fn.read_text(encoding='utf-8'))['cells']:
        if o['id'] in hers: todo.append(hers.pop(o['id']))
        elif is_hidden(o):
            names = "_checks = {**globals().get('_checks', {}), **globals()}"
            todo.append(dict(o, source=f"{names}\nexec({''.join(o['source'])!r}, _checks)", outputs=[], execution_count=None))
    assert not hers, f'{list(hers)} stand in the copy and not in the lesson'
    return json.dumps(dict(nb, cells=todo))

def alone(python, folder, env, **more):
    "The environment of somebody who has only this notebook"
    res = dict(env, HOME=str(folder), JUPYTER_PREFER_ENV_PATH='1', PIP_NO_INDEX='1', PIP_NO_BUILD_ISOLATION='0',
               PATH=f'{python.parent}{os.pathsep}{env["PATH"]}') | more
    return {k: v for k,v in res.items() if k not in ('PYTHONPATH', 'VIRTUAL_ENV', 'FER_PROGRESS')}

def execute(python, fn, done, env):
    "Run a notebook in its folder"
    command = [python, '-m', 'nbconvert', '--to', 'notebook', '--execute', '--output-dir', done.parent, '--output', done.name]
    return subprocess.run([*command, '--ExecutePreprocessor.timeout=300', fn], cwd=fn.parent, env=env, capture_output=True, text=True)

@by_lesson
def test_lesson_alone(fn, wheels, env, tmp_path, record_property):
    "A learner's copy alone in a folder, but for the wheel, which its first cell installs; what a source checks holds there too"
    python, folder, home, done = make_env(tmp_path/'env'), tmp_path/'folder', tmp_path/'home', tmp_path/'done.ipynb'
    for o in (folder, home): o.mkdir()
    shutil.copy(next(wheels.glob('*.whl')), folder)
    (folder/fn.name).write_text(with_checks(fn), encoding='utf-8')
    before = {o.name for o in folder.iterdir()}
    began, hers = time.time(), alone(python, home, env)
    p = execute(python, folder/fn.name, done, hers)
    seconds = time.time()-began
    assert p.returncode==0, p.stderr[-4000:]
    nb = json.loads(done.read_text(encoding='utf-8'))
    run = [c for c in nb['cells'] if c['cell_type']=='code' and ''.join(c['source']).strip()]
    for k,v in dict(notebook=f'lessons/{fn.name}', ok=True, cells=len(run), skipped={}, seconds=seconds).items(): record_property(k, v)
    assert run and all(c['execution_count'] for c in run) and seconds>1
    assert {o.name for o in folder.iterdir()}==before, 'files were left'
    assert not [o for o in said(nb) if '✓ Right' in o], 'an exercise comes solved'
    assert sum('○ Not answered yet' in o or '✗' in o for o in said(nb))>=4
    imported = subprocess.run([python, '-c', 'import fer_course; print(fer_course.__file__)'], cwd=folder, env=hers, capture_output=True, text=True).stdout
    assert str(tmp_path/'env') in imported, 'the lesson did not run from the wheel'

# Other hardware, other numbers

def run_cell(number, word, **names):
    "Run the one visible code cell of a lesson that has this word"
    code, = (o['source'] for o in cells(COPIES/LESSONS[number-1].name, 'code') if word in o['source'])
    exec(code, names)
    return names

def test_runs_with_other_numbers():
    "A network that answers otherwise than ours stops no lesson: none of the faces that are looked for is there, no slip is among the worst"
    test = synth.faces(200, seed=1, cache=False)
    wrong, quiet = np.eye(7)[(test.labels+1)%7], lambda *args, **kwargs: None
    of = dict(np=np, VOCAB=VOCAB, test=test)
    assert run_cell(7, 'plain =', probs=wrong, show_maps=quiet, **of)['some']==[0]*4
    people = test.meta[test.labels!=0].head(80)
    run_cell(9, 'says =', nets=dict(biased=None), tones=[1, 3, 5, 7, 9], drawn=[test.imgs[:80]]*5, calm=test.labels!=0, people=people,
             predict_faces=lambda *_: np.eye(7)[[0]*80], gallery=quiet, **of)
    cleaner = SimpleNamespace(fns=[Path('ann_1.jpg')], widget=SimpleNamespace(children=[None]))
    run_cell(10, 'slips =', MINE=None, cleaner=cleaner, clean=quiet)

# Its first cells

def first_two(fn): return json.dumps(dict(json.loads(fn.read_text(encoding='utf-8')), cells=[dict(o, outputs=[]) for o in cells(fn, 'code')[:2]]))

def instead(url):
    "Settings under which git goes to `url` in place of the address of the repository"
    return dict(GIT_CONFIG_COUNT='1', GIT_CONFIG_KEY_0=f'url.{url}.insteadOf', GIT_CONFIG_VALUE_0=WHERE['repo'])

@pytest.fixture(scope='session')
def bare(tmp_path_factory):
    "Python of an environment that lacks only the library; nothing is installed into it"
    return make_env(tmp_path_factory.mktemp('bare')/'env')

def open_lesson(python, env, tmp_path, **more):
    "Run the first two code cells of lesson 1, beside a folder that has the library's name and is none, as a clone is"
    fn = tmp_path/'folder'/LESSONS[0].name
    (fn.parent/'fer_course'/'fer_course').mkdir(parents=True)
    fn.write_text(first_two(COPIES/fn.name), encoding='utf-8')
    return execute(python, fn, tmp_path/'done.ipynb', alone(python, tmp_path, env, **more))

@pytest.fixture(scope='session')
def served(tmp_path_factory):
    "Address of a git repository that holds the tree"
    tree = copy_tree(tmp_path_factory.mktemp('served'))
    for o in (['init', '-q', '-b', WHERE['branch']], ['add', '-A'], ['-c', 'user.name=a', '-c', 'user.email=a@b.c', 'commit', '-qm', 'all']):
        subprocess.run(['git', *o], cwd=tree, check=True, capture_output=True)
    return tree.as_uri()

def test_opens_from_repository(served, env, tmp_path):
    p = open_lesson(make_env(tmp_path/'env'), env, tmp_path, **instead(served))
    assert p.returncode==0, p.stderr[-3000:]

def says_what_to_do(p, source):
    "One line, and no ModuleNotFoundError after it"
    said = re.sub(r'\x1b\[[\d;]*m', '', p.stderr).strip()
    last = said.splitlines()[-1]
    assert p.returncode and last.startswith('RuntimeError: fer_course is not installed; pip says above what is missing')
    assert f'{source} and pypi.org can be reached' in last and last.endswith('then run this cell again') and 'ModuleNotFoundError' not in said

TROUBLE = {'wrong address': instead('file:///nowhere/at/all'), 'no network': instead('https://127.0.0.1:9/none'), 'no git': dict(PATH='')}

@pytest.mark.parametrize('trouble', TROUBLE.values(), ids=list(TROUBLE))
def test_says_what_to_do(trouble, bare, env, tmp_path):
    says_what_to_do(open_lesson(bare, env, tmp_path, **trouble), f'git+{WHERE["repo"]}@{WHERE["branch"]}')

def test_says_what_the_wheel_lacks(bare, env, tmp_path):
    "The library's wheel lies there, and what it needs can be had nowhere"
    fn, info = tmp_path/'folder'/'fer_course-0.1.0-py3-none-any.whl', 'fer_course-0.1.0.dist-info'
    fn.parent.mkdir()
    with ZipFile(fn, 'w') as f:
        f.writestr(f'{info}/METADATA', 'Metadata-Version: 2.1\nName: fer_course\nVersion: 0.1.0\nRequires-Dist: what-nobody-has\n')
        f.writestr(f'{info}/WHEEL', 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
        f.writestr(f'{info}/RECORD', '')
    says_what_to_do(open_lesson(bare, env, tmp_path), fn.as_uri())

# A learner's way

@pytest.fixture
def progress(tmp_path, monkeypatch): monkeypatch.setenv('FER_PROGRESS', str(tmp_path/'progress.json'))

@pytest.mark.parametrize('quiz', QUIZZES.values(), ids=list(QUIZZES))
def test_sound(quiz): quiz.check_sound()

def solve(quiz):
    for o in quiz.exercises: o.check(exercises.answer_of(o.right))

def test_to_a_full_bar(progress, capsys):
    "Lesson 1: a blank, a wrong answer with words on it, a hint, the solution, and a bar that fills"
    quiz = QUIZZES['read_a_face']
    n = len(quiz.exercises)
    for i,o in enumerate(quiz.exercises):
        o.check()
        o.check(exercises.answer_of(next(iter(o.wrong))))
        o.hint()
        before = capsys.readouterr().out
        assert '○ Not answered yet' in before and '✗' in before and '→' in before and '✓' not in before
        o.check(exercises.answer_of(o.right))
        assert f'{i+1} of {n} exercises' in capsys.readouterr().out
    quiz.progress()
    assert '█'*20+f' {n} of {n}' in capsys.readouterr().out

def test_certificate(progress, tmp_path):
    "Only when all are done"
    *most, last = QUIZZES.values()
    for o in most: solve(o)
    with pytest.raises(exercises.InputError, match=re.escape(last.title)): exercises.certificate('Ann', tmp_path/'c.svg')
    solve(last)
    exercises.certificate('Ann', tmp_path/'c.svg')
    assert 'Ann' in (tmp_path/'c.svg').read_text(encoding='utf-8')

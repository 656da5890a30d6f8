"The lessons: each taken alone into an empty folder, with the wheel and not the checkout, as Colab would have it; and what a learner and a teacher expect of each"
import json, os, re, shutil, subprocess, sys, time, venv
from pathlib import Path
import pytest
from conftest import ROOT
from fer_course.course import exercises
from tools.notebooks import front_matter

LESSONS = sorted((ROOT/'nbs'/'lessons').glob('*.ipynb'))
by_lesson = pytest.mark.parametrize('fn', LESSONS, ids=lambda o: o.stem)
QUIZZES = {o.lesson: o for o in exercises.quizzes()}
INSTALL = """# In Colab or on Kaggle: fetches the course's library, where it is missing
try: import fer_course
except ImportError:
    %pip install -q fer_course"""

def cells(fn, kind=None): return [dict(o, source=''.join(o['source'])) for o in json.loads(fn.read_text(encoding='utf-8'))['cells'] if kind in (None, o['cell_type'])]
def quiz_of(fn): return QUIZZES[fn.stem[3:]]

def test_nine_lessons():
    assert [o.stem[:2] for o in LESSONS]==[f'{i:02}' for i in range(1, 10)]
    assert [o.stem[3:] for o in LESSONS]==list(QUIZZES)

# What stands in each

@by_lesson
def test_opening(fn):
    "Title, badges, what it takes, and a first code cell that installs what is missing and nothing else"
    fm, (first, second, third) = front_matter(fn), cells(fn, 'markdown')[:3]
    assert fm['title']==quiz_of(fn).title and fm['title'].startswith(f'{int(fn.stem[:2])}. ')
    assert {'minutes', 'hardware', 'needs'} <= fm.keys() and 5<=int(fm['minutes'])<=180
    assert second['source'].startswith('[![Open in Colab]') and fn.name in second['source']
    for o in ('You will be able to', 'You need', 'Time', f'{fm["minutes"]} minutes', 'Hardware'): assert o in third['source'], o
    assert cells(fn, 'code')[0]['source']==INSTALL

@by_lesson
def test_ending(fn):
    "Summary, questionnaire with folded answers, exercises, further reading, and what the stored run was made with"
    md = '\n\n'.join(o['source'] for o in cells(fn, 'markdown'))
    where = [md.find(f'\n## {o}\n') for o in ('Summary', 'Questionnaire', 'Exercises', 'Further reading')]
    assert -1 not in where and where==sorted(where), where
    asked = md[where[1]:where[2]]
    assert len(re.findall(r'<details>\s*<summary>', asked))>=5 and asked.count('<details>')==asked.count('</details>')
    last = [o for o in cells(fn, 'code') if 'colophon(' in o['source']][-1]
    assert 'fer_course' in ''.join(''.join(o.get('text', o.get('data', {}).get('text/plain', ''))) for o in last['outputs']), 'the stored run says nothing of its versions'

@by_lesson
def test_exercises(fn):
    "Every question stands in the lesson, at least four of them, unanswered; and no solution does"
    code, quiz = '\n'.join(o['source'] for o in cells(fn, 'code')), quiz_of(fn)
    assert len(quiz.exercises)>=4
    assert not [o.name for o in quiz.exercises if not re.search(rf'\b{o.name}\.check\(', code)]
    lines = {o.strip() for o in code.splitlines()}
    blank = lambda o: {l.strip() for l in o.blank.splitlines()}
    given = {o.name: [l for l in o.right.splitlines() if len(l.strip())>12 and not l.startswith(('import', 'from', 'def ')) and l.strip() in lines-blank(o)] for o in quiz.exercises}
    assert not {k: v for k,v in given.items() if v}

@by_lesson
def test_words(fn):
    "More words than code, code in small cells, and every picture described"
    code = [o for o in cells(fn, 'code') if '#| hide' not in o['source']]
    assert sum(len(o['source'].split()) for o in cells(fn, 'markdown')) > sum(len(o['source'].split()) for o in code)
    undescribed = [i for i,o in enumerate(code) for d in (out.get('data', {}) for out in o['outputs']) if 'image/png' in d and (not (t := ''.join(d.get('text/plain', ''))) or t.startswith('<'))]
    assert not undescribed, f'pictures without alt text in code cells {undescribed}'

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

@by_lesson
def test_lesson_alone(fn, wheels, env, tmp_path, record_property):
    "The notebook alone in an empty folder; its first cell finds the wheel"
    python, folder, home = make_env(tmp_path/'env'), tmp_path/'folder', tmp_path/'home'
    for o in (folder, home): o.mkdir()
    shutil.copy(fn, folder)
    alone = dict(env, HOME=str(home), PIP_FIND_LINKS=str(wheels), PIP_NO_INDEX='1', JUPYTER_PREFER_ENV_PATH='1', PATH=f'{python.parent}{os.pathsep}{env["PATH"]}')
    for o in ('PYTHONPATH', 'VIRTUAL_ENV', 'FER_PROGRESS'): alone.pop(o, None)
    began = time.time()
    p = subprocess.run([python, '-m', 'nbconvert', '--to', 'notebook', '--execute', '--output-dir', tmp_path, '--output', 'done.ipynb', '--ExecutePreprocessor.timeout=300', folder/fn.name],
                       cwd=folder, env=alone, capture_output=True, text=True)
    seconds = time.time()-began
    assert p.returncode==0, p.stderr[-4000:]
    nb = json.loads((tmp_path/'done.ipynb').read_text(encoding='utf-8'))
    run = [c for c in nb['cells'] if c['cell_type']=='code' and ''.join(c['source']).strip()]
    for k,v in dict(notebook=f'lessons/{fn.name}', ok=True, cells=len(run), skipped={}, seconds=seconds).items(): record_property(k, v)
    assert run and all(c['execution_count'] for c in run) and seconds>1
    assert [o.name for o in folder.iterdir()]==[fn.name], 'files were left'
    assert not [o for o in said(nb) if '✓ Right' in o], 'an exercise comes solved'
    assert sum('○ Not answered yet' in o or '✗' in o for o in said(nb))>=4
    imported = subprocess.run([python, '-c', 'import fer_course; print(fer_course.__file__)'], cwd=folder, env=alone, capture_output=True, text=True).stdout
    assert str(tmp_path/'env') in imported, 'the lesson did not run from the wheel'

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
    "Only when all nine are done"
    *most, last = QUIZZES.values()
    for o in most: solve(o)
    with pytest.raises(exercises.InputError, match=re.escape(last.title)): exercises.certificate('Ann', tmp_path/'c.svg')
    solve(last)
    exercises.certificate('Ann', tmp_path/'c.svg')
    assert 'Ann' in (tmp_path/'c.svg').read_text(encoding='utf-8')

"Exercises: what learners typically answer, and what each of them is told; progress that survives a damaged file; no answer before its question"
import ast, json, re
from pathlib import Path
import pytest
from conftest import ROOT
from fer_course.course import exercises
from fer_course.course.exercises import answer_of

QUIZZES = {o.lesson: o for o in exercises.quizzes()}
ASKED = {f'{quiz.lesson}.{o.name}': o for quiz in QUIZZES.values() for o in quiz.exercises}

NO_RETURN, NAN, EXIT, BLANK = '`return` is missing', 'not a number', 'ends Python', 'still a `...`'
A_FUNCTION, CALL_IT, CLASS, PERCENT, BRACKETS = 'The answer must be a function', 'call it first', 'You gave the class', 'in percent', 'brackets are missing'

TOLD = """
read_a_face.q1            | 14.3                                                          | in percent
read_a_face.q1            | 14                                                            | in percent
read_a_face.q1            | '14 %'                                                        | is text
read_a_face.q1            | (0, 14)                                                       | with a comma it is two numbers
read_a_face.q1            | [1/7]                                                         | not a list
read_a_face.q1            | True                                                          | not a bool
read_a_face.q1            | None                                                          | Your answer is None
read_a_face.q1            | float('nan')                                                  | not a number
read_a_face.q1            | lambda: 1/7                                                   | call it first
read_a_face.q1            | float                                                         | the class `float` itself
read_a_face.q1            | .2                                                            | too high
read_a_face.q1            | 70                                                            | between 0 and 1
read_a_face.q2            | {'AU99': 1}                                                   | did you mean AU9 (nose wrinkler)?
read_a_face.q2            | {'au1': 1}                                                    | did you mean AU1 (inner brow raiser)?
read_a_face.q2            | {1: 1, 2: 1}                                                  | did you mean AU1 (inner brow raiser)?
read_a_face.q2            | {'AU1': 80, 'AU2': 80}                                        | 80 % is 0.8
read_a_face.q2            | {'AU1': 'strong'}                                             | must be a number from 0 to 1
read_a_face.q2            | {'AU1': float('nan')}                                         | not a number
read_a_face.q2            | {'AU1': ..., 'AU2': 1}                                        | still a `...`
read_a_face.q2            | ['AU1', 'AU2']                                                | Give a dict
read_a_face.q2            | dict                                                          | the class `dict` itself
read_a_face.q2            | {}                                                            | Which two units
read_a_face.q3            | def f(preds, targs): (preds.argmax(1)==targs).float().mean()  | `return` is missing
read_a_face.q3            | def f(preds, targs): print((preds.argmax(1)==targs).sum())    | `return` is missing
read_a_face.q3            | lambda preds, targs: (preds.argmax(1)==targs).float().mean    | brackets are missing
read_a_face.q3            | lambda preds, targs: 100*(preds.argmax(1)==targs).float().mean() | in percent
read_a_face.q3            | lambda preds, targs: (preds.argmax(1)==targs).mean()          | stopped with RuntimeError
read_a_face.q3            | lambda preds, targs: preds.argmax(1)==targs                   | cannot be what is asked for
read_a_face.q3            | 0.75                                                          | you gave a float
read_a_face.q3            | 'accuracy_of'                                                 | you gave a str
read_a_face.q3            | lambda preds: 1.                                              | takes 1 positional argument
read_a_face.q3            | lambda preds, targs: float('nan')                             | not a number
read_a_face.q3            | lambda preds, targs: 1.                                       | three of them named right
read_a_face.q4            | lambda cm: 100*cm.diagonal()/cm.sum(1)                        | in percent
read_a_face.q4            | lambda cm: [..., 0, 0]                                        | still a `...`
read_a_face.q4            | lambda cm: cm.diagonal()/cm.sum(axis=2)                       | stopped with AxisError
read_a_face.q5            | 'C)'                                                          | RIGHT
read_a_face.q5            | 3                                                             | one of the letters
read_a_face.q5            | 'a'                                                           | three points higher
look_at_the_data.q1       | 24.5                                                          | in percent
look_at_the_data.q1       | '24.5'                                                        | without quotes
look_at_the_data.q1       | 879                                                           | how many faces are happy
look_at_the_data.q1       | 1/7                                                           | equally frequent
look_at_the_data.q2       | def f(train, test): sum(1 for o in test)                      | `return` is missing
look_at_the_data.q2       | lambda train, test: 2                                         | one pair of arrays only
look_at_the_data.q2       | lambda train, test: '2'                                       | Give one number
look_at_the_data.q2       | 2                                                             | you gave an int
look_at_the_data.q2       | import sys; f = lambda train, test: sys.exit()                | ends Python
look_at_the_data.q3       | lambda v: 100*(v*(v-1)).sum()/(v.sum()*(v.sum()-1))           | in percent
look_at_the_data.q3       | lambda v: float('nan')                                        | not a number
look_at_the_data.q4       | lambda code: ...                                              | Not answered yet
look_at_the_data.q4       | ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'] | you gave a list
look_at_the_data.q4       | {0: 'angry'}                                                  | you gave a dict
look_at_the_data.q4       | def f(code): return {0: 'angry'}.get(code)                    | sometimes gives nothing back
pretrained_or_scratch.q1  | 864.                                                          | RIGHT
pretrained_or_scratch.q1  | (32, 3, 3, 3)                                                 | a comma
pretrained_or_scratch.q2  | def in_grey(w): w.sum(1)                                      | `return` is missing
pretrained_or_scratch.q2  | lambda w: w.sum                                               | brackets are missing
pretrained_or_scratch.q3  | def f(w): w.flatten()                                         | `return` is missing
pretrained_or_scratch.q3  | def f(w): return w[...].reshape(3)                            | stopped with RuntimeError
pretrained_or_scratch.q4  | def f(pretrained): pass                                       | `return` is missing
pretrained_or_scratch.q4  | []                                                            | you gave a list
optimizers.q2             | float('inf')                                                  | too high
optimizers.q2             | '31.6'                                                        | without quotes
optimizers.q3             | def f(p, lr, sqr_avg, **kw): p.data.addcdiv_(p.grad, ..., value=-lr) | still a `...`
optimizers.q3             | def f(p, lr, **kwargs): return None                           | did not move
optimizers.q3             | def f(p, lr): p.data.sub_(lr)                                 | stopped with TypeError
optimizers.q4             | def f(params, lr, sqr_mom=.99, eps=1e-8): pass                | `return` is missing
optimizers.q4             | 'MyRMSProp'                                                   | you gave a str
freezing.q2               | 79.3                                                          | in percent
freezing.q2               | 79                                                            | in percent
freezing.q3               | def f(model): ...                                             | still in training mode
freezing.q3               | def f(model): model[0].eval                                   | still in training mode
freezing.q4               | 66.7                                                          | in percent
freezing.q4               | 2/3                                                           | RIGHT
freezing.q6               | def rates(lo, hi, n): [lo*(hi/lo)**(i/(n-1)) for i in range(n)] | `return` is missing
freezing.q6               | lambda lo, hi, n: lo                                          | cannot be what is asked for
freezing.q6               | [1e-4, 1e-3, 1e-2]                                            | you gave a list
five_runs.q1              | .5                                                            | too low
five_runs.q1              | 350                                                           | half a point is 0.005
five_runs.q2              | lambda a, b: (a & ~b).sum()                                   | cannot be what is asked for
five_runs.q2              | lambda a, b: ((a & ~b).mean(), (b & ~a).mean())               | not which share
five_runs.q2              | def alone(a, b): print((a & ~b).sum())                        | `return` is missing
five_runs.q3              | True                                                          | not a bool
five_runs.q5              | (0.52, 0.56)                                                  | you gave a tuple
five_runs.q5              | from fer_course.records.metrics import wilson; f = lambda a, n: [100*o for o in wilson(round(sum(a)/len(a)*n), n)] | in percent
where_it_looks.q1         | def f(acts, grads): w = grads.mean((1,2)); return (...*acts).sum(0) | still a `...`
where_it_looks.q1         | def f(acts, grads): (grads.mean((1,2))[:,None,None]*acts).sum(0).relu() | `return` is missing
where_it_looks.q4         | lambda before, covered: 100*(before[before.argmax()]-covered[:,before.argmax()]) | in percent
ship_it.q2                | 3379975                                                       | in bytes
ship_it.q2                | '3.4 MB'                                                      | without quotes
ship_it.q3                | import numpy as np; f = lambda s, t: 100*np.exp(s/t)/np.exp(s/t).sum(1, keepdims=True) | in percent
ship_it.q3                | import numpy as np; f = lambda s, t: s*np.nan                 | not a number
ship_it.q4                | def answer(probs, vocab, least): vocab[probs.argmax()]        | `return` is missing
ship_it.q4                | 'not sure'                                                    | you gave a str
ship_it.q5                | def widen(box, margin): return box[0]                         | cannot be what is asked for
should_you.q2             | lambda said, true, name: 100*(said[true!=name]==name).mean()  | in percent
should_you.q3             | lambda r, g: 100*(max(r[g==k].mean() for k in set(g))-min(r[g==k].mean() for k in set(g))) | in percent
should_you.q4             | 15.4                                                          | in percent
should_you.q4             | 15                                                            | in percent
should_you.q5             | set                                                           | the class `set` itself
should_you.q6             | def decide(lo, hi, least): print('yes')                       | `return` is missing
should_you.q6             | lambda lo, hi, least: exit()                                  | ends Python
train_for_real.q1         | 124.                                                          | RIGHT
train_for_real.q1         | 155                                                           | the body is frozen
train_for_real.q1         | '124'                                                         | without quotes
train_for_real.q1         | 2000/64*4                                                     | the quarter is left out
train_for_real.q2         | def mirrored(probs_of, imgs): (probs_of(imgs)+probs_of(imgs[:,:,::-1]))/2 | `return` is missing
train_for_real.q2         | lambda probs_of, imgs: probs_of(imgs[...,::-1])/2+probs_of(imgs)/2 | RIGHT
train_for_real.q2         | lambda probs_of, imgs: 50*(probs_of(imgs)+probs_of(imgs[:,:,::-1])) | in percent
train_for_real.q2         | lambda probs_of, imgs: probs_of                               | brackets are missing
train_for_real.q3         | 'D.'                                                          | RIGHT
train_for_real.q4         | lambda file: file.name.startswith('eve_')                     | RIGHT
train_for_real.q4         | lambda file: 'eve' in file                                    | stopped with TypeError
train_for_real.q4         | 'eve'                                                         | you gave a str
train_for_real.q5         | 'a'                                                           | most to learn from
"""
TABLE = [[o.strip() for o in re.split(r'\s\|\s', line)] for line in TOLD.strip().splitlines()]

def test_how_many(): assert len(TABLE)>=80 and {o.split('.')[0] for o,*_ in TABLE}==set(QUIZZES)

@pytest.mark.parametrize('name, source, words', TABLE, ids=[f'{o[0]}-{i}' for i,o in enumerate(TABLE)])
def test_told(name, source, words):
    said = ASKED[name].verdict(answer_of(source))
    assert said is None if words=='RIGHT' else said and words in said, said

FUNCTIONS = {k: o for k,o in ASKED.items() if callable(answer_of(o.right))}

@pytest.mark.parametrize('name', FUNCTIONS)
def test_every_function(name):
    "Whatever function is asked for: a value, a class, `sys.exit`, and a forgotten `return` have words of their own"
    class Instead:
        def __init__(self, *args, **kwargs): pass
    ask, returns = FUNCTIONS[name].verdict, re.search(r'\b(return|lambda)\b', FUNCTIONS[name].right)
    assert 'The answer must be a function' in ask(.5) and 'you gave None' in ask(None)
    assert 'You gave the class `Instead` itself' in ask(Instead)
    assert 'ends Python' in ask(lambda *args, **kwargs: exit())
    assert 'stopped with ZeroDivisionError' in ask(lambda *args, **kwargs: 1/0)
    if returns: assert '`return` is missing' in ask(lambda *args, **kwargs: None) and 'Not answered yet' in ask(lambda *args, **kwargs: ...)

@pytest.mark.parametrize('name', [k for k,o in ASKED.items() if o.share])
def test_every_share(name):
    "A right share, given in percent, is told so"
    right = answer_of(ASKED[name].right)
    import numpy as np
    in_percent = (lambda *a, **k: 100*np.asarray(right(*a, **k), float)) if callable(right) else 100*right
    assert 'in percent' in ASKED[name].verdict(in_percent)

# Progress

@pytest.mark.parametrize('damage', ['{"read_a_face": {"q1": "2026-01-02", "q', '[]', '\0\0', 'null'])
def test_damaged_progress(damage, tmp_path, monkeypatch, capsys):
    "What can be read is kept, the damaged file too, and the learner reads one line about it"
    fn = tmp_path/'progress.json'
    fn.write_text(damage)
    monkeypatch.setenv('FER_PROGRESS', str(fn))
    quiz = QUIZZES['optimizers']
    quiz.progress()
    exercises.course_progress()
    quiz.exercises[0].check('c')
    said = ' '.join(capsys.readouterr().out.split()) # lines are broken, the sooner the longer the path is
    assert '✓ Right' in said and 'was damaged' in said and 'Traceback' not in said
    assert exercises.load_progress()['optimizers'].keys()=={'q1'}
    assert ('read_a_face' in exercises.load_progress())==('2026-01-02' in damage)
    assert [o.read_text() for o in tmp_path.glob('*damaged*')]==[damage]

def test_faces_instead_of_weights():
    "The number that lesson 3 asks for is the one that its curve gives"
    import numpy as np, pandas as pd
    from fer_course.records.record import read_records
    short = pd.read_csv(ROOT/'results/benchmarks/data_efficiency.csv').query('epochs==5')
    records = [r for o in ('fer2013-5000', 'fer2013') for r in read_records(ROOT/'results'/o) if r.config['run'] in set(short.run)]
    recorded = pd.DataFrame([dict(run=r.config['run'], n=r.config['n_train'], accuracy=r.metrics['valid']['accuracy']) for r in records])
    curve = pd.concat([short, recorded]).pivot_table(index='n', columns='run', values='accuracy')
    n = np.exp(np.interp(curve.adam_scratch[28709], curve.adam_pretrained, np.log(curve.index)))
    assert abs(n-answer_of(ASKED['pretrained_or_scratch.q6'].right))<100

# No answer before its question

COPIES = [*sorted((ROOT/'nbs'/'lessons').glob('*.ipynb')), *(o for d in ('clean', 'colab') for o in sorted((ROOT/d).rglob('*.ipynb')))]

def functions(source):
    "Every function that stands in a cell, as source code"
    try: tree = ast.parse(re.sub(r'^(\s*)[%!].*$', r'\1pass', source, flags=re.M))
    except SyntaxError: return []
    return [ast.unparse(o) for o in ast.walk(tree) if isinstance(o, (ast.FunctionDef, ast.Lambda))]

NAMES = 'import numpy as np, torch\nfrom torch import tensor\nfrom fastai.vision.all import *\nfrom fer_course.all import *\n'

@pytest.mark.parametrize('fn', COPIES, ids=lambda o: str(o.relative_to(ROOT)))
def test_no_answer_before(fn):
    "No function that stands before an exercise passes as its answer; a cell that nobody sees holds no number that does"
    quiz, known = QUIZZES[fn.stem[3:]], {}
    exec(NAMES, known)
    before, given = [], []
    for source in (''.join(o['source']) for o in json.loads(fn.read_text(encoding='utf-8'))['cells'] if o['cell_type']=='code'):
        for o in quiz.exercises:
            if not re.search(rf'\b{o.name}\.check\(', source): continue
            given += [(o.name, 'its solution') for code in before if f'{o.name}.right' in code]
            given += [(o.name, src) for code in before for src in candidates(o, code, known)]
        before.append(source)
    assert not given

def candidates(o, code, known):
    "Parts of a cell that answer the exercise"
    if callable(answer_of(o.right)):
        for src in functions(code):
            name = ast.parse(src).body[0].name if src.startswith('def ') else None
            space = dict(known)
            try: exec(src if name else f'it = {src}', space)
            except Exception: continue
            if o.verdict(space[name or 'it']) is None: yield src
    elif '#| hide' in code:
        numbers = re.findall(r'(?<![\w.])\d*\.?\d+', code)
        yield from (n for n in numbers if len(n.strip('0.'))>2 and o.verdict(float(n)) is None)

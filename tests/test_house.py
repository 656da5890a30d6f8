"What is generated is up to date, what is committed may be, and every page and every public name says what it is"
import ast, csv, gzip, json, re, subprocess, sys, time
from importlib.metadata import packages_distributions
import numpy as np
import pytest
from conftest import ROOT, copy_tree, git_files, ini
from tools import rooms
from tools.measure import summary
from tools.walk import watched

NBS, MODULES = sorted((ROOT/'nbs').rglob('*.ipynb')), sorted(o for o in (ROOT/'fer_course').rglob('[!_]*.py') if o.name!='all.py')
by_nb  = pytest.mark.parametrize('fn', NBS, ids=lambda o: str(o.relative_to(ROOT/'nbs')))
by_mod = pytest.mark.parametrize('fn', MODULES, ids=lambda o: o.relative_to(ROOT/'fer_course').with_suffix('').as_posix())

def cells(fn): return [dict(o, source=''.join(o['source'])) for o in json.loads(fn.read_text(encoding='utf-8'))['cells']]

# What is generated

def test_refreshed():
    "Modules, badges, clean copies, tables of comparisons, README.md"
    p = subprocess.run([sys.executable, ROOT/'tools'/'refresh.py', '--check'], capture_output=True, text=True)
    assert p.returncode==0, p.stderr[-2000:]

def test_commands_in_readme():
    text = (ROOT/'README.md').read_text(encoding='utf-8')
    for o in ('python -m pip install . && fer-train', "python -m pip install -e '.[dev]' && pytest"): assert re.search(rf'^ *{re.escape(o)}$', text, re.M), o

def test_links_in_readme():
    "Whatever it links to within the repository is there"
    links = [o for o in re.findall(r'\]\(([^)#]+)', (ROOT/'README.md').read_text(encoding='utf-8')) if not o.startswith('http')]
    assert links and not [o for o in links if not (ROOT/o).exists()]

def test_scripts_named():
    "Whatever script of benchmarks/ is named anywhere is there"
    texts = [o for o in git_files() if o.suffix in ('.ipynb', '.md', '.py')]
    named = {(str(o), name) for o in texts for name in re.findall(r'benchmarks/(\w+\.py)', (ROOT/o).read_text(encoding='utf-8'))}
    assert len(named)>20 and not [o for o in named if not (ROOT/'benchmarks'/o[1]).exists()]

TO_INDEX = r'pip install (?!.*--no-index)[^`\n]*\bfer_course\b(?!\S* @)' # Where the library is to be fetched from an index

def test_no_index():
    """No package index has the library: whoever registered its name there would run code on the machines of those who were told to fetch it.
    It comes from a clone, from a wheel or from the repository's address"""
    for o in ('pip install fer_course', "pip install 'fer_course[export]'", 'pip install -q "fer_course>=1"'): assert re.search(TO_INDEX, o), o
    for o in ('pip install "fer_course @ {source}"', "pip install --no-index --find-links wheels 'fer_course[export]'"): assert not re.search(TO_INDEX, o), o
    texts = [o for o in git_files() if o.suffix in ('.cff', '.ini', '.ipynb', '.md', '.py', '.toml', '.txt', '.yml') and o.name!='test_house.py']
    assert not [str(o) for o in texts if re.search(TO_INDEX, (ROOT/o).read_text(encoding='utf-8'))]

def test_onnx_named():
    "Who lacks onnx is told the versions that settings.ini allows"
    assert f"pip install '{ini['DEFAULT']['export_requirements']}'" in (ROOT/'fer_course'/'infer'/'export.py').read_text(encoding='utf-8')

# What is committed

MAY_BE_LARGE = {'fer_course/weights/fer.onnx': 8_000_000, # the larger of the models that ship with the package
                'fer_course/weights/centerface.onnx': 4_000_000, # the detector, without which nothing finds faces offline
                'nbs/assets/try/ort/ort-wasm-simd-threaded.wasm.gz': 4_000_000} # what runs it in a browser

def test_no_large_files():
    large = [f'{o} ({(ROOT/o).stat().st_size/1e6:.1f} MB)' for o in git_files() if (ROOT/o).stat().st_size > MAY_BE_LARGE.get(o.as_posix(), 1_500_000)]
    assert not large

def columns(fn):
    with (gzip.open if fn.suffix=='.gz' else open)(fn, 'rt', encoding='utf-8') as f: return next(csv.reader(f), [])

def is_sealed(o):
    "Is it what a training of the study says of the test faces, and nothing else: seven millionths a face?"
    if o.suffix!='.npz' or o.parts[:2]!=('results', 'study'): return False
    with np.load(ROOT/o) as f: return f.files==['test'] and f['test'].dtype==np.int32 and f['test'].shape[1:]==(7,)

def test_no_face_data():
    "Faces of FER2013 and other sets may not be passed on: no pixels in tables, no arrays, no archives"
    files = [o for o in git_files() if not o.name.endswith(('.csv', '.csv.gz')) and o.as_posix() not in MAY_BE_LARGE and not is_sealed(o)]
    assert not [str(o) for o in files if o.suffix in ('.npz', '.npy', '.parquet', '.arrow', '.h5', '.pkl', '.pth', '.zip', '.tar', '.gz', '.tgz')]
    tables = [o for o in git_files() if o.name.endswith(('.csv', '.csv.gz'))]
    assert not [str(o) for o in tables if len(cols := columns(ROOT/o))>100 or any('pixel' in c.lower() for c in cols)]

BAD = {'a path of a machine': r'(?<![\w.:/])/(root|home|tmp|work|Users|opt|var)/|[A-Z]:\\+Users', 'a warning': r'\b\w*Warning\b',
       'an address of an object': r'\b0x[0-9a-f]{6,}'}
SHOWS = ('text/html', 'text/markdown', 'image/png', 'image/svg+xml', 'image/jpeg')

def text_of(out): return ''.join(out.get('text', [])) + ''.join(''.join(v) for k,v in out.get('data', {}).items() if k.startswith('text/'))

def faults(out):
    "What should not be stored in a notebook, of one output"
    if out['output_type']=='error' or out.get('name')=='stderr': yield 'an error, or words on stderr'
    for what,pat in BAD.items():
        if m := re.search(pat, text_of(out)): yield f'{what}: {m[0]!r}'
    data = out.get('data', {})
    if any('widget-view' in k for k in data) and not any(k in data for k in SHOWS): yield 'a widget, dead without a kernel, and no picture or text in its place'
    for k,v in data.items():
        if k.startswith('image/') and len(''.join(v))*3/4 > 100_000: yield f'a picture of {len("".join(v))*3//4000} kB'

@by_nb
def test_stored_outputs(fn):
    bad = [f'cell {i}: {what}' for i,c in enumerate(cells(fn)) for o in c.get('outputs', []) for what in faults(o)]
    bad += [f'cell {i}: {m[0]!r} in the source' for i,c in enumerate(cells(fn)) if (m := re.search(BAD['a path of a machine'], c['source']))]
    if 'widgets' in json.loads(fn.read_text(encoding='utf-8'))['metadata']: bad.append('the state of widgets, in the metadata')
    assert not bad

def test_faults():
    "The check above sees what it is there to see"
    png = 'A'*200_000
    for out,what in [(dict(output_type='stream', name='stdout', text=['see /home/ann/x.csv']), '/home/'),
                     (dict(output_type='stream', name='stderr', text=['50%']), 'stderr'),
                     (dict(output_type='stream', name='stdout', text=['x.py:3: UserWarning: no']), 'UserWarning'),
                     (dict(output_type='error', ename='E'), 'error'),
                     (dict(output_type='display_data', data={'text/plain': ['<Foo at 0x7f12ab34cd>']}), '0x7f12ab34cd'),
                     (dict(output_type='display_data', data={'image/png': png}), 'picture of 150 kB'),
                     (dict(output_type='display_data', data={'text/plain': 'IntSlider()', 'application/vnd.jupyter.widget-view+json': {}}), 'widget')]:
        assert any(what in o for o in faults(out)), what
    assert not [*faults(dict(output_type='display_data', data={'text/plain': ['FaceSet tst: 8 faces, results/synth/adam_scratch'], 'image/png': 'A'*1000}))]

# What everything says of itself

@by_nb
def test_opening(fn):
    first = next(o for o in cells(fn) if o['cell_type']!='raw')
    assert first['cell_type']=='markdown' and re.match(r'# \S.*\n+> \S', first['source']), 'open with "# Title" and "> summary"'

def runs_in_docs(c):
    "Is there an import among a cell's other lines? nbdev runs such a cell when it makes the docs, without the cells before it"
    if c['cell_type']!='code' or re.match(r'#\| ?(export|eval: ?false)', c['source']) or 'import ' not in c['source']: return False
    tree = ast.parse(re.sub(r'^\s*[%!].*$', '', c['source'], flags=re.M))
    imports = ast.Import, ast.ImportFrom
    return any(isinstance(o, imports) for o in ast.walk(tree)) and not all(isinstance(o, (*imports, ast.FunctionDef, ast.ClassDef)) for o in tree.body)

@pytest.mark.parametrize('fn', [o for o in NBS if 'lib' in o.parts], ids=lambda o: o.stem)
def test_imports_alone(fn):
    assert not [f'cell {i}: {c["source"][:80]!r}' for i,c in enumerate(cells(fn)) if runs_in_docs(c)], 'put imports into a cell of their own'

def public(fn):
    "Functions and classes in `__all__`, and public methods added by `@patch`"
    tree = ast.parse(fn.read_text(encoding='utf-8'))
    names = next((ast.literal_eval(o.value) for o in tree.body if isinstance(o, ast.Assign) and getattr(o.targets[0], 'id', '')=='__all__'), [])
    is_patch = lambda o: any(getattr(d, 'id', '')=='patch' for d in o.decorator_list) and not o.name.startswith('_')
    return [o for o in tree.body if isinstance(o, (ast.FunctionDef, ast.ClassDef)) and (o.name in names or is_patch(o))]

def undocumented(f, lines):
    "Parameters of `f` without a comment on the line where they end, or on one of its own above"
    a = f.args
    args = a.posonlyargs + a.args + a.kwonlyargs
    ends = {o.arg: o.end_lineno for o in args}
    ends |= {o.arg: d.end_lineno for o,d in [*zip(args[:len(a.posonlyargs+a.args)][::-1], a.defaults[::-1]), *zip(a.kwonlyargs, a.kw_defaults)] if d}
    above = {o.arg: lines[o.lineno-2].lstrip().startswith('#') for o in args}
    return [k for k,n in ends.items() if k not in ('self', 'cls') and '#' not in lines[n-1] and not above[k]]

@by_mod
def test_documented(fn):
    lines, bad = fn.read_text(encoding='utf-8').splitlines(), []
    for o in public(fn):
        if not ast.get_docstring(o): bad.append(f'{o.name} has no docstring')
        if isinstance(o, ast.FunctionDef): bad += [f'{o.name}: what is {k}?' for k in undocumented(o, lines)]
    assert not bad

def imports(fn):
    "Packages that a module imports, at its top or within its functions"
    for o in ast.walk(ast.parse(fn.read_text(encoding='utf-8'))):
        if isinstance(o, ast.Import): yield from (a.name.split('.')[0] for a in o.names)
        if isinstance(o, ast.ImportFrom) and not o.level: yield o.module.split('.')[0]

def unused(fn):
    "Names that a module imports at its top and never uses"
    tree = ast.parse(fn.read_text(encoding='utf-8'))
    named = {(a.asname or a.name).split('.')[0] for o in tree.body if isinstance(o, (ast.Import, ast.ImportFrom)) for a in o.names}
    return named - {'*'} - {o.id for o in ast.walk(tree) if isinstance(o, ast.Name)}

@by_mod
def test_no_unused_imports(fn): assert not unused(fn), 'import what only a notebook needs in a cell that is not exported'

def test_requirements():
    "Whatever the library imports is named in settings.ini, not left to what others happen to require"
    plain = lambda o: re.match(r'[\w-]+', o)[0].lower().replace('_', '-')
    named = {plain(o) for k,v in ini['DEFAULT'].items() if k.endswith('requirements') for o in v.split()}
    names = {o for fn in MODULES for o in imports(fn)} - {*sys.stdlib_module_names, 'fer_course'}
    dists = packages_distributions()
    assert not [o for o in sorted(names) if not named & {plain(d) for d in dists.get(o, [o])}]

def test_bounds():
    "The oldest OpenCV that is allowed is one that works with the oldest NumPy: 4.10.0.84 is the first whose wheels know NumPy 2"
    least = dict(re.findall(r'([\w-]+)>=([\d.]+)', ini['DEFAULT']['requirements']))
    number = lambda o: [int(n) for n in o.split('.')]
    assert number(least['numpy'])>=[2] and number(least['opencv-python-headless'])>=[4, 10, 0, 84]

def test_light_import():
    "`import fer_course` takes under a second and does not import torch"
    t = time.perf_counter()
    p = subprocess.run([sys.executable, '-c', 'import sys, fer_course; sys.exit("torch" in sys.modules)'], cwd=ROOT)
    assert p.returncode==0
    assert time.perf_counter()-t < 1

@pytest.mark.parametrize('module', ['all', 'commands'])
def test_import_without_extras(module):
    "What only an extra installs is needed by nothing but what it is for"
    extras = {re.split(r'[<>=;]', o)[0] for k in ('export', 'distributed') for o in ini['DEFAULT'][f'{k}_requirements'].split()}
    assert extras=={'onnx', 'accelerate'}
    code = f'import sys; sys.modules.update({dict.fromkeys(extras)}); import fer_course.{module}'
    p = subprocess.run([sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True)
    assert p.returncode==0, p.stderr[-1500:]

def test_all():
    "`from fer_course.all import *` hides nothing: each name is of one module, and of fastai's names only `accuracy` is replaced"
    code = """import importlib, re, collections, inspect, fer_course.all as a, fastai.vision.all as v
mods = re.findall(r'^from \\.(\\w+\\.\\w+) import', inspect.getsource(a), re.M)
names = collections.Counter(n for m in mods for n in importlib.import_module('fer_course.'+m).__all__)
assert len(mods)>15 and not [n for n,k in names.items() if k>1], [n for n,k in names.items() if k>1]
assert [n for n in names if getattr(v, n, None) not in (None, getattr(a, n))]==['accuracy']"""
    p = subprocess.run([sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True)
    assert p.returncode==0, p.stderr[-1500:]

# How it reads

LIMITS = {'line width, p90': 100, 'lines over 120, %': 3, 'widest line': 160} # what tools/measure.py prints may not go above

def test_width():
    "Lines of the generated modules"
    found = summary(ROOT/'fer_course', ROOT/'nbs'/'lib')
    assert not {k: found[k] for k,most in LIMITS.items() if found[k]>most}

def test_widest():
    "No line of the tests, tools and benchmarks is wider than the widest that a module may have"
    files = [o for o in git_files() if o.suffix=='.py' and o.parts[0] in ('tests', 'tools', 'benchmarks')]
    wide = [f'{o}:{i}' for o in files for i,line in enumerate((ROOT/o).read_text(encoding='utf-8').splitlines(), 1) if len(line)>LIMITS['widest line']]
    assert len(files)>60 and not wide

# Which room uses which

def test_rooms():
    "No arrow runs back up the list of rooms, and no modules use each other"
    assert not [*rooms.faults()]

def test_rooms_sees(tmp_path):
    "The check above sees what it is there to see"
    files = {'core/a.py': 'from ..data.b import x', 'data/b.py': 'def f():\n    from lib.core.a import y', 'attic/c.py': ''}
    for name,text in files.items():
        (tmp_path/'lib'/name).parent.mkdir(parents=True)
        (tmp_path/'lib'/name).write_text(text)
    *rest, circle = rooms.faults(tmp_path/'lib')
    assert rest==['attic.c is in none of the rooms', 'core.a uses data.b, and data comes after core']
    assert circle.startswith('a circle: ') and 'core.a' in circle and 'data.b' in circle

def test_walk_sees():
    "Which functions hold a FaceSet, and which modules run without one"
    from fer_course import synth
    from fer_course.core.errors import check_name
    faces, met = synth.faces(20, cache=False), {}
    with watched(met):
        faces.subset(5)
        check_name('a', ['a'], 'letter')
    assert 'subset' in met['core.faceset'] and met['core.errors']==[]

"""What the first cell of a lesson does to Colab, and how long the lessons take with what Colab has.

    python benchmarks/colab.py

Builds an environment of Python 3.13 with the packages of benchmarks/colab.txt, which is Colab's own list as far as the lessons
meet it, and any PyTorch. The first cell installs the wheel of this tree there; then each lesson runs from top to bottom as
Colab opens it, from colab/. The record says what was fetched, which versions changed, and the seconds of each lesson; and it keeps
a digest of each copy's code, of Colab's list and of our requirements, so that pytest warns when it is no longer of today.
With `--env` the environment is kept in a folder, and the next run need not build it again; with `--lessons` the other lessons stay
in the record as they were.
"""
import hashlib, json, os, re, shutil, subprocess, sys, time
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from fastcore.script import call_parse

from common import OUT, ROOT, git_commit, describe_machine, now, save_json
from fer_course.core.cli import cli
from fer_course.core.errors import InputError
from tools.address import EXTRAS

COPIES = sorted((ROOT/'colab').glob('*.ipynb'))
PINS, VERSION = ROOT/'benchmarks'/'colab.txt', '3.13'
CHECK = 'import fer_course, cv2\nprint(cv2.__version__)'

def run(*command, **kwargs):
    "What a command says, which must succeed"
    p = subprocess.run([str(o) for o in command], capture_output=True, text=True, **kwargs)
    if p.returncode: raise RuntimeError(f'{" ".join(map(str, command))}\n{p.stdout[-2000:]}\n{p.stderr[-4000:]}')
    return p.stdout

def interpreter():
    "A Python of Colab's version, from the path or from pyenv"
    kept = sorted(Path.home().glob(f'.pyenv/versions/{VERSION}.*/bin/python'))
    return shutil.which(f'python{VERSION}', path=os.pathsep.join([os.environ['PATH'], *(str(o.parent) for o in kept)]))

def build(env):
    "The environment as it is before a lesson is opened; its Python"
    python = env/'bin'/'python'
    if not python.exists(): run(interpreter(), '-m', 'venv', env)
    run(python, '-m', 'pip', 'install', '-q', '--no-deps', '-r', PINS)
    if 'torch' not in versions(python): run(python, '-m', 'pip', 'install', '-q', 'torch', 'torchvision', '-c', PINS)
    return python

def copied(env, to):
    "A copy made of links, which pip may change without changing `env`; its Python"
    shutil.copytree(env, to, symlinks=True, copy_function=os.link)
    return to/'bin'/'python'

def versions(python):
    "Package → version"
    listed = json.loads(run(python, '-m', 'pip', 'list', '--format', 'json'))
    return {o['name'].lower().replace('_', '-'): o['version'] for o in listed}

def wheel_of(root, to):
    "The wheel of a tree, built from a copy"
    files = run('git', 'ls-files', '-coz', '--exclude-standard', cwd=root).split('\0')
    for o in files:
        if not o or not (root/o).is_file(): continue
        (to/'tree'/o).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root/o, to/'tree'/o)
    run(sys.executable, '-m', 'pip', 'wheel', '-q', '--no-deps', '-w', to, to/'tree')
    return next(to.glob('fer_course-*.whl'))

def fetched(python, what):
    "File → MB of what pip has to fetch to install `what`"
    said = run(python, '-m', 'pip', 'install', '--dry-run', '--progress-bar', 'off', what)
    found = re.findall(r'(?:Downloading|Using cached) (\S+?\.(?:whl|tar\.gz)) \(([\d.]+) (kB|MB)\)', said)
    return {name: round(float(n)/(1 if unit=='MB' else 1000), 2) for name, n, unit in found}

def clone_mb(root, work):
    "MB that pip fetches of the repository: its history without files, and the files of the last commit"
    run('git', 'clone', '-q', '--bare', root, work/'bare.git')
    run('git', '-C', work/'bare.git', 'config', 'uploadpack.allowFilter', 'true') # as GitHub allows it
    run('git', 'clone', '-q', '--filter=blob:none', f'file://{work}/bare.git', work/'clone')
    return round(sum(o.stat().st_size for o in (work/'clone'/'.git'/'objects').rglob('*') if o.is_file())/1e6, 1)

def execute(python, nb, folder):
    "Run a notebook alone in `folder`: what its last cell printed, and the seconds it took"
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(nb, folder/'nb.ipynb')
    env = {k: v for k,v in os.environ.items() if k not in ('PYTHONPATH', 'VIRTUAL_ENV', 'FER_PROGRESS')}
    env.update(HOME=str(folder), JUPYTER_PREFER_ENV_PATH='1', PATH=f'{python.parent}{os.pathsep}{env["PATH"]}')
    began = time.time()
    run(python, '-m', 'nbconvert', '--to', 'notebook', '--execute', '--inplace',
        '--ExecutePreprocessor.timeout=900', folder/'nb.ipynb', cwd=folder, env=env)
    seconds = round(time.time()-began, 1)
    outputs = nbformat.read(folder/'nb.ipynb', 4).cells[-1].outputs
    return ''.join(o.get('text', '') for o in outputs), seconds

def install(base, lesson, extra, wheel, work):
    "Let the first cell of a lesson install the library in a new environment; its Python, and what that brought"
    python, folder = copied(base, work/'env'), work/'install'
    before, files = versions(python), fetched(python, f'fer_course{extra} @ {wheel.as_uri()}')
    folder.mkdir()
    shutil.copy(wheel, folder)
    first = next(o for o in lesson.cells if o.cell_type=='code')
    nb = nbformat.v4.new_notebook(cells=[first, nbformat.v4.new_code_cell(CHECK)], metadata=lesson.metadata)
    cv2, seconds = execute(python, nb, folder)
    changed = {k: [before.get(k), v] for k,v in versions(python).items() if before.get(k)!=v}
    return python, dict(fetched_mb=files, changed=changed, cv2=cv2.strip(), seconds=seconds)

def age(pins=PINS):
    "The month of Colab's list"
    return re.search(r'as of (\w+ \d{4})', pins.read_text(encoding='utf-8'))[1]

def digest(text): return hashlib.sha256(text.encode()).hexdigest()[:12]

def code_of(copy):
    "A digest of the code of a lesson"
    return digest('\n\n'.join(o.source for o in nbformat.read(copy, 4).cells if o.cell_type=='code'))

def packages():
    "A digest of what decides which packages are there: Colab's list without comments, and what the library and lesson 8 need"
    listed = [o for o in PINS.read_text(encoding='utf-8').splitlines() if not o.startswith('#')]
    ours = re.findall(r'^(?:export_)?requirements = .*', (ROOT/'settings.ini').read_text(encoding='utf-8'), re.M)
    return digest('\n'.join([*listed, *ours]))

def measure(base, work, copies=COPIES):
    "The whole record, or that of some lessons"
    build(base)
    wheel, installs, times = wheel_of(ROOT, work), {}, {}
    for extra in sorted({EXTRAS.get(o.stem, '') for o in copies}):
        lessons = [o for o in copies if EXTRAS.get(o.stem, '')==extra]
        place = work/f'env{len(installs)}'
        python, installs[f'fer_course{extra}'] = install(base, nbformat.read(lessons[0], 4), extra, wheel, place)
        for o in lessons:
            _, times[o.name] = execute(python, nbformat.read(o, 4), place/o.stem)
            print(f'{o.name:32} {times[o.name]:6.1f} s', flush=True)
    has = versions(python)
    return dict(list=age(), packages=packages(), code={o.name: code_of(o) for o in copies}, python=run(python, '-V').split()[1],
                **{o: has[o] for o in ('torch', 'ipython', 'ipywidgets', 'fastai', 'numpy')},
                installs=installs, repository_mb=clone_mb(ROOT, work), seconds=times, threads=os.environ.get('OMP_NUM_THREADS'),
                cpu=describe_machine()['cpu'], git=git_commit(), when=now())

def merged(old, new):
    "A record whose lessons were partly run again"
    both = {k: old.get(k, {})|new[k] for k in ('installs', 'seconds', 'code')}
    return old | both | dict(again=dict(lessons=[*new['seconds']], git=new['git'], when=new['when']))

@call_parse
@cli
def main(
    out:Path=OUT/'colab.json', # The record
    lessons:str='*', # Pattern for the names of the lessons in colab/ to run
    env:Path=None, # Folder to keep the environment in; if not given, it is built anew and removed at the end
):
    "Install the library as Colab does, and run all lessons there"
    if not interpreter(): raise InputError(f'python{VERSION} is neither on the path nor in ~/.pyenv: install it, for it is the Python that Colab has')
    with TemporaryDirectory(dir=env and env.parent) as d:
        record = measure(env or Path(d)/'base', Path(d), [o for o in COPIES if o.match(lessons)])
    if lessons!='*': record = merged(json.loads(out.read_text(encoding='utf-8')), record)
    save_json(out, record)
    for what, o in record['installs'].items():
        print(f'{what}: {sum(o["fetched_mb"].values()):.0f} MB of packages, beside {record["repository_mb"]} MB of the repository')
        for name, (old, new) in o['changed'].items(): print(f'    {name}: {old or "not there"} → {new}')

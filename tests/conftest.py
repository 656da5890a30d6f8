import multiprocessing as mp, os, shutil, subprocess, sys, sysconfig
from configparser import ConfigParser
from pathlib import Path
from tempfile import TemporaryDirectory
import pytest
from PIL import Image
from xdist.scheduler import LoadScopeScheduling

os.environ['HF_HUB_OFFLINE'] = '1' # before anything imports huggingface_hub, here or in a process of ours
if 'PYTEST_XDIST_WORKER' in os.environ: os.environ.setdefault('OMP_NUM_THREADS', '1') # a core for each of those that test side by side

from fer_course import synth

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT)) # for tools/
import run_command
from tools.served import FLAGS, find_chromium, serve_folder
ini = ConfigParser(delimiters=['='])
ini.read(ROOT/'settings.ini', encoding='utf-8')

CHROMIUM = find_chromium() # else the one that `playwright install` fetched

# A process that has imported what takes seconds, from which those of notebooks and commands are forked
FORK = mp.get_context('forkserver' if 'forkserver' in mp.get_all_start_methods() else 'spawn')
FORK.set_forkserver_preload(['fastai.vision.all', 'nbdev.test', 'run_notebook'])

def pytest_addoption(parser): parser.addoption('--slow', action='store_true', help='run what is flagged slow too')

class ByFile(LoadScopeScheduling):
    "Tests of one file run in one process and share what they set up; so do the files that open the site; notebooks and lessons run wherever there is room"
    def _split_scope(self, nodeid):
        if 'test_notebook[' in nodeid or 'test_lesson_alone[' in nodeid: return nodeid
        file = nodeid.split('::')[0]
        return 'site' if Path(file).stem in ('test_site', 'test_try', 'test_lab_page') else file

def pytest_xdist_make_scheduler(config, log): return ByFile(config, log)

def git_files(root=ROOT):
    "Files that git tracks or would, relative to `root`"
    out = subprocess.run(['git', 'ls-files', '-coz', '--exclude-standard'], cwd=root, capture_output=True, text=True, check=True).stdout
    return [Path(o) for o in out.split('\0') if o and (root/o).is_file()]

def copy_tree(dest):
    "A copy of the repository's files beside a link to ../shared, where there is one, so that no test can change the tree"
    for o in git_files():
        (dest/'main'/o).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT/o, dest/'main'/o)
    if (ROOT.parent/'shared').exists(): (dest/'shared').symlink_to(ROOT.parent/'shared')
    return dest/'main'

@pytest.fixture(scope='session')
def home(tmp_path_factory): return tmp_path_factory.mktemp('fastai')

@pytest.fixture(scope='session')
def env(home): return dict(os.environ, FASTAI_HOME=str(home), COLUMNS='120')

@pytest.fixture(scope='session')
def faces(tmp_path_factory):
    "A folder of 112 drawn faces: train/<class>/, valid/<class>/, test/<class>/"
    d, fs = tmp_path_factory.mktemp('data')/'drawn', synth.faces(112, seed=3, cache=False)
    for i in range(len(fs)):
        fn = d/fs.split[i]/fs.vocab[fs.labels[i]]/f'{i}.png'
        fn.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(fs.imgs[i]).save(fn)
    return d

@pytest.fixture(scope='session')
def browser():
    from playwright.sync_api import sync_playwright
    with sync_playwright() as p:
        b = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield b
        b.close()

PHONE, DESK = dict(width=390, height=844), dict(width=1280, height=900)

@pytest.fixture(scope='session')
def site(tmp_path_factory, env):
    "The folder of the site, built in a copy of the tree by the command that the README names"
    tree = copy_tree(tmp_path_factory.mktemp('site'))
    p = subprocess.run([sys.executable, 'tools/site.py'], cwd=tree, env=dict(env, PYTHONPATH=str(tree), OMP_NUM_THREADS='1'), capture_output=True, text=True)
    assert p.returncode==0, p.stderr[-3000:]
    return tree/'_site'

@pytest.fixture(scope='session')
def url(site):
    with serve_folder(site) as address: yield address

def watch(page, url):
    "What the page says on the console, and what it asks of others"
    said, asked = [], []
    page.on('console', lambda m: said.append(m.text) if m.type=='error' else None)
    page.on('pageerror', lambda e: said.append(str(e)))
    page.on('request', lambda r: asked.append(r.url) if not r.url.startswith((url, 'data:', 'blob:')) else None)
    page.on('requestfailed', lambda r: said.append(f'failed: {r.url}'))
    return said, asked

WIDE = '() => document.documentElement.scrollWidth - document.documentElement.clientWidth'

def script(name):
    "The command `name` as pip installed it"
    return shutil.which(name, path=sysconfig.get_path('scripts')) or pytest.fail(f"{name} is not installed: python -m pip install -e '.[dev]'")

def run_forked(cwd, env, name, *args):
    "Run the command `name` as `subprocess.run` does, without the seconds that imports take"
    with TemporaryDirectory() as d:
        out, err = (Path(d)/o for o in ('out', 'err'))
        p = FORK.Process(target=run_command.main, args=(script(name), [str(o) for o in args], cwd, env, out, err))
        p.start()
        p.join()
        said = [o.read_text() if o.exists() else '' for o in (out, err)]
    return subprocess.CompletedProcess([name, *args], p.exitcode, *said)

@pytest.fixture(scope='session')
def tree(tmp_path_factory): return copy_tree(tmp_path_factory.mktemp('tree'))

def pytest_terminal_summary(terminalreporter):
    "What each notebook ran, and what it did not and why"
    runs = [dict(o.user_properties) for rs in terminalreporter.stats.values() for o in rs if getattr(o, 'when', '')=='call']
    runs = [o for o in runs if 'notebook' in o]
    if not runs: return
    terminalreporter.section('notebooks')
    for o in runs:
        skipped = '; '.join(f'{n} {why}' for why,n in o['skipped'].items())
        terminalreporter.line(f"{o['notebook']:32} {o['seconds']:6.1f} s  {o['cells']:4} cells {'run' if o['ok'] else 'FAILED'}"
                              + (f', skipped {skipped}' if skipped else ''))
    total = sum(sum(o['skipped'].values()) for o in runs)
    terminalreporter.line(f"{len(runs)} notebooks, {sum(o['cells'] for o in runs)} cells run, {total} skipped")

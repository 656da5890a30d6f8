"What `python benchmarks/pythons.py` found in the Pythons that settings.ini promises, and with OpenCV 5"
import json, re
import pytest
from conftest import ROOT, ini

RUNS = json.loads((ROOT/'results'/'benchmarks'/'pythons.json').read_text(encoding='utf-8'))['runs']
PYTHONS = ini['DEFAULT']['pythons'].split()

def test_promised():
    "tox and the record know the Pythons of settings.ini, and OpenCV 5 beside them"
    envs = json.loads(re.search('^env_list = (.*)', (ROOT/'pyproject.toml').read_text(encoding='utf-8'), re.M)[1])
    assert envs==[*PYTHONS, 'opencv5'] and RUNS.keys()==set(envs)
    assert PYTHONS[0]==ini['DEFAULT']['min_python']

@pytest.mark.parametrize('env', RUNS)
def test_record(env):
    o = RUNS[env]
    assert not o['failed'] and o['passed']>10
    if env=='opencv5': assert o['opencv-python-headless'].startswith('5.')
    else: assert o['python'].startswith(f'{env}.')

"""The quick tests in each Python that settings.ini promises, and with OpenCV 5: `python benchmarks/pythons.py`

`tox` installs the library and all that it needs into an environment for each, from nothing, and runs there what pyproject.toml
says. The interpreters must be on the path; `pip install tox` comes first. One that is named alone replaces its part of the record."""
import json, os, subprocess, time
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

from fastcore.script import call_parse

from common import OUT, ROOT, describe_machine, git_commit, now, save_json
from fer_course.core.cli import cli
from fer_course.records.record import PACKAGES

ENVS = ['3.10', '3.11', '3.12', '3.13', 'opencv5'] # Environments of tox, as in pyproject.toml
SHOWN = [*PACKAGES, 'onnxruntime', 'ipython', 'ipykernel', 'nbdev', 'pytest', 'opencv-python-headless']

def installed(python):
    "Python's version, and those of what results and tests depend on"
    run = lambda *args: subprocess.run([python, *args], capture_output=True, text=True, check=True).stdout
    found = {o['name'].lower().replace('-', '_'): o['version'] for o in json.loads(run('-m', 'pip', 'list', '--format', 'json'))}
    return dict(python=run('-V').split()[1], **{o: found.get(o.replace('-', '_')) for o in SHOWN})

def counted(report):
    "What pytest counted, from its report"
    suite = ElementTree.parse(report).getroot().find('testsuite')
    n = {o: int(suite.get(o)) for o in ('tests', 'failures', 'errors', 'skipped')}
    why = [(o.text or o.get('message')).splitlines()[-1].split(': ', 1)[-1] for o in suite.iter('skipped')]
    bad = [o.get('name') for o in suite if o.find('failure') is not None or o.find('error') is not None]
    return dict(passed=n['tests']-n['failures']-n['errors']-n['skipped'], failed=bad, skipped=why,
                seconds=round(float(suite.get('time'))))

def measure(env, work, folder):
    "Versions and counts of one environment"
    report, began = folder/f'{env}.xml', time.time()
    said = subprocess.run(['tox', 'run', '-e', env, '--workdir', work], cwd=ROOT, capture_output=True, text=True,
                          env=dict(os.environ, PYTEST_ADDOPTS=f'--junitxml={report}'))
    if not report.exists(): raise RuntimeError(said.stdout[-4000:]+said.stderr[-2000:])
    found = counted(report)
    return dict(installed(work/env/'bin'/'python'), **found, install_seconds=round(time.time()-began)-found['seconds'],
                when=now(), git=git_commit())

@call_parse
@cli
def main(
    envs:str=','.join(ENVS), # Environments of tox, separated by commas
    work:Path=ROOT/'.tox', # Folder of the environments
    out:Path=OUT/'pythons.json', # The record
):
    "Install and test in each Python, and keep what came out"
    record = json.loads(out.read_text(encoding='utf-8')) if out.exists() else dict(runs={})
    for env in envs.split(','):
        with TemporaryDirectory() as d: record['runs'][env] = o = measure(env, work, Path(d))
        record.update(command='python benchmarks/pythons.py', machine=describe_machine())
        save_json(out, record)
        print(f"{env}: Python {o['python']}, {o['passed']} passed, {len(o['failed'])} failed, {len(o['skipped'])} skipped, {o['seconds']} s")

"All tests from a clean clone of the last commit, how long they take, and where: `python benchmarks/suite.py`"
import os, subprocess, sys, time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

from fastcore.script import call_parse

from common import OUT, ROOT, load, provenance, save_json
from fer_course.core.cli import cli
from pythons import counted

def seconds_by_file(report):
    "Seconds in the tests of each file, the longest first; processes work side by side, so they add up to more than the clock"
    spent = Counter()
    for o in ElementTree.parse(report).getroot().iter('testcase'):
        spent[o.get('classname').rpartition('.')[2]] += float(o.get('time'))
    return {k: round(v) for k,v in spent.most_common()}

def seconds_by_lesson(report):
    "Seconds that each lesson took alone from the wheel, beside what else was tested then"
    of = [{p.get('name'): p.get('value') for p in o.iter('property')} for o in ElementTree.parse(report).getroot().iter('testcase')]
    return {o['notebook']: round(float(o['seconds'])) for o in of if 'notebook' in o and o['notebook'].startswith('lessons/')}

@call_parse
@cli
def main(
    processes:str='auto', # Number of test processes; 'auto' for one a core, at most 4
    out:Path=OUT/'suite.json', # The record
):
    "Run all tests in a clone of the last commit, and keep counts and times"
    with TemporaryDirectory() as d:
        clone, report = Path(d)/'main', Path(d)/'report.xml'
        subprocess.run(['git', 'clone', '-q', ROOT, clone], check=True)
        if (ROOT.parent/'shared').exists(): (Path(d)/'shared').symlink_to(ROOT.parent/'shared')
        command = [sys.executable, '-m', 'pytest', '-n', processes, f'--junitxml={report}']
        busy, began = load(), time.time()
        subprocess.run(command, cwd=clone, env=dict(os.environ, PYTHONPATH=str(clone)))
        took = round(time.time()-began)
        found = counted(report)
        save_json(out, dict(provenance(), processes=processes, load=busy, **dict(found, seconds=took), files=seconds_by_file(report),
                            lessons=seconds_by_lesson(report)))
    sys.exit(bool(found['failed']))

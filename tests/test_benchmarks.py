"What the benchmarks share: provenance, saving, and parts that run in a process of their own"
import json, re, sys, warnings
import pandas as pd
import pytest
from conftest import ROOT
sys.path.insert(0, str(ROOT/'benchmarks'))
import common

def test_command(monkeypatch):
    "A record names the command as it is typed, and no folder of this machine"
    monkeypatch.setattr(sys, 'argv', ['/some/where/benchmarks/best.py', '--data', '/home/me/my faces.zip', '--out', 'results'])
    assert common.command()=="python benchmarks/best.py --data 'my faces.zip' --out results"

def test_provenance():
    "Has the keys that stored records have, and versions of other packages beside ours"
    about = common.provenance(accelerate='1.0')
    stored = [json.loads((common.OUT/f'{o}.json').read_text()) for o in ('best', 'cost', 'training', 'predict')]
    assert all(about.keys()<=o.keys() for o in stored)
    assert about['versions']['accelerate']=='1.0' and about['versions'].keys()>stored[0]['versions'].keys()-{'accelerate'}
    row = common.row_provenance()
    assert row.keys()<=set(pd.read_csv(common.OUT/'starts.csv').columns)

@pytest.mark.parametrize('name, kwargs', [('a.csv', {}), ('a.csv.gz', dict(compression=dict(method='gzip', mtime=0)))])
def test_save_table(tmp_path, name, kwargs):
    df = pd.DataFrame(dict(a=[1, 2], b=['x', 'y']))
    common.save_table(tmp_path/'new'/name, df, **kwargs)
    assert pd.read_csv(tmp_path/'new'/name).equals(df)
    assert [o.name for o in (tmp_path/'new').iterdir()]==[name]

def test_save_json(tmp_path):
    "A record that cannot be written whole leaves the old one"
    common.save_json(path := tmp_path/'a.json', dict(a=1))
    with pytest.raises(TypeError): common.save_json(path, dict(a=object()))
    assert json.loads(path.read_text())==dict(a=1)

def test_run_apart(tmp_path):
    (script := tmp_path/'part.py').write_text('import os, sys\nprint("noise")\nprint(sys.argv[1:], os.environ["OMP_NUM_THREADS"])')
    assert common.run_apart(script, '--n', 3, threads=2)=="['--n', '3'] 2"

def test_reading_takes_turns():
    "Of two checkouts each reads first in every second round, and what is cached only after the first time"
    import reading
    trees = dict(here=1, before=2)
    rounds = [reading.turns(trees, i) for i in range(4)]
    assert all({*o}=={*rounds[0]} and len(o)==7 for o in rounds)
    for way in ('first', 'again', 'folder'): assert [next(n for w,n in o if w==way) for o in rounds]==['here', 'before']*2
    assert all(o.index(('first', n)) < o.index(('again', n)) for o in rounds for n in trees)
    assert reading.turns(dict(here=1), 1)==[(o, 'here') for o in reading.WHAT]

def test_reading_refuses(tmp_path):
    import reading
    from fer_course.core.errors import InputError
    with pytest.raises(InputError, match='no such file'): reading.main(str(tmp_path/'fer2013.csv'))
    (tmp_path/'fer2013.csv').touch()
    with pytest.raises(InputError, match='no checkout'): reading.main(str(tmp_path/'fer2013.csv'), before=tmp_path)

def test_browser():
    "What is said of the site: sliders answer within 100 ms on a processor four times slower, and our drawing is the lighter way"
    record = json.loads((common.OUT/'browser.json').read_text())
    assert {o['slower'] for o in record['lab']['rows']}=={1, 4}
    assert all(o['total_ms']<100 for o in record['lab']['rows'])
    ours, theirs = record['ways']['rows']
    assert 50*ours['kb']<theirs['kb'] and ours['first_ms']<theirs['first_ms']
    assert all(o['kb']>=o['html_kb']>0 for o in record['pages']['rows'].values())

def test_averaging():
    "Accuracies follow from which faces were right; the page's words about them hold"
    t, right = pd.read_csv(common.OUT/'averaging.csv'), pd.read_csv(common.OUT/'averaging_right.csv.gz')
    for o in t.itertuples():
        hits, plain = right[f'{o.model}: {o.way}'], right[f'{o.model}: as it is']
        assert len(hits)==o.n and abs(hits.mean()-o.accuracy)<1e-6 and abs((hits-plain).mean()-o.accuracy_diff)<1e-6
    large, small = (t[(t.model==o) & (t.copies>1)].set_index('way') for o in ('fer', 'small'))
    assert large.diff_lo['moved up, down, left and right']>0 and large.diff_hi['cut by 2 and by 3 px']<0
    assert (small.diff_lo<0).all() and (small.diff_hi>0).all()

def test_speed():
    "Our training of a GPU's benchmark is measured on a CPU too"
    import gpu
    from fer_course import synth
    from fer_course.train.run import RunData, run_args, run_settings
    faces, small = synth.faces(64, seed=3, cache=False), dict(bs=8, size=32, arch='fer_small')
    s = run_settings(faces, 'adam_scratch', **small)
    assert gpu.our_speed(RunData(faces, 'cpu'), run_args('adam_scratch', **small), s)>0

def test_against_cpu(tmp_path):
    "Records of the same faces are compared, whichever file these came from, and those of other faces are not"
    import gpu
    from fer_course.core.errors import InputError
    from fer_course.records.record import fake_record, write_record
    record = fake_record()
    data = dict(record.config['data'], source='another file')
    write_record(fake_record(data=data), tmp_path/'adam_pretrained'/'seed0')
    assert gpu.against_cpu(record, tmp_path)['diff']==0
    other = fake_record(data=dict(data, fingerprint='1'*16))
    with pytest.raises(InputError, match='other data'): gpu.against_cpu(other, tmp_path)

def test_suite():
    "All tests together took about as long as CONTRIBUTING.md says; what failed in that record, pytest's summary tells"
    record = json.loads((common.OUT/'suite.json').read_text())
    minutes, = re.findall(r'`pytest` takes about (\d+) minutes on two cores', (ROOT/'CONTRIBUTING.md').read_text(encoding='utf-8'))
    assert record['machine']['cores']==2 and abs(60*int(minutes)/record['seconds']-1)<.3
    if record['failed']: warnings.warn(f'results/benchmarks/suite.json has failures, {", ".join(record["failed"])}: run python benchmarks/suite.py')

def test_seconds_by_lesson(tmp_path):
    "A record of all tests keeps the seconds of lessons, not of other notebooks"
    import suite
    case = '<testcase classname="tests.test_{0}" time="{2}"><properties>' \
        '<property name="notebook" value="{1}"/><property name="seconds" value="{2}"/></properties></testcase>'
    (report := tmp_path/'report.xml').write_text(
        f'<testsuite>{case.format("lessons", "lessons/01_a.ipynb", 61.6)}{case.format("notebooks", "lib/core/cli.ipynb", 2)}'
        '<testcase classname="tests.test_lessons" time="1"/></testsuite>')
    assert suite.seconds_by_lesson(report)=={'lessons/01_a.ipynb': 62}
    assert suite.seconds_by_file(report)=={'test_lessons': 63, 'test_notebooks': 2}

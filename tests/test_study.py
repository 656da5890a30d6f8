"The study's report: what it finds in made-up stages, whose truth is known, and what it refuses"
import json, sys, threading, time
from contextlib import ExitStack
import numpy as np
import pandas as pd
import pytest
from filelock import FileLock
from conftest import ROOT
from fer_course import synth
from fer_course.core.errors import InputError
from fer_course.core.faceset import VOCAB
from fer_course.records.runs import run_pairs

sys.path.insert(0, str(ROOT/'benchmarks'))
import study, study_report

KEPT = ROOT/'results'/'study'
SKILL = dict(adam_pretrained=2., rmsprop_pretrained=2., adam_scratch=.8, rmsprop_scratch=1., adam_frozen=1.2,
             rmsprop_debiased_pretrained=2., rmsprop_debiased_scratch=.8) # how far the score of the true class is raised

def write_json(name, job, loss):
    arm, lr, seed = job
    history = [dict(epoch=e, accuracy=.3+.05*e, cpu_seconds=60.) for e in (1, 2)]
    row = dict(stage=name, cached=False, run=arm, lr=lr, seed=seed, epochs=2, n_train=5000,
               valid=dict(loss=loss, accuracy=.5), history=history, cpu_seconds=120.)
    path = study_report.path_of(name, job)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(row))

def write_tuning(name):
    for job in study.jobs(name): write_tuned(name, job)

def write_tuned(name, job):
    "A loss with its bottom at 0.002, well inside the grid"
    write_json(name, job, 1+abs(np.log2(job[1]/.002))/10+job[2]/100)

def write_sealed(name, seeds):
    "Probabilities that raise the true class by the arm's skill, whatever the seed; noise is shared by the arms of a seed"
    codes = study_report.read_faces().code.to_numpy()
    for job in study.jobs(name):
        arm, _, seed = job
        if seed not in seeds: continue
        write_json(name, job, 1.)
        scores = np.exp(np.random.default_rng(seed).normal(size=(len(codes), 7)) + SKILL[arm]*np.eye(7)[codes])
        np.savez_compressed(study_report.path_of(name, job, 'npz'), test=np.round(scores/scores.sum(1, keepdims=True)*1e6).astype('int32'))

@pytest.fixture(scope='module')
def made_up(tmp_path_factory):
    "A folder with stages A and B whole, and C with three of its ten seeds"
    folder, before = tmp_path_factory.mktemp('study'), study.HERE
    study.HERE = folder
    write_tuning('A')
    write_tuning('B')
    write_sealed('C', (10, 11, 12))
    yield folder
    study.HERE = before

def test_rates(made_up):
    tables = study_report.report(['A', 'B'], {}, made_up/'rates')
    chosen = tables['rates'].query('chosen')
    assert set(tables)=={'rates', 'equal_rates', 'own_rates', 'equal_corrected', 'own_corrected'}
    assert set(chosen.run)==set(SKILL) and (chosen.lr==.002).all() and (chosen.seeds==3).all()
    assert np.allclose(chosen.loss, 1.01) and len(tables['equal_rates'])==5*7 and len(tables['equal_corrected'])==4*7
    pictures = {f'{o}.png' for o in ('rates_A', 'rates_B', 'equal_optimizer', 'equal_start', 'equal_freezing', 'equal_corrected')}
    assert {o.name for o in (made_up/'rates').iterdir()}=={*(f'{o}.csv' for o in tables), 'report.md', 'report.json', *pictures}
    page = (made_up/'rates'/'report.md').read_text()
    assert '| Adam, pretrained | 0.002 | 1.010 | 50.0 ± 0.0 |' in page
    assert 'No best rate lies at an end of the rates' in page and 'for none of the study' in page
    assert 'no interval over seeds of the 7 rates excludes zero' in page and 'nan' not in page
    assert 'first steps? (stages A and B)' in page and '- RMSProp with bias correction, pretrained minus RMSProp, pretrained: +0.0 to +0.0 points' in page

def test_waits_for_another_process(tmp_path, monkeypatch):
    "A process that finds others at all that is left waits for them, and does what they did not finish"
    faces = synth.faces(100)
    monkeypatch.setattr(study, 'HERE', tmp_path/'study')
    monkeypatch.setattr('fer_course.data.readers.load_faces', lambda *args, **kwargs: faces)
    monkeypatch.setattr(study, 'train', lambda name, *args: (trained.append(args[:3]), write_tuned(name, args[:3])))
    (tmp_path/'study').mkdir()
    recorded, stopped, *rest = study.jobs('B')
    for o in rest: write_tuned('B', o)
    trained, held, looked = [], threading.Event(), threading.Event()
    monkeypatch.setattr(study, 'forecast', lambda *args: looked.set())
    def others():
        with ExitStack() as locks:
            for o in recorded, stopped: locks.enter_context(FileLock(tmp_path/'B'/f'.{study.name_of(*o)}.lock'))
            held.set()
            assert looked.wait(60)
            time.sleep(.5)
            write_tuned('B', recorded)
    other = threading.Thread(target=others)
    other.start()
    assert held.wait(10)
    study.run('B', None, None, tmp_path, 'cpu')
    other.join()
    assert trained==[stopped] and not study.todo('B')

def test_processor_seconds():
    "What the design's page says of how long trainings took"
    took = [o['cpu_seconds'] for o in (json.loads(p.read_text()) for p in (KEPT/'A').glob('adam_pretrained-*.json'))]
    assert f'{min(took):.0f} to {max(took):.0f} processor seconds' in (KEPT/'README.md').read_text()

def test_signs():
    "Differences on either side of zero are counted, and one interval that holds it"
    t = pd.DataFrame(dict(seeds_lo=[.01, -.03, -.01, float('nan')], seeds_hi=[.02, -.01, .02, float('nan')]))
    assert study_report.describe_signs(t)=='of 4 rates, the interval over seeds lies above zero at 1, below at 1, and includes it at 2'

def test_describe_own():
    "A pair at own rates as a sentence, whichever argument differs; where the interval holds zero, nothing is decided"
    row = lambda a, b, lo, hi: next(pd.DataFrame([dict(
        a=a, b=b, lr_a=.008, lr_b=.004, seeds=3, accuracy_diff=(lo+hi)/2, seeds_lo=lo, seeds_hi=hi)]).itertuples())
    said = [study_report.describe_own(row('adam_pretrained', b, lo, .3)) for b,lo in [('adam_scratch', .1), ('adam_frozen', .1), ('rmsprop_pretrained', -.1)]]
    assert said[0].startswith('With Adam, starting from ImageNet was worth 20.0\u00a0points '
        '(95\u00a0% over 3 seeds +10.0\u00a0to\u00a0+30.0; at rates 0.008 and 0.004)')
    assert said[1].startswith('With Adam, freezing the body cost 20.0') and said[2].startswith('Adam, pretrained − RMSProp, pretrained: not decided, +10.0')

def test_at_own_rates():
    "Each run at the rate that was chosen for it, seed by seed"
    rows = [dict(run=run, lr=lr, seed=s, valid=dict(accuracy=a+s/100)) for run,lr,a in
            [('adam_pretrained', .004, .5), ('adam_pretrained', .002, .9), ('rmsprop_pretrained', .002, .4)] for s in range(3)]
    others = [dict(run=run, lr=.002, seed=s, valid=dict(accuracy=.3)) for run in ('adam_scratch', 'rmsprop_scratch', 'adam_frozen') for s in range(3)]
    chosen = pd.DataFrame([dict(run=o, lr=.004 if o=='adam_pretrained' else .002) for o in SKILL if 'debiased' not in o])
    o = study_report.at_own_rates(rows+others, chosen, run_pairs()).set_index(['a', 'b']).loc[('adam_pretrained', 'rmsprop_pretrained')]
    assert o.accuracy_diff==.1 and o.seeds==3 and (o.lr_a, o.lr_b)==(.004, .002)

def test_asked_before(made_up):
    "Without stages the report that is there is written again; where there is none, this is said"
    study_report.report(['A'], dict(A=2), made_up/'again')
    assert study_report.asked_before(made_up/'again')==(['A'], dict(A=2))
    with pytest.raises(InputError, match='report.json does not exist; say which stages'): study_report.asked_before(made_up/'nowhere')

def test_count_opened():
    "Scores on PrivateTest are counted by folder: five runs once on all of FER2013, three times on 5,000 faces"
    found = study_report.count_opened()
    assert found['fer2013']==5 and found['fer2013-5000']==15 and found['benchmarks/cached.csv']>0 and 'synth' not in found

def test_report_kept(tmp_path, monkeypatch):
    "The report in results/study is what its records say today"
    monkeypatch.setattr(study, 'HERE', KEPT)
    names, given = study_report.asked_before(KEPT/'report')
    study_report.report(names, given, tmp_path)
    for o in (KEPT/'report').iterdir():
        if o.suffix=='.csv': pd.testing.assert_frame_equal(pd.read_csv(o), pd.read_csv(tmp_path/o.name))
        elif o.suffix!='.png': assert o.read_text(encoding='utf-8')==(tmp_path/o.name).read_text(encoding='utf-8')
    assert {o.name for o in tmp_path.iterdir()}=={o.name for o in (KEPT/'report').iterdir()}

def test_comparisons(made_up):
    tables = study_report.report(['A', 'C'], dict(C=3), made_up/'report')
    runs, pairs = tables['runs'], tables['pairs'].set_index(['measure', 'a', 'b'])
    assert len(runs)==7*3 and len(pairs)==(5+4)*3
    clear, same = pairs.loc[('all', 'adam_pretrained', 'adam_scratch')], pairs.loc[('all', 'adam_pretrained', 'rmsprop_pretrained')]
    assert clear.both_lo>0 and clear.p_greater==1 and clear.p_holm<.05 and not clear.equivalent
    assert same.accuracy_diff==0 and same.p_greater==.5 and same.p_holm==1 and same.equivalent
    mean = runs.groupby('run').accuracy.mean()
    assert abs(clear.accuracy_diff-(mean.adam_pretrained-mean.adam_scratch))<1e-5
    assert study_report.read_faces().unseen.sum()==3301
    page = (made_up/'report'/'report.md').read_text()
    for o in ('Adam, pretrained minus RMSProp, pretrained: +0.0 points', 'for 21 of the study', 'Stage C has 3 of its 10 seeds', 'equal within a point'):
        assert o in page
    assert {'pairs_C.png', 'cost_C.png', 'pairs.csv', 'runs.csv'} <= {o.name for o in (made_up/'report').iterdir()}

def test_one_seed(made_up):
    "Rates without a spread; a difference with an interval over faces alone, which says so and decides nothing"
    tables = study_report.report(['A', 'C'], dict(A=1, C=1), made_up/'one_seed')
    assert tables['rates'].loss_sd.isna().all() and (tables['rates'].query('chosen').lr==.002).all()
    pair = tables['pairs'].query('measure=="all" and a=="adam_pretrained" and b=="adam_scratch"').iloc[0]
    said = study_report.describe_pair(pair)
    assert pair.faces_lo<pair.accuracy_diff<pair.faces_hi and not pair.equivalent and pd.isna(pair.p_holm)
    assert f'{100*pair.faces_lo:+.1f} to {100*pair.faces_hi:+.1f} over the test faces; one seed'.replace('-', '−') in said and 'nan' not in said
    page = (made_up/'one_seed'/'report.md').read_text()
    assert said in page and 'nan' not in page

def test_same_numbers(made_up):
    "Twice the same stages, twice the same tables"
    for folder in ('one', 'two'): study_report.report(['A'], {}, made_up/folder)
    pd.testing.assert_frame_equal(*(pd.read_csv(made_up/o/'rates.csv') for o in ('one', 'two')))

@pytest.mark.parametrize('stages, seeds, words', [
    (['A', 'C'], {}, r'stage C is incomplete: 49 of 70 trainings are missing, the first of them adam_pretrained at rate 0\.002 with seed 13'),
    (['D'], {}, 'stage D is incomplete'),
    (['C'], dict(C=11), '1 to 10 of them'),
    (['C'], dict(C=0), '1 to 10 of them'),
], ids=['half', 'nothing', 'too many', 'none'])
def test_refuses(stages, seeds, words, made_up):
    "It says what is missing, and has written and opened nothing"
    with pytest.raises(InputError, match=words): study_report.report(stages, seeds, made_up/'none')
    assert not (made_up/'none').exists()

def test_broken_file(made_up):
    path = study_report.path_of('C', study.jobs('C')[0], 'npz')
    whole = path.read_bytes()
    np.savez_compressed(path, test=np.zeros((5, len(VOCAB)), 'int32'))
    with pytest.raises(InputError, match='not probabilities of 3589 faces'): study_report.report(['C'], dict(C=3), made_up/'broken')
    path.write_bytes(whole)

def test_seeds_argument():
    assert study_report.read_counts('')=={} and study_report.read_counts('C=5,E=3')==dict(C=5, E=3)
    with pytest.raises(InputError, match='give stages with a number each'): study_report.read_counts('C')

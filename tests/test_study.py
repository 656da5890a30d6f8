"The study's report: what it finds in made-up stages, whose truth is known, and what it refuses"
import json, sys
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from fer_course.core.errors import InputError
from fer_course.core.faceset import VOCAB

sys.path.insert(0, str(ROOT/'benchmarks'))
import study, study_report

SKILL = dict(adam_pretrained=2., rmsprop_pretrained=2., adam_scratch=.8, rmsprop_scratch=1., adam_frozen=1.2,
             rmsprop_debiased_pretrained=2., rmsprop_debiased_scratch=.8) # how far the score of the true class is raised

def write_json(name, job, loss):
    arm, lr, seed = job
    history = [dict(epoch=e, accuracy=.3+.05*e, cpu_seconds=60.) for e in (1, 2)]
    row = dict(stage=name, run=arm, lr=lr, seed=seed, epochs=2, n_train=5000, valid=dict(loss=loss, accuracy=.5), history=history, cpu_seconds=120.)
    path = study_report.path_of(name, job)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(row))

def write_tuning(name):
    "Losses with a bottom at 0.002, well inside the grid"
    for job in study.jobs(name): write_json(name, job, 1+abs(np.log2(job[1]/.002))/10+job[2]/100)

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
    assert set(tables)=={'rates', 'equal_rates'} and set(chosen.run)==set(SKILL) and (chosen.lr==.002).all() and (chosen.seeds==3).all()
    assert np.allclose(chosen.loss, 1.01) and len(tables['equal_rates'])==5*7
    assert {o.name for o in (made_up/'rates').iterdir()}=={'rates.csv', 'equal_rates.csv', 'rates_A.png', 'rates_B.png', 'equal_rates.png', 'report.md'}
    assert 'Adam, pretrained: 0.002, where the loss is 1.010' in (made_up/'rates'/'report.md').read_text()

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
    assert 'Adam, pretrained minus RMSProp, pretrained: +0.0 points' in page and 'equal within a point' in page
    assert {'pairs_C.png', 'cost_C.png', 'pairs.csv', 'runs.csv'} <= {o.name for o in (made_up/'report').iterdir()}

def test_one_seed(made_up):
    "Rates without a spread; a difference with an interval over faces alone, which says so and decides nothing"
    tables = study_report.report(['A', 'C'], dict(A=1, C=1), made_up/'one_seed')
    assert tables['rates'].loss_sd.isna().all() and (tables['rates'].query('chosen').lr==.002).all()
    pair = tables['pairs'].query('measure=="all" and a=="adam_pretrained" and b=="adam_scratch"').iloc[0]
    said = study_report.describe_pair(pair)
    assert pair.faces_lo<pair.accuracy_diff<pair.faces_hi and not pair.equivalent and pd.isna(pair.p_holm)
    assert f'{100*pair.faces_lo:+.1f} to {100*pair.faces_hi:+.1f} over the test faces; one seed' in said and 'nan' not in said
    page = (made_up/'one_seed'/'report.md').read_text()
    assert said in page and 'nan' not in page

def test_same_numbers(made_up):
    "Twice the same stages, twice the same tables"
    for folder in ('one', 'two'): study_report.report(['A'], {}, made_up/folder)
    pd.testing.assert_frame_equal(*(pd.read_csv(made_up/o/'rates.csv') for o in ('one', 'two')))

@pytest.mark.parametrize('stages, seeds, words', [
    (['A', 'C'], {}, r'stage C is not whole: 49 of 70 trainings are missing, the first of them adam_pretrained at rate 0\.002 with seed 13'),
    (['D'], {}, 'stage D is not whole'),
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

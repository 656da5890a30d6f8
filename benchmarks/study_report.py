"""The report of the study: see results/study/README.md, which says beforehand what is compared and how.

    python benchmarks/study_report.py A,B              # rates, on PublicTest alone
    python benchmarks/study_report.py A,B,C,E          # and the comparisons, on PrivateTest
    python benchmarks/study_report.py A,B,C,E --seeds E=3

The one command that joins the probabilities which the trainings left for PrivateTest with its labels. It refuses where a stage
is not whole, before it opens anything. Tables, figures and `report.md` go to results/study/report.
"""
import json, sys
from pathlib import Path

import numpy as np
import pandas as pd
from fastcore.script import call_parse

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import study
from fer_course.core.errors import InputError
from fer_course.core.faceset import VOCAB
from fer_course.records.compare import markdown_table
from fer_course.records.figures import COLORS, Picture, small_figure, tidy_axes
from fer_course.records.metrics import metrics, mean_over_seeds, preds_table
from fer_course.records.runs import run_pairs
from fer_course.records.seeds import adjust_holm, compare_crossed, is_equivalent

FACES = HERE.parent/'results'/'fer2013-facts'/'test_faces.csv.gz' # label of each face of PrivateTest, is it in Training, what most people said
CORRECTED = [('rmsprop_debiased_pretrained', 'rmsprop_pretrained'), ('rmsprop_debiased_scratch', 'rmsprop_scratch'),
             ('adam_pretrained', 'rmsprop_debiased_pretrained'), ('adam_scratch', 'rmsprop_debiased_scratch')]
FAMILIES = {'C': {'five runs': run_pairs(), 'bias correction': CORRECTED}, 'E': {'five runs': run_pairs()},
            'G': {'from scratch': [('adam_scratch', 'rmsprop_scratch')]}} # what Holm's method corrects together
NAMES = dict(adam_pretrained='Adam, pretrained', rmsprop_pretrained='RMSProp, pretrained', adam_scratch='Adam, from scratch',
             rmsprop_scratch='RMSProp, from scratch', adam_frozen='Adam, body frozen',
             rmsprop_debiased_pretrained='RMSProp with bias correction, pretrained',
             rmsprop_debiased_scratch='RMSProp with bias correction, from scratch',
             adam_freeze7='Adam, 7 of 9 groups frozen', adam_freeze6='Adam, 6 of 9 groups frozen')
MARKS = 'osDv^P*Xh'

# what is there

def seeds_of(name, given):
    "The seeds of a stage that are reported: all, or as many as were `given` for it"
    seeds = study.STAGES[name].seeds
    n = given.get(name, len(seeds))
    if not 1<=n<=len(seeds): raise InputError(f'--seeds {name}={n}: stage {name} has {len(seeds)} seeds; report 1 to {len(seeds)} of them')
    return seeds[:n]

def check_whole(name, seeds):
    "The trainings of a stage as (arm, rate, seed); `InputError` where one of them is missing"
    jobs = [o for o in study.jobs(name) if o[2] in seeds]
    files = ['json', 'npz'] if study.STAGES[name].sealed else ['json']
    missing = [o for o in jobs if not all(path_of(name, o, ext).exists() for ext in files)]
    if not missing: return jobs
    arm, lr, seed = missing[0]
    raise InputError(f'stage {name} is not whole: {len(missing)} of {len(jobs)} trainings are missing, the first of them {arm} at rate {lr:g} '
                     f'with seed {seed}; run python benchmarks/study.py {name}, or report fewer seeds with --seeds {name}=N')

def path_of(name, job, ext='json'): return study.HERE/name/f'{study.name_of(*job)}.{ext}'

def read_jobs(name, jobs): return [json.loads(path_of(name, o).read_text()) for o in jobs]

def read_sealed(path, n):
    "The probabilities that a training left for the faces of PrivateTest, `float [n, 7]`"
    with np.load(path) as f: millionths = f['test']
    if millionths.shape!=(n, len(VOCAB)) or abs(millionths.sum(1)-1e6).max()>10:
        raise InputError(f'{path}: {millionths.shape} are not probabilities of {n} faces in millionths; train it again with study.py --only')
    return millionths/millionths.sum(1, keepdims=True)

# rates, on PublicTest

def rate_table(name, rows):
    "A row for each arm and rate of a tuning stage: loss and accuracy on PublicTest over seeds"
    flat = pd.DataFrame([dict(stage=name, run=o['run'], lr=o['lr'], loss=o['valid']['loss'], accuracy=o['valid']['accuracy']) for o in rows])
    t = flat.groupby(['stage', 'run', 'lr'], sort=False)[['loss', 'accuracy']].agg(['mean', 'std', 'size'])
    t = pd.DataFrame(dict(seeds=t['loss', 'size'], loss=t['loss', 'mean'], loss_sd=t['loss', 'std'],
                          accuracy=t['accuracy', 'mean'], accuracy_sd=t['accuracy', 'std'])).reset_index()
    return t.assign(chosen=t.groupby('run').loss.transform('min')==t.loss).sort_values(['run', 'lr'], kind='stable')

def equal_rates(rows):
    "For each pair of the five runs and each rate that both have: the difference of accuracy on PublicTest over seeds"
    acc = {(o['run'], o['lr'], o['seed']): o['valid']['accuracy'] for o in rows}
    res = []
    for a,b in run_pairs():
        for lr in sorted({lr for run,lr,_ in acc if run==a} & {lr for run,lr,_ in acc if run==b}):
            diffs = [acc[a,lr,s]-acc[b,lr,s] for run,r,s in acc if (run, r)==(a, lr) and (b, lr, s) in acc]
            o = mean_over_seeds(diffs)
            res.append(dict(a=a, b=b, lr=lr, seeds=o['n'], accuracy_diff=o['mean'], accuracy_diff_sd=o['sd'], seeds_lo=o['lo'], seeds_hi=o['hi']))
    return pd.DataFrame(res)

def say_best(t): return '; '.join(f'{NAMES[o.run]}: {o.lr:g}, where the loss is {o.loss:.3f} and {o.accuracy:.1%} are right' for o in t[t.chosen].itertuples())

def log_axis(ax, rates):
    rates = sorted(set(rates))
    ax.set_xscale('log')
    ax.set_xticks(rates[::2], [f'{o:g}' for o in rates[::2]])
    ax.minorticks_off()

def draw_rates(t):
    "Loss and accuracy on PublicTest against the rate, a line for each arm"
    fig = small_figure(5)
    top, low = fig.subplots(2, 1, sharex=True)
    for i,(run,o) in enumerate(t.groupby('run', sort=False)):
        look = dict(color=COLORS[i%6], marker=MARKS[i], markersize=4, linewidth=1.2, label=NAMES[run])
        top.errorbar(o.lr, o.loss, o.loss_sd, **look)
        low.errorbar(o.lr, o.accuracy, o.accuracy_sd, **look)
    log_axis(low, t.lr)
    tidy_axes(top, ylabel='loss on PublicTest')
    tidy_axes(low, 'learning rate', 'accuracy on PublicTest', percent='y')
    fig.legend(*top.get_legend_handles_labels(), loc='outside upper center', ncols=1 if t.run.nunique()<4 else 2, fontsize=7, frameon=False)
    return Picture(fig, f'Loss and accuracy on PublicTest against the learning rate. Lowest loss: {say_best(t)}.')

def draw_equal_rates(t):
    "Differences of accuracy at equal rates, a line for each pair"
    fig = small_figure(3.4)
    ax = fig.subplots()
    for i,((a,b),o) in enumerate(t.groupby(['a', 'b'], sort=False)):
        ax.errorbar(o.lr, 100*o.accuracy_diff, 100*o.accuracy_diff_sd, color=COLORS[i%6], marker=MARKS[i], markersize=4, linewidth=1.2,
                    label=f'{NAMES[a]} − {NAMES[b]}')
    ax.axhline(0, color='black', linewidth=.6)
    log_axis(ax, t.lr)
    tidy_axes(ax, 'learning rate of both', 'points on PublicTest')
    fig.legend(loc='outside upper center', fontsize=7, frameon=False)
    ends = '; '.join(f'{NAMES[a]} minus {NAMES[b]} goes from {100*o.accuracy_diff.min():+.1f} to {100*o.accuracy_diff.max():+.1f} points'
                     for (a,b),o in t.groupby(['a', 'b'], sort=False))
    return Picture(fig, f'Differences of accuracy between runs at equal learning rates: {ends}.')

# comparisons, on PrivateTest

def read_faces():
    "Label of each face of PrivateTest, whether Training holds its pixels, and what most people of FER+ said"
    t = pd.read_csv(FACES, keep_default_na=False)
    return t.assign(code=t.target.map(VOCAB.index), unseen=~t.in_train.astype(str).eq('True'), people_code=t.people.map({c: i for i,c in enumerate(VOCAB)}))

def judge(probs, faces):
    "What a training got right: by FER2013's labels on all faces, on those that no training saw, and by most people of FER+"
    said = probs.argmax(1)
    named = faces.people_code.notna().to_numpy()
    hits = said==faces.code.to_numpy()
    return {'all': hits, 'unseen': hits[faces.unseen.to_numpy()], 'people': said[named]==faces.people_code[named].to_numpy()}

def open_stage(name, jobs, faces):
    "Everything that the trainings of a stage say of PrivateTest, a row for each and its hits by arm"
    rows, hits = [], {}
    for job,o in zip(jobs, read_jobs(name, jobs)):
        probs = read_sealed(path_of(name, job, 'npz'), len(faces))
        right, m = judge(probs, faces), metrics(preds_table(probs, faces.code))
        hits.setdefault(o['run'], []).append(right)
        rows.append(dict(stage=name, run=o['run'], lr=o['lr'], seed=o['seed'], epochs=o['epochs'], n_train=o['n_train'], accuracy=m['accuracy'],
                         unseen=round(right['unseen'].mean(), 6), people=round(right['people'].mean(), 6), macro_f1=m['macro_f1'], loss=m['loss'],
                         valid_accuracy=o['valid']['accuracy'], cpu_seconds=o['cpu_seconds']))
    return pd.DataFrame(rows), hits

def compare_family(name, family, pairs, hits):
    "A row for each pair and each of the three measures; Holm's correction over the pairs of one measure"
    def rows(measure):
        stack = lambda run: np.stack([o[measure] for o in hits[run]])
        t = pd.DataFrame([dict(stage=name, family=family, measure=measure, a=a, b=b, **compare_crossed(stack(a), stack(b))) for a,b in pairs])
        return t.assign(p_holm=adjust_holm(t.p).round(6), equivalent=[is_equivalent(o) for _,o in t.iterrows()])
    return pd.concat([rows(o) for o in ('all', 'unseen', 'people')], ignore_index=True)

def interval_of(o):
    "The interval of a pair over seeds and faces, or where there is one seed, over faces alone; what it is of"
    if o.seeds<2: return o.faces_lo, o.faces_hi, 'over the test faces; one seed, so that what another would change is not known'
    return o.both_lo, o.both_hi, f'over {o.seeds} seeds and the test faces; P(A > B) {100*o.p_greater:.0f} %'

def describe_pair(o):
    "A pair as a sentence"
    lo, hi, of = interval_of(o)
    if o.seeds<2: return f'{NAMES[o.a]} minus {NAMES[o.b]}: {100*o.accuracy_diff:+.1f} points (95 % interval {100*lo:+.1f} to {100*hi:+.1f} {of})'
    verdict = 'equal within a point' if o.equivalent else 'decided' if o.p_holm<.05 else 'not decided'
    return f'{NAMES[o.a]} minus {NAMES[o.b]}: {100*o.accuracy_diff:+.1f} points (95 % interval {100*lo:+.1f} to {100*hi:+.1f} {of}; {verdict})'

def draw_pairs(t):
    "Differences with their intervals over seeds and faces"
    fig = small_figure(.42*len(t)+.9)
    ax = fig.subplots()
    for y,o in enumerate(t.itertuples()):
        lo, hi, _ = interval_of(o)
        ax.hlines(y, 100*lo, 100*hi, color=COLORS[0], linewidth=2)
        ax.plot(100*o.accuracy_diff, y, 'o', color=COLORS[0], markersize=5)
    ax.axvspan(-1, 1, color='#dddddd', linewidth=0)
    ax.axvline(0, color='black', linewidth=.6)
    ax.set_yticks(range(len(t)), [f'{NAMES[o.a]}\n− {NAMES[o.b]}' for o in t.itertuples()])
    ax.invert_yaxis()
    tidy_axes(ax, 'points of accuracy on PrivateTest, each at its own rate')
    return Picture(fig, '; '.join(describe_pair(o) for o in t.itertuples())+'.')

def draw_cost(rows):
    "Accuracy on PublicTest against processor seconds, a line for each arm, averaged over seeds"
    fig = small_figure(3.2)
    ax, said = fig.subplots(), []
    frame = pd.DataFrame([dict(run=o['run'], seed=o['seed'], epoch=h['epoch'], accuracy=h['accuracy'], cpu=h['cpu_seconds']) for o in rows for h in o['history']])
    frame['cpu'] = frame.groupby(['run', 'seed']).cpu.cumsum()
    for i,(run,o) in enumerate(frame.groupby('run', sort=False)):
        t = o.groupby('epoch')[['cpu', 'accuracy']].mean()
        ax.plot(t.cpu/60, t.accuracy, color=COLORS[i%6], marker=MARKS[i], markersize=3.5, linewidth=1.2, label=NAMES[run])
        said.append(f'{NAMES[run]} {t.accuracy.iloc[-1]:.1%} after {t.cpu.iloc[-1]/60:.0f} minutes')
    tidy_axes(ax, 'processor minutes, training on one core', 'accuracy on PublicTest', percent='y')
    fig.legend(loc='outside upper center', ncols=2, fontsize=7, frameon=False)
    return Picture(fig, f'Accuracy on PublicTest against processor time: {"; ".join(said)}.')

# the report

def run_table(runs):
    "Means of a stage's arms, for people"
    rows = []
    for run,o in runs.groupby('run', sort=False):
        acc = mean_over_seeds(o.accuracy)
        spread = f' ± {100*acc["sd"]:.1f}' if len(o)>1 else ''
        rows.append({'run': NAMES[run], 'rate': f'{o.lr.iloc[0]:g}', 'seeds': len(o), 'accuracy %': f'{100*acc["mean"]:.1f}{spread}',
                     'unseen faces %': f'{100*o.unseen.mean():.1f}', 'FER+ majority %': f'{100*o.people.mean():.1f}', 'macro-F1': f'{o.macro_f1.mean():.3f}',
                     'loss': f'{o.loss.mean():.3f}', 'CPU minutes': f'{o.cpu_seconds.mean()/60:.0f}'})
    return markdown_table(pd.DataFrame(rows).set_index('run'))

def stage_page(name, runs, pairs):
    "What a stage found, in words, a figure and a table"
    o = runs.iloc[0]
    head = f'## Stage {name}: {o.n_train:,} faces, {o.epochs} epochs\n\n'
    said = ''.join(f'- {describe_pair(p)}.\n' for p in pairs[pairs.measure=='all'].itertuples()) if len(pairs) else ''
    figure = f'\n![Differences of stage {name}](pairs_{name}.png)\n' if len(pairs) else ''
    return f'{head}{said}{figure}\n{run_table(runs)}\n'

def report(names, given, out):
    "Write the report of the stages `names`; nothing is opened where one of them is not whole"
    jobs = {o: check_whole(o, seeds_of(o, given)) for o in names}
    out.mkdir(parents=True, exist_ok=True)
    pages, tables, pics = ['# The study of the five runs: report\n\nMade by `python benchmarks/study_report.py`; the design is in [README.md](../README.md).\n'], {}, {}
    tuning = [o for o in names if not study.STAGES[o].sealed]
    if tuning:
        rows = {o: read_jobs(o, jobs[o]) for o in tuning}
        tables['rates'] = pd.concat([rate_table(*o) for o in rows.items()], ignore_index=True)
        for o in tuning: pics[f'rates_{o}'] = draw_rates(tables['rates'].query('stage==@o'))
        if 'A' in rows:
            tables['equal_rates'] = equal_rates(rows['A'])
            pics['equal_rates'] = draw_equal_rates(tables['equal_rates'])
        pages.append('## Rates, on PublicTest\n\n' + '\n'.join(f'- Stage {o}. Lowest loss: {say_best(tables["rates"].query("stage==@o"))}.' for o in tuning)
                     + '\n\n' + '\n'.join(f'![{pics[o].alt}]({o}.png)' for o in pics) + '\n')
    opened = [o for o in names if study.STAGES[o].sealed]
    if opened:
        faces = read_faces()
        seen = {o: open_stage(o, jobs[o], faces) for o in opened}
        tables['runs'] = pd.concat([runs for runs,_ in seen.values()], ignore_index=True)
        compared = [compare_family(o, family, pairs, seen[o][1]) for o in opened for family,pairs in FAMILIES.get(o, {}).items()]
        tables['pairs'] = pd.concat(compared, ignore_index=True) if compared else pd.DataFrame(columns=['stage', 'measure'])
        for o in opened:
            pairs = tables['pairs'].query('stage==@o')
            if len(pairs): pics[f'pairs_{o}'] = draw_pairs(pairs[pairs.measure=='all'])
            pics[f'cost_{o}'] = draw_cost(read_jobs(o, jobs[o]))
            pages.append(stage_page(o, seen[o][0], pairs)+f'\n![{pics[f"cost_{o}"].alt}](cost_{o}.png)\n')
    for name,t in tables.items(): t.to_csv(out/f'{name}.csv', index=False)
    for name,p in pics.items(): p.save(out/f'{name}.png')
    (out/'report.md').write_text('\n'.join(pages), encoding='utf-8')
    return tables

def read_counts(seeds):
    "'C=5,E=3' as a dict"
    try: return {k: int(v) for k,v in (o.split('=') for o in seeds.split(',') if o)}
    except ValueError: raise InputError(f'--seeds {seeds}: give stages with a number each, such as C=5,E=3') from None

@call_parse
def main(
    stages:str='A,B,C,E', # Stages separated by commas; those after B open PrivateTest
    seeds:str='', # How many seeds to report of a stage that was cut short, such as E=3
    folder:Path=study.HERE, # Folder of the study
    out:Path=None, # Folder for the report; `report` in the study's if left out
):
    study.HERE, names = Path(folder), stages.split(',')
    for o in names:
        if o not in study.STAGES: raise InputError(f'no stage {o}; there are {", ".join(study.STAGES)}')
    report(names, read_counts(seeds), Path(out or study.HERE/'report'))
    print(f'Report: {out or study.HERE/"report"}')

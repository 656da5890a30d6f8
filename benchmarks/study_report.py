"""The report of the study: see results/study/README.md, which says beforehand what is compared and how.

    python benchmarks/study_report.py --stages A,B      # rates, on PublicTest alone
    python benchmarks/study_report.py --stages A,B,C,E  # and the comparisons, on PrivateTest
    python benchmarks/study_report.py --stages A,B,C,E --seeds E=3

The one command that joins the probabilities which the trainings left for PrivateTest with its labels. It stops where a stage
is incomplete, before it opens anything. Tables, figures and `report.md` go to results/study/report, and so does `report.json`,
which keeps the stages and seeds that were asked for: without arguments the command writes the same report again.
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
from fer_course.records.runs import DEFAULTS, RUNS, differing_args, run_name, run_pairs
from fer_course.records.seeds import adjust_holm, compare_crossed, is_equivalent

FACES = HERE.parent/'results'/'fer2013-facts'/'test_faces.csv.gz' # label of each face of PrivateTest, is it in Training, what most people said
CORRECTED = [('rmsprop_debiased_pretrained', 'rmsprop_pretrained'), ('rmsprop_debiased_scratch', 'rmsprop_scratch'),
             ('adam_pretrained', 'rmsprop_debiased_pretrained'), ('adam_scratch', 'rmsprop_debiased_scratch')]
FAMILIES = {'C': {'five runs': run_pairs(), 'bias correction': CORRECTED}, 'E': {'five runs': run_pairs()},
            'G': {'from scratch': [('adam_scratch', 'rmsprop_scratch')]}} # what Holm's method corrects together
NAMES = {**{o: run_name(o) for o in RUNS}, 'rmsprop_debiased_pretrained': 'RMSProp with bias correction, pretrained',
         'rmsprop_debiased_scratch': 'RMSProp with bias correction, from scratch',
         'adam_freeze7': 'Adam, 7 of 9 groups frozen', 'adam_freeze6': 'Adam, 6 of 9 groups frozen'}
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
    raise InputError(f'stage {name} is incomplete: {len(missing)} of {len(jobs)} trainings are missing, the first of them {arm} at rate {lr:g} '
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
    t = t.assign(chosen=t.groupby('run').loss.transform('min')==t.loss)
    return t.sort_values(['run', 'lr'], key=lambda o: o.map(list(NAMES).index) if o.name=='run' else o, kind='stable')

def equal_rates(rows, pairs):
    "For each pair of runs and each rate that both have: the difference of accuracy on PublicTest over seeds"
    acc = {(o['run'], o['lr'], o['seed']): o['valid']['accuracy'] for o in rows}
    res = []
    for a,b in pairs:
        for lr in sorted({lr for run,lr,_ in acc if run==a} & {lr for run,lr,_ in acc if run==b}):
            diffs = [acc[a,lr,s]-acc[b,lr,s] for run,r,s in acc if (run, r)==(a, lr) and (b, lr, s) in acc]
            o = mean_over_seeds(diffs)
            res.append(dict(a=a, b=b, lr=lr, seeds=o['n'], accuracy_diff=o['mean'], accuracy_diff_sd=o['sd'], seeds_lo=o['lo'], seeds_hi=o['hi']))
    return pd.DataFrame(res)

def at_own_rates(rows, chosen, pairs):
    "For each pair of runs, each at its own rate: the difference of accuracy on PublicTest over the tuning seeds"
    own = chosen.set_index('run').lr
    acc = {(o['run'], o['seed']): o['valid']['accuracy'] for o in rows if o['lr']==own[o['run']]}
    res = []
    for a,b in pairs:
        o = mean_over_seeds([acc[a,s]-acc[b,s] for run,s in acc if run==a and (b, s) in acc])
        res.append(dict(a=a, b=b, lr_a=own[a], lr_b=own[b], seeds=o['n'], accuracy_diff=o['mean'], accuracy_diff_sd=o['sd'], seeds_lo=o['lo'],
                        seeds_hi=o['hi']))
    return pd.DataFrame(res)

def signed(x): return f'{100*x:+.1f}'.replace('-', '−')

def points(o, at=''):
    "The difference of a pair on PublicTest, in words, and at which rates"
    of = f'95\u00a0% over {o.seeds} seeds {signed(o.seeds_lo)}\u00a0to\u00a0{signed(o.seeds_hi)}' if o.seeds>2 else \
        'one seed' if o.seeds==1 else f'{o.seeds} seeds'
    return f'{signed(o.accuracy_diff)}\u00a0points ({of}{"; "*bool(at)}{at})' # no number breaks over a line

def say_best(t): return '; '.join(f'{NAMES[o.run]} {o.lr:g} (loss {o.loss:.3f}, accuracy {o.accuracy:.1%})' for o in t[t.chosen].itertuples())

def log_axis(ax, rates):
    rates = sorted(set(rates))
    ax.set_xscale('log')
    ax.set_xticks(rates[::2], [f'{o:g}' for o in rates[::2]])
    ax.minorticks_off()

def draw_rates(t):
    "Loss and accuracy on PublicTest against the rate, a line for each arm; its best rate is filled"
    fig = small_figure(5)
    top, low = fig.subplots(2, 1, sharex=True)
    for i,(run,o) in enumerate(t.groupby('run', sort=False)):
        look = dict(color=COLORS[i%6], marker=MARKS[i], markersize=4, linewidth=1.2, label=NAMES[run])
        for ax,y in ((top, 'loss'), (low, 'accuracy')):
            ax.errorbar(o.lr, o[y], o[f'{y}_sd'], markerfacecolor='white', **look)
            ax.plot(o.lr[o.chosen], o[y][o.chosen], MARKS[i], color=COLORS[i%6], markersize=7, zorder=3)
    log_axis(low, t.lr)
    tidy_axes(top, ylabel='loss on PublicTest')
    tidy_axes(low, 'learning rate', 'accuracy on PublicTest', percent='y')
    fig.legend(*top.get_legend_handles_labels(), loc='outside upper center', ncols=1 if t.run.nunique()<4 else 2, fontsize=7, frameon=False)
    return Picture(fig, f'Loss and accuracy on PublicTest against the learning rate, with a standard deviation over seeds; '
                   f'the lowest loss of each run is filled. Lowest loss: {say_best(t)}.')

def draw_equal_rates(t):
    "Differences of accuracy at equal rates, a line for each pair"
    fig = small_figure(3.2)
    ax = fig.subplots()
    for i,((a,b),o) in enumerate(t.groupby(['a', 'b'], sort=False)):
        ax.errorbar(o.lr, 100*o.accuracy_diff, 100*o.accuracy_diff_sd, color=COLORS[i%6], marker=MARKS[i], markersize=4, linewidth=1.2,
                    label=f'{NAMES[a]} − {NAMES[b]}')
    ax.axhline(0, color='black', linewidth=.6)
    log_axis(ax, t.lr)
    tidy_axes(ax, 'learning rate of both runs', 'points on PublicTest')
    fig.legend(loc='outside upper center', fontsize=7, frameon=False)
    ends = '; '.join(f'{NAMES[a]} minus {NAMES[b]} goes from {signed(o.accuracy_diff.min())} to {signed(o.accuracy_diff.max())} points'
                     for (a,b),o in t.groupby(['a', 'b'], sort=False))
    return Picture(fig, f'Differences of accuracy between runs at equal learning rates, with a standard deviation over seeds: {ends}.')

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
    if o.seeds<2: return f'{NAMES[o.a]} minus {NAMES[o.b]}: {signed(o.accuracy_diff)} points (95 % interval {signed(lo)} to {signed(hi)} {of})'
    verdict = 'equal within a point' if o.equivalent else 'decided' if o.p_holm<.05 else 'not decided'
    return f'{NAMES[o.a]} minus {NAMES[o.b]}: {signed(o.accuracy_diff)} points (95 % interval {signed(lo)} to {signed(hi)} {of}; {verdict})'

def describe_own(o):
    "A pair, each run at its own rate, as a sentence; where the interval holds zero, that it decides nothing"
    first, second = (NAMES[k].split(', ') for k in (o.a, o.b))
    at = points(o, f'at rates {o.lr_a:g} and {o.lr_b:g}')
    if not (o.seeds_lo>0 or o.seeds_hi<0): return f'{NAMES[o.a]} − {NAMES[o.b]}: not decided, {at}'
    if o.seeds_hi<0: return f'{NAMES[o.a]} − {NAMES[o.b]}: {at}'
    if differing_args(o.a, o.b)==['pretrained']: return f'With {first[0]}, starting from ImageNet was worth {at}'.replace('worth +', 'worth ')
    if differing_args(o.a, o.b)==['freeze_to']: return f'With {first[0]}, freezing the body cost {at}'.replace('cost +', 'cost ')
    return f'{first[1].capitalize()}, {first[0]} was ahead of {second[0]} by {at}'

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
    """Accuracy on PublicTest against processor time, a line for each arm, averaged over seeds.

    An epoch counts as long as in the arm's quickest training: machines are shared, and a busy one takes longer."""
    fig = small_figure(3.2)
    ax, said = fig.subplots(), []
    for i,run in enumerate(dict.fromkeys(o['run'] for o in rows)):
        mine = [o for o in rows if o['run']==run]
        minutes = min(o['cpu_seconds']/o['epochs'] for o in mine)/60*np.arange(1, mine[0]['epochs']+1)
        accuracy = np.mean([[h['accuracy'] for h in o['history']] for o in mine], axis=0)
        ax.plot(minutes, accuracy, color=COLORS[i%6], marker=MARKS[i], markersize=3.5, linewidth=1.2, label=NAMES[run])
        said.append(f'{NAMES[run]} {accuracy[-1]:.1%} after {minutes[-1]:.1f} minutes')
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
                     'loss': f'{o.loss.mean():.3f}', 'CPU minutes, quickest': f'{o.cpu_seconds.min()/60:.0f}'})
    return markdown_table(pd.DataFrame(rows).set_index('run'))

QUESTION = """## Question

Does pretraining help, does the choice between Adam and RMSProp matter, and what does freezing cost, when one network learns to read
the expressions of FER2013? Comparisons of optimizers can be turned round by the way in which their settings were searched
([Choi et al. 2019](https://arxiv.org/abs/1910.05446)), and default settings favour one method here and another there
([Schmidt et al. 2021](https://arxiv.org/abs/2007.01547)). So no run is judged at a rate that was chosen for another."""

DESIGN = """## Design

Five runs of `tf_efficientnet_lite0` at 64 px that differ in their start, their optimizer or their frozen layers. The rate of each is
chosen on PublicTest by its loss on tuning seeds; the trainings that are reported on PrivateTest have fresh seeds. All was decided
[before the first training](../README.md): stages, seeds, rates, comparisons and tests. (Comparisons on the tuning seeds at own rates, and of
bias correction at equal rates, were not part of that plan; they preview stage C.)"""

METHOD = """Intervals come from a bootstrap crossed over seeds and faces, since another seed moves the numbers as other faces do
([Bouthillier et al. 2021](https://arxiv.org/abs/2103.03098)), and interval estimates say more about a few seeds than means
([Agarwal et al. 2021](https://arxiv.org/abs/2108.13264)). P(A > B) is how often one training of A beats that of B with the same seed.
A pair is *decided* where its p value, corrected by Holm's method over the pairs of its stage, is below 5 %, and *equal within a point* where an
equivalence test shows a difference of less than one point."""

ARGUMENTS = dict(opt_func=('Adam minus RMSProp at equal rates', 'equal_optimizer'),
                 pretrained=('What pretraining is worth at equal rates', 'equal_start'),
                 freeze_to=('What freezing the body costs at equal rates', 'equal_freezing'))

def count_opened(root=HERE.parent/'results'):
    "Trainings, by folder, whose scores on PrivateTest stand in this repository, apart from the study's"
    found = {}
    for o in root.rglob('config.json'):
        if not json.loads(o.read_text(encoding='utf-8'))['data']['name'].startswith('fer2013'): continue
        name = o.parent.relative_to(root).parts
        name = '/'.join(name[:2] if name[0]=='recipes' else name[:1])
        found[name] = found.get(name, 0)+1
    found['benchmarks/cached.csv'] = len(pd.read_csv(root/'benchmarks'/'cached.csv'))
    teach = [json.loads(o.read_text()) for o in (root/'synth-validity').glob('teach-*.json')]
    found['synth-validity'] = len(teach)+len(json.loads((root/'synth-validity'/'fewer.json').read_text())['runs'])
    return dict(sorted(found.items()))

def edges(t):
    "Arms whose best rate is an end of the rates that were tried, or that none is"
    ends = t.groupby('run', sort=False).lr.agg(['min', 'max'])
    at = [o for o in t[t.chosen].itertuples() if o.lr in tuple(ends.loc[o.run])]
    if not at: return 'No best rate lies at an end of the rates that were tried.'
    return 'At an end of the rates that were tried: ' + ', '.join(f'{NAMES[o.run]} ({o.lr:g})' for o in at) + '.'

def course_rate(t):
    "Accuracy at the rate that the course gives to all runs minus that at the run's own, on PublicTest"
    own, common = t[t.chosen].set_index('run').accuracy, t[np.isclose(t.lr, DEFAULTS['lr'])].set_index('run').accuracy
    return '; '.join(f'{NAMES[o]} {signed(common[o]-own[o])}' for o in own.index if o in common)

def describe_signs(o):
    "At how many rates the interval over seeds of a pair lies on one side of zero"
    up, down = int((o.seeds_lo>0).sum()), int((o.seeds_hi<0).sum())
    if not up+down: return f'no interval over seeds of the {len(o)} rates excludes zero'
    return f'of {len(o)} rates, the interval over seeds lies above zero at {up}, below at {down}, and includes it at {len(o)-up-down}'

def tuning_page(name, t, rows, pic):
    "What a tuning stage found: its rates"
    o, seeds = rows[0], sorted({o['seed'] for o in rows})
    return f"""### Each run has a rate of its own (stage {name})

{o['n_train']:,} faces, {o['epochs']} epochs, seeds {', '.join(map(str, seeds))}; the mean loss on PublicTest chooses.

{markdown_table(best_table(t))}

{edges(t)}

![{pic.alt}](rates_{name}.png)
"""

def best_table(t):
    "The best rates of a tuning stage, for people"
    rows = [{'run': NAMES[o.run], 'best rate': f'{o.lr:g}', 'loss': f'{o.loss:.3f}',
             'accuracy %': f'{100*o.accuracy:.1f}' + (f' ± {100*o.accuracy_sd:.1f}' if o.seeds>1 else '')} for o in t[t.chosen].itertuples()]
    return pd.DataFrame(rows).set_index('run')

def of_argument(equal, arg): return equal[[differing_args(a, b)==[arg] for a,b in zip(equal.a, equal.b)]]

def describe_equal(equal, own):
    "A line for each pair: its differences at equal rates, at the course's rate, and each at its own"
    lines = []
    for (a,b),o in equal.groupby(['a', 'b'], sort=False):
        at_course, at_own = o[np.isclose(o.lr, DEFAULTS['lr'])].iloc[0], own[(own.a==a) & (own.b==b)].iloc[0]
        signs = f'; {describe_signs(o)}' if o.seeds.min()>2 else ''
        lines.append(f'- {NAMES[a]} minus {NAMES[b]}: {signed(o.accuracy_diff.min())} to {signed(o.accuracy_diff.max())} points{signs}. '
                     f'At the course\'s rate: {points(at_course)}. Each at its own rate: {points(at_own)}.')
    return '\n'.join(lines)

def corrected_page(equal, own, pic):
    "What stages A and B found about bias correction"
    return f"""### Is it the algorithm or its first steps? (stages A and B)

Bias correction is what Adam's second moment has and RMSProp's lacks. If RMSProp with it moves away from RMSProp \
and towards Adam, the first steps make the difference; what then remains between it and Adam is Adam's momentum.

{describe_equal(equal, own)}

![{pic.alt}](equal_corrected.png)

Intervals as above: over seeds, each for one pair and one rate, none corrected for their number ({len(equal)}).
"""

def equal_page(t, equal, own, pics):
    "What stage A found about pairs, at equal rates and each at its own"
    parts = [f'Accuracy at the rate that the course gives to all runs, {DEFAULTS["lr"]:g}, minus accuracy at the run\'s own rate, '
             f'in points on PublicTest: {course_rate(t)}. (Loss chose the rates, so accuracy may be higher elsewhere.)']
    for arg,(heading, pic) in ARGUMENTS.items():
        o = of_argument(equal, arg)
        span = f'{signed(o.accuracy_diff.min())} to {signed(o.accuracy_diff.max())} points'
        parts.append(f'### {heading}: {span}\n\n{describe_equal(o, own)}\n\n![{pics[pic].alt}]({pic}.png)')
    parts.append(f'Intervals over seeds are Student\'s, each for one pair and one rate; none is corrected for their number ({len(equal)}).')
    parts.append('Numbers at a run\'s own rate are those of the seeds and the split that chose it, so they flatter the run; '
                 'how large the differences are on fresh seeds, on faces that chose nothing, is what the next stages are for.')
    return '\n\n'.join(parts)+'\n'

def stage_page(name, runs, pairs):
    "What a stage found, in words, a figure and a table"
    o = runs.iloc[0]
    head = f'### On fresh seeds: {o.n_train:,} faces, {o.epochs} epochs (stage {name})\n\n'
    said = ''.join(f'- {describe_pair(p)}.\n' for p in pairs[pairs.measure=='all'].itertuples()) if len(pairs) else ''
    figure = f'\n![Differences of stage {name}](pairs_{name}.png)\n' if len(pairs) else ''
    return f'{head}{said}{figure}\n{run_table(runs)}\n'

def summary_page(tables):
    "What was found about the five pairs of runs, as far as the stages go"
    if 'pairs' in tables and len(found := tables['pairs'].query("family=='five runs' and measure=='all'")):
        last = found[found.stage==found.stage.iloc[-1]]
        return f'## In short\n\nEach run at its own rate, fresh seeds, faces of PrivateTest (stage {last.stage.iloc[0]}):\n\n' \
            + '\n'.join(f'- {describe_pair(o)}.' for o in last.itertuples())
    if 'own_rates' not in tables: return ''
    lines = [f'- {describe_own(o)}.' for o in tables['own_rates'].itertuples()]
    return '## In short\n\nEach run at the rate of its lowest mean loss, in accuracy on the split and seeds that chose the rate ' \
        '(PublicTest, stage A; fresh seeds and PrivateTest are to come):\n\n' + '\n'.join(lines)

def limits_page(names, jobs):
    "What the report does not show"
    lines = ['One network, one size of picture, one schedule, one set of labels: the answers are of these.',
             'The 5,000 faces are the same in all trainings: what another choice of faces would do is not measured.',
             f'FER2013 is a set of web photographs with disputed labels, '
             f'and of {100*(~read_faces().unseen).mean():.0f} % of the test faces the training faces hold the very pixels.']
    sealed = [o for o in names if study.STAGES[o].sealed]
    if not sealed:
        lines.insert(0, 'So far only rates were tuned, on PublicTest; what is measured on PrivateTest with fresh seeds (stages C and E) is not there yet.')
    if 'A' in names:
        lines.append('In stage A the frozen run trained on features computed once, five views of each face, the same for all seeds: '
                     'it did not see the batches of the others, and its spread over seeds leaves out augmentation.')
    for o in names:
        n, planned = len({seed for _,_,seed in jobs[o]}), len(study.STAGES[o].seeds)
        if n<planned: lines.append(f'Stage {o} has {n} of its {planned} seeds.')
    return '## Limits\n\n' + '\n'.join(f'- {o}' for o in lines)

def opened_page(names, jobs):
    "How often PrivateTest was opened, here and before"
    others, here = count_opened(), sum(len(jobs[o]) for o in names if study.STAGES[o].sealed)
    table = markdown_table(pd.DataFrame([{'where in `results/`': k, 'trainings': v} for k,v in others.items()]).set_index('where in `results/`'))
    return f"""## How often PrivateTest was opened

By this report, for {here or 'none'} of the study's trainings{', once each' if here else ''}. Everything else \
whose scores on PrivateTest stand in this repository, {sum(others.values())} trainings, is:

{table}

Trainings of a sweep over rates, since removed, were scored on it too; only their PublicTest numbers were kept. \
None of these chose a rate, a seed or a comparison of the study. Recipes were chosen on PublicTest; \
of the networks that had learned from drawn faces alone, the one that is quoted elsewhere was chosen after a look at PrivateTest."""

def repeat_page(names, given):
    "The commands that make the study again"
    lines = [f'python benchmarks/study.py {o} --data fer2013.tar.gz' for o in names]
    seeds = [f'--seeds {",".join(f"{k}={v}" for k,v in given.items())}'] if given else []
    lines.append(' '.join(['python benchmarks/study_report.py --stages', ','.join(names), *seeds]))
    block = '\n'.join(lines)
    return f"""## How to repeat

```sh
{block}
```

Each training left a JSON file with the command that makes it again, its seed, commit, versions and machine in `results/study/<stage>/`. \
Tables of this page: `rates.csv`, `equal_rates.csv`, `own_rates.csv`, `equal_corrected.csv` and `own_corrected.csv` (with stage B), \
and, where PrivateTest was opened, `runs.csv` and `pairs.csv`."""

def tuning_report(rows):
    "Tables, figures and words of the tuning stages"
    tables, pics, pages = {'rates': pd.concat([rate_table(*o) for o in rows.items()], ignore_index=True)}, {}, []
    for o in rows:
        t = tables['rates'].query('stage==@o')
        pics[f'rates_{o}'] = draw_rates(t)
        pages.append(tuning_page(o, t, rows[o], pics[f'rates_{o}']))
        if o!='A': continue
        equal, own = tables['equal_rates'], tables['own_rates'] = equal_rates(rows['A'], run_pairs()), at_own_rates(rows['A'], t[t.chosen], run_pairs())
        for arg,(_, pic) in ARGUMENTS.items(): pics[pic] = draw_equal_rates(of_argument(equal, arg))
        pages.append(equal_page(t, equal, own, pics))
    if {'A', 'B'} <= rows.keys():
        both, chosen = rows['A']+rows['B'], tables['rates'][tables['rates'].chosen]
        equal, own = tables['equal_corrected'], tables['own_corrected'] = equal_rates(both, CORRECTED), at_own_rates(both, chosen, CORRECTED)
        pics['equal_corrected'] = draw_equal_rates(equal)
        pages.append(corrected_page(equal, own, pics['equal_corrected']))
    return tables, pics, pages

def sealed_report(jobs):
    "Tables, figures and words of the stages that open PrivateTest"
    faces, pics, pages = read_faces(), {}, [METHOD+'\n']
    seen = {o: open_stage(o, jobs[o], faces) for o in jobs}
    compared = [compare_family(o, family, pairs, seen[o][1]) for o in jobs for family,pairs in FAMILIES.get(o, {}).items()]
    tables = dict(runs=pd.concat([runs for runs,_ in seen.values()], ignore_index=True),
                  pairs=pd.concat(compared, ignore_index=True) if compared else pd.DataFrame(columns=['stage', 'measure']))
    for o in jobs:
        pairs = tables['pairs'].query('stage==@o')
        if len(pairs): pics[f'pairs_{o}'] = draw_pairs(pairs[pairs.measure=='all'])
        pics[f'cost_{o}'] = draw_cost(read_jobs(o, jobs[o]))
        pages.append(stage_page(o, seen[o][0], pairs)+f'\n![{pics[f"cost_{o}"].alt}](cost_{o}.png)\n')
    return tables, pics, pages

def report(names, given, out):
    "Write the report of the stages `names`; nothing is opened where one of them is incomplete"
    jobs = {o: check_whole(o, seeds_of(o, given)) for o in names}
    out.mkdir(parents=True, exist_ok=True)
    tables, pics, pages = {}, {}, []
    tuning, sealed = ([o for o in names if study.STAGES[o].sealed==want] for want in (False, True))
    for part in ([tuning_report({o: read_jobs(o, jobs[o]) for o in tuning})] if tuning else []) + \
                ([sealed_report({o: jobs[o] for o in sealed})] if sealed else []):
        tables.update(part[0])
        pics.update(part[1])
        pages += part[2]
    for name,t in tables.items(): t.to_csv(out/f'{name}.csv', index=False)
    for name,p in pics.items(): p.save(out/f'{name}.png')
    text = ['# The study of the five runs: report', summary_page(tables), QUESTION, DESIGN, '## Findings', *pages, limits_page(names, jobs),
            opened_page(names, jobs), repeat_page(names, given)]
    (out/'report.md').write_text('\n\n'.join(o.strip() for o in text if o)+'\n', encoding='utf-8')
    (out/'report.json').write_text(json.dumps(dict(stages=names, seeds=given))+'\n')
    return tables

def read_counts(seeds):
    "'C=5,E=3' as a dict"
    try: return {k: int(v) for k,v in (o.split('=') for o in seeds.split(',') if o)}
    except ValueError: raise InputError(f'--seeds {seeds}: give stages with a number each, such as C=5,E=3') from None

def asked_before(out):
    "The stages and seeds of the report that stands in `out`"
    path = out/'report.json'
    if not path.exists(): raise InputError(f'{path} does not exist; say which stages to report, such as A,B')
    o = json.loads(path.read_text())
    return o['stages'], o['seeds']

@call_parse
def main(
    stages:str='', # Stages separated by commas; those after B open PrivateTest; as in the report that is there if left out
    seeds:str='', # How many seeds to report of a stage that was cut short, such as E=3
    folder:Path=study.HERE, # Folder of the study
    out:Path=None, # Folder for the report; `report` in the study's if left out
):
    study.HERE = Path(folder)
    out = Path(out or study.HERE/'report')
    names, given = (stages.split(','), read_counts(seeds)) if stages else asked_before(out)
    for o in names:
        if o not in study.STAGES: raise InputError(f'no stage {o}; there are {", ".join(study.STAGES)}')
    report(names, given, out)
    print(f'Report: {out}')

"""What bias correction and momentum are worth, each alone: the run from scratch on drawn faces with four optimizers.

    python benchmarks/correction.py

Two of the four are recorded already, in results/synth: `adam_scratch` has both, `rmsprop_scratch` has neither. The other two are trained here, with
the same settings. An interrupted benchmark goes on. Nothing is chosen by it, so that it is judged on the test faces.
"""
from pathlib import Path

import pandas as pd
from common import OUT, ROOT, record_provenance, save_table
from fastcore.script import call_parse

RUNS4 = { # momentum, correction
    'rmsprop_scratch': (False, False), 'rmsprop_corrected': (False, True), 'adam_uncorrected': (True, False), 'adam_scratch': (True, True)}

def optimizers():
    "The two that fastai does not have; their other settings are those of the fair comparison"
    from fastai.optimizer import Optimizer, average_grad, average_sqr_grad, step_stat, weight_decay
    from fastai.torch_basics import partial
    from fer_course.train.learner import FAIR
    hypers = dict(sqr_mom=FAIR['sqr_mom'], wd=FAIR['wd'], eps=1e-8)
    def corrected_step(p, lr, sqr_avg, sqr_mom, step, eps, **kwargs): p.data.addcdiv_(p.grad, (sqr_avg/(1-sqr_mom**step)).sqrt()+eps, value=-lr)
    def uncorrected_step(p, lr, grad_avg, sqr_avg, eps, **kwargs): p.data.addcdiv_(grad_avg, sqr_avg.sqrt()+eps, value=-lr)
    def RMSPropCorrected(params, lr, **_): return Optimizer(params, [weight_decay, average_sqr_grad, step_stat, corrected_step], lr=lr, **hypers)
    def AdamUncorrected(params, lr, **_):
        return Optimizer(params, [weight_decay, partial(average_grad, dampening=True), average_sqr_grad, uncorrected_step], lr=lr, mom=.9, **hypers)
    return dict(rmsprop_corrected=RMSPropCorrected, adam_uncorrected=AdamUncorrected)

def row(r):
    c, t = r.config, r.metrics['test']
    momentum, correction = RUNS4[c['run']]
    return dict(run=c['run'], momentum=momentum, correction=correction, seed=c['seed'], accuracy=t['accuracy'], macro_f1=t['macro_f1'],
                loss=t['loss'], n=t['n'], lr=c['lr'], epochs=c['epochs'], n_train=c['n_train'],
                bs=c['bs'], size=c['size'], data=c['data']['name'], fingerprint=c['data']['fingerprint'], **record_provenance(c))

@call_parse
def main(
    results:Path=ROOT/'results'/'synth', # Folder with the records of adam_scratch and rmsprop_scratch
    work:Path=Path('models/correction'), # Folder for records and models of the two optimizers that are trained here
    out:Path=OUT/'correction.csv', # Table to write
):
    from fer_course import synth
    from fer_course.records.runs import RUNS
    from fer_course.train.learner import OPTIMIZERS
    from fer_course.records.groups import group_by_run
    from fer_course.records.record import read_records
    from fer_course.train.run import train_run
    known = read_records(*(results/o for o in RUNS4 if o in RUNS))
    opts = optimizers()
    OPTIMIZERS.update({o.__name__: o for o in opts.values()})
    args = {k: dict(opt_func=o.__name__, pretrained=False, freeze_to=0) for k,o in opts.items()}
    for seed in sorted({r.config['seed'] for r in known}):
        for k in RUNS4:
            if not (results/k).exists(): train_run(synth.faces(), k, seed, device='cpu', out=work, models=work, **args.get(k, {}))
    records = [r for rs in group_by_run(known+read_records(work)).values() for r in rs] # refuses where settings differ
    table = pd.DataFrame(map(row, records)).sort_values(['momentum', 'correction', 'seed'])
    save_table(out, table)
    print(table.groupby(['momentum', 'correction'])[['accuracy', 'macro_f1', 'loss']].agg(['mean', 'std']))

"""What open and closed tabs of the apps cost: `python benchmarks/tabs.py`

Voilà serves each app as its page says, with the settings of `voila.json`. The memory of the server and of all Pythons behind
tabs (shared pages counted in parts, so that the sum is what the machine has less) is taken before the first tab, with all tabs
open, and when the Pythons behind the closed tabs have ended; until then some five minutes pass."""
import json, sys, time
from pathlib import Path

import psutil
from fastcore.script import call_parse

from common import OUT, ROOT, provenance, save_json
from fer_course.core.cli import cli
from fer_course.core.errors import InputError
from tools.served import APPS, browser, served, tab

def pythons(server): return psutil.Process(server.pid).children(recursive=True)

def memory_mb(server):
    "Of the server and all behind it"
    own = [psutil.Process(server.pid), *pythons(server)]
    return round(sum(o.memory_full_info().pss for o in own)/1e6)

def measure(app, n, wait):
    "Before, with `n` tabs, and after; seconds until the last Python ended"
    with served(app, ROOT) as p, browser() as b:
        row = dict(app=app, before_mb=memory_mb(p))
        tabs = [tab(b, p.url) for _ in range(n)]
        time.sleep(5) # what was started is done
        row.update(pythons=len(pythons(p)), open_mb=memory_mb(p))
        for o in tabs: o.close()
        closed = time.time()
        while pythons(p) and time.time()-closed<wait: time.sleep(1)
        row.update(pythons_after=len(pythons(p)), after_mb=memory_mb(p), seconds=round(time.time()-closed))
    return dict(row, a_tab_mb=round((row['open_mb']-row['before_mb'])/n))

@call_parse
@cli
def main(
    n:int=10, # Tabs
    wait:int=900, # Seconds that closed tabs are given
    out:Path=OUT/'tabs.json', # The record
):
    "Memory before, with tabs open, and after they were closed"
    if sys.platform!='linux': raise InputError('Only Linux tells how much of the memory is shared: run it there')
    rows = []
    for app in APPS:
        rows.append(o := measure(app, n, wait))
        print(f"{app}: {o['before_mb']} MB before, {o['open_mb']} with {o['pythons']} Pythons, "
              f"{o['after_mb']} MB {o['seconds']} s after closing", flush=True)
        record = dict(provenance(), tabs=n, settings=json.loads((ROOT/'voila.json').read_text()), rows=rows)
        save_json(out, record)

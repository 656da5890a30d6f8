"""What the benchmarks share: where results go, what a record says of its making, saving, clocks, and processes of their own.

Python looks for modules beside the script that it runs: so a benchmark finds this file, and this file finds the library of its clone.
"""
import json, os, shlex, subprocess, sys, time
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT)) # the library beside us, not one installed elsewhere

from fer_course.core.cache import write_whole
from fer_course.records.record import describe_machine, git_commit, package_versions

OUT = ROOT/'results'/'benchmarks' # Folder for tables and records
DATA, SEEDS, LR = 'fer2013', '0,1,2', 2e-3 # Defaults of arguments: a data set by name or path, random seeds, the rate of the five runs

def now()->str:
    "The time in UTC, to the second"
    return datetime.now(timezone.utc).isoformat(timespec='seconds')

def command()->str:
    "The command that is running; of absolute paths only the name, since they are of one machine"
    args = [Path(o).name if Path(o).is_absolute() else o for o in sys.argv[1:]]
    return shlex.join(['python', f'benchmarks/{Path(sys.argv[0]).name}', *args])

def load()->float:
    "How many processes the machine was busy with in the last minute; ask before a measurement"
    return round(os.getloadavg()[0], 2)

def provenance(
    **packages, # Versions of packages that the library does not depend on
)->dict: # `command`, `when`, `git`, `machine`, `versions`
    "What a JSON record says of its making"
    return dict(command=command(), when=now(), git=git_commit(), machine=describe_machine(), versions={**package_versions(), **packages})

def row_provenance()->dict: # `cpu`, `torch`, `git`, `when`
    "What a row says of its making, in a table whose rows were made at different times"
    return dict(cpu=describe_machine()['cpu'], torch=package_versions()['torch'], git=(git_commit() or {}).get('commit'), when=now())

def record_provenance(
    config:dict, # `config` of a record, as `fer-train` writes it
)->dict: # `cpu`, `torch`, `git`, `started`
    "The same for a row made from a record"
    c = config
    return dict(cpu=c['machine']['cpu'], torch=c['versions']['torch'], git=c['git'] and c['git']['commit'], started=c['started'])

def save_json(path, what, **kwargs):
    "Write all of a JSON file, or leave it as it was"
    text = json.dumps(what, indent=1, **kwargs)+'\n'
    write_whole(Path(path), lambda f: f.write(text.encode()))

def save_table(path, table, index=False, **kwargs):
    "Write all of a CSV file, or leave it as it was"
    write_whole(Path(path), lambda f: table.to_csv(f, index=index, **kwargs))

def numbers(text, kind=int)->list:
    "The numbers of an argument such as '0,1,2'"
    return [kind(o) for o in text.split(',')]

def time_calls(f, n)->float:
    "Seconds a call of `f`, after two calls that are not counted"
    f(), f()
    began = time.perf_counter()
    for _ in range(n): f()
    return (time.perf_counter()-began)/n

def cpu_time(f)->tuple:
    "What `f` returns, and the processor seconds that it took"
    began = time.process_time()
    return f(), time.process_time()-began

def run_apart(
    script, # `__file__` of the benchmark
    *args, # Arguments of the benchmark in the other process
    threads:int=1, # Number of threads that PyTorch may use
)->str: # The last line that it printed
    "Run a part of a benchmark in a process of its own"
    env = dict(os.environ, OMP_NUM_THREADS=str(threads), PYTHONWARNINGS='ignore')
    p = subprocess.run([sys.executable, script, *map(str, args)], env=env, stdout=subprocess.PIPE, text=True, check=True)
    return p.stdout.splitlines()[-1]

def peak_gb(used)->float:
    "The most memory that a process held, from what `resource.getrusage` says of it"
    return round(used.ru_maxrss/(1e9 if sys.platform=='darwin' else 1e6), 2) # bytes there, kilobytes elsewhere

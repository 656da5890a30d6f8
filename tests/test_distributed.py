"One training by two processes, and a sweep that two commands share"
import json, re, socket, subprocess, sys
import psutil, pytest
from conftest import script
from test_resume import QUICK, check_whole, finish, hear_ctrl_c, predictions, record, small_files, wait_for

TORCHRUN   = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', '2']
ACCELERATE = [sys.executable, '-m', 'accelerate.commands.launch', '--multi_gpu', # it is for CPUs too, whatever its name
              '--num_processes', '2', '--main_process_port', '0']

@pytest.fixture(scope='module')
def env2(env): return dict(env, PYTHONUNBUFFERED='1', OMP_NUM_THREADS='1')

@pytest.fixture
def start(faces, env2, tmp_path):
    "Start `fer-train`, or a launcher with it, in a folder of this test's own; whatever it started is ended with the test"
    procs = []
    def _start(*args, launcher=(), before=hear_ctrl_c, **more):
        procs.append(subprocess.Popen([*launcher, script('fer-train'), '--data', faces, *QUICK, *args], cwd=tmp_path, env={**env2, **more}, text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                      preexec_fn=before))
        return procs[-1]
    yield _start
    for p in procs:
        if p.poll() is None:
            for o in [*psutil.Process(p.pid).children(recursive=True), p]: o.kill()
        p.communicate()

SCRIPT = '''
import sys
from fer_course.data.readers import load_faces
from fer_course.train.distributed import distributed_training
from fer_course.train.run import train_run
with distributed_training('cpu') as first:
    if first:
        faces = load_faces(sys.argv[1])
        train_run(faces, 'adam_pretrained', epochs=2, size=32, bs=4, device='cpu', bar=False)
        train_run(faces, 'best', epochs=2, size=32, sizes=[24,32], mixup=.2, ema=.5, erase=.2, tta=True, bs=8, device='cpu', bar=False)
'''

@pytest.fixture(scope='module')
def whole(faces, env2, tmp_path_factory):
    "What a script leaves that two processes ran, and nobody disturbed"
    root = tmp_path_factory.mktemp('whole')
    (root/'two.py').write_text(SCRIPT)
    p = subprocess.run([*ACCELERATE, 'two.py', faces], cwd=root, env=env2, capture_output=True, text=True)
    assert p.returncode==0, p.stderr
    assert len(re.findall('epoch 1/2', p.stdout))==2, 'one of them prints'
    return root

def read(path, name): return json.loads((path/f'{name}.json').read_text())

def test_two_processes(whole):
    "They leave one record, which says how many they were, and what its history says of the validation faces is what the trained network says of them"
    check_whole(whole)
    assert read(record(whole), 'config')['processes']==2
    loss, accuracy, macro_f1 = map(float, (record(whole)/'history.csv').read_text().splitlines()[-1].split(',')[2:5])
    valid = read(record(whole), 'metrics')['valid']
    assert valid['n']%4, 'the last batch is not full'
    assert [loss, accuracy, macro_f1]==pytest.approx([valid['loss'], valid['accuracy'], valid['macro_f1']], abs=1e-4)
    assert read(whole/'results/recipes/drawn/best/seed0', 'config')['processes']==2

def test_killed(start, tmp_path, whole):
    "When the first process dies the others do not wait for it, and the same command goes on as if nothing had happened"
    p = start(launcher=TORCHRUN)
    wait_for(p, 'epoch 1/2')
    first, second = sorted(psutil.Process(p.pid).children(), key=lambda o: int(o.environ()['RANK']))
    first.kill()
    assert finish(p)[0]!=0
    assert not second.is_running() and not record(tmp_path).exists()
    rc, out, err = finish(start(launcher=TORCHRUN))
    assert rc==0, err
    assert 'epoch 2/2' in out and 'epoch 1/2' not in out
    check_whole(tmp_path)
    (items, probs), (items0, probs0) = predictions(record(tmp_path)), predictions(record(whole))
    assert items==items0 and probs==pytest.approx(probs0, abs=1e-3)

def test_mistakes(start, tmp_path):
    "Told once, in one line, and all processes end of themselves: here nothing watches over them"
    with socket.socket() as o:
        o.bind(('127.0.0.1', 0))
        port = o.getsockname()[1]
    both = [start(before=small_files, WORLD_SIZE='2', RANK=str(i), LOCAL_RANK=str(i), MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port)) for i in range(2)]
    (rc, _, err), (rc1, out1, err1) = [finish(p) for p in both]
    assert rc==2 and err.startswith('error: ') and 'File too large' in err and len(err.splitlines())==1, err
    assert (rc1, out1, err1)==(0, '', '')
    assert not record(tmp_path).exists()

def test_sweep(start, tmp_path):
    "Two commands share a sweep of three seeds and two rates: each of the six is trained once, and both end well"
    args = '--seeds 0,1,2 --lr 0.001,0.002 --epochs 1 --bs 16'.split()
    outs = [finish(p) for p in [start(*args) for _ in range(2)]]
    assert [rc for rc,_,_ in outs]==[0,0], outs
    said = ''.join(out for _,out,_ in outs)
    assert sorted(re.findall(r'adam_pretrained seed (\d) epoch 1/1', said))==['0','0','1','1','2','2']
    for o in ('results', 'models'): assert {p.name for p in (tmp_path/o).iterdir()}=={'lr0.001', 'lr0.002'}
    assert [len(list((tmp_path/o).rglob(pat))) for o,pat in (('results', 'config.json'), ('models', '*.safetensors'))]==[6, 6]
    assert said.count('Loss on the validation faces')==2 and 'accuracy %' not in said, 'no number of the test faces'

"A training that is killed, interrupted, or cannot write: what was finished is kept, the same command goes on, and records are whole or absent"
import csv, gzip, json, os, resource, signal, subprocess
import pytest
from conftest import script

QUICK = '--runs adam_pretrained --epochs 2 --size 32 --bs 4 --device cpu'.split() # small batches, so that an epoch takes a second
FILES = {'card.md', 'config.json', 'confusion_matrix.png', 'curves.png', 'history.csv', 'metrics.json', 'predictions.csv.gz'}

def hear_ctrl_c(): signal.signal(signal.SIGINT, signal.SIG_DFL) # what a shell starts with & is deaf to it, and so would we be

@pytest.fixture
def start(faces, env, tmp_path):
    "Start `fer-train` in a folder of this test's own; ended with the test"
    procs = []
    def _start(*args, prefix=(), before=hear_ctrl_c):
        procs.append(subprocess.Popen([*prefix, script('fer-train'), '--data', faces, *QUICK, *args], cwd=tmp_path,
                                      env=dict(env, PYTHONUNBUFFERED='1'), text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=before))
        return procs[-1]
    yield _start
    for p in procs: p.kill(); p.communicate()

def wait_for(p, words):
    "Read what `p` prints up to a line with `words`"
    for line in p.stdout:
        if words in line: return
    pytest.fail(f'ended without {words!r}: {p.stderr.read()}')

def finish(p):
    out, err = p.communicate(timeout=600)
    return p.returncode, out, err

def folder(root): return root/'results'/'drawn'/'adam_pretrained'
def record(root): return folder(root)/'seed0'

def predictions(path):
    with gzip.open(path/'predictions.csv.gz', 'rt') as f: rows = [*csv.reader(f)][1:]
    return [o[:2] for o in rows], [float(p) for o in rows for p in o[2:]]

def check_whole(root):
    "A whole record of two epochs, and nothing else that anybody could take for one"
    assert {o.name for o in record(root).iterdir()}==FILES
    assert len((record(root)/'history.csv').read_text().splitlines())==3
    assert json.loads((record(root)/'metrics.json').read_text())['test']['n']==len(predictions(record(root))[0])
    assert {o.name for o in folder(root).iterdir() if not o.name.endswith('.lock')}=={'seed0'}
    assert {o.suffix for o in (root/'models').rglob('*') if o.is_file() and not o.name.endswith('.lock')}=={'.safetensors', '.json'}

@pytest.fixture(scope='module')
def whole(faces, env, tmp_path_factory):
    "What a training leaves that nobody disturbed"
    root = tmp_path_factory.mktemp('whole')
    p = subprocess.run([script('fer-train'), '--data', faces, *QUICK], cwd=root, env=env, capture_output=True, text=True)
    assert p.returncode==0, p.stderr
    check_whole(root)
    return root

def check_resumes(start, root, whole):
    "The same command again goes on with the second epoch, and ends where the undisturbed training ended"
    rc, out, err = finish(start())
    assert rc==0, err
    assert 'epoch 2/2' in out and 'epoch 1/2' not in out
    check_whole(root)
    (items, probs), (items0, probs0) = predictions(record(root)), predictions(record(whole))
    assert items==items0 and probs==pytest.approx(probs0, abs=1e-3)

def test_sigkill(start, tmp_path, whole):
    p = start()
    wait_for(p, 'epoch 1/2')
    p.kill()
    assert finish(p)[0]==-signal.SIGKILL
    assert not record(tmp_path).exists()
    check_resumes(start, tmp_path, whole)

def test_ctrl_c_and_second_training(start, tmp_path, whole):
    p = start()
    wait_for(p, 'epoch 1/2')
    os.kill(p.pid, signal.SIGSTOP) # it holds its place while another comes
    rc, out, err = finish(start())
    os.kill(p.pid, signal.SIGCONT)
    assert rc==2 and 'another training is writing' in err and len(err.splitlines())==1
    p.send_signal(signal.SIGINT)
    rc, out, err = finish(p)
    assert rc==130 and 'stopped' in err and 'Traceback' not in err
    assert not record(tmp_path).exists()
    check_resumes(start, tmp_path, whole)

def test_again(whole, faces, env):
    "What is recorded is not trained again, and what differs is not overwritten"
    run = lambda *args: subprocess.run([script('fer-train'), '--data', faces, *QUICK, *args], cwd=whole, env=env, capture_output=True, text=True)
    before = {o: o.read_bytes() for o in record(whole).iterdir()}
    p = run()
    assert p.returncode==0 and 'epoch' not in p.stdout.split('accuracy')[0], p.stderr
    p = run('--lr', '0.5')
    assert p.returncode==2 and '--overwrite' in p.stderr and len(p.stderr.splitlines())==1
    assert {o: o.read_bytes() for o in record(whole).iterdir()}==before

def small_files(): resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)) # writing more fails, as on a full disk

def test_full_disk(start, tmp_path):
    rc, out, err = finish(start(before=small_files))
    assert rc==2 and err.startswith('error: ') and 'seed0.ckpt' in err and len(err.splitlines())==1, err
    assert not record(tmp_path).exists()
    rc, out, err = finish(start())
    assert rc==0, err
    check_whole(tmp_path)

def test_read_only(start, tmp_path):
    "Also as root, who has to give up the right to write anywhere first"
    prefix = ['setpriv', '--bounding-set', '-dac_override', '--inh-caps', '-dac_override'] if os.geteuid()==0 else []
    (tmp_path/'results').mkdir(mode=0o555)
    rc, out, err = finish(start(prefix=prefix))
    assert rc==2 and err.startswith('error: ') and 'results' in err and len(err.splitlines())==1, err
    assert not [*(tmp_path/'results').iterdir()]

"Whatever is given to fer-predict and fer-evaluate as a number or a path: done, or refused in one line, in one process"
import os, socket
import pytest
from PIL import Image
from fer_course import synth
from fer_course.commands import fer_evaluate, fer_predict
from fer_course.core.cli import error_line
from fer_course.core.errors import InputError

NUMBERS = 0., 1., -1., 1e30, float('inf'), float('nan')

@pytest.fixture
def here(tmp_path, monkeypatch):
    "A folder with a picture, and with everything that is no picture"
    monkeypatch.chdir(tmp_path)
    Image.fromarray(synth.faces(7, cache=False).imgs[3]).save('face.png')
    for o in ('folder', 'full', 'locked'): os.mkdir(o)
    Image.open('face.png').save('full/face.png')
    (tmp_path/'text').write_text('Dear diary')
    (tmp_path/'empty').write_bytes(b'')
    (tmp_path/'loop').symlink_to('loop')
    os.mkfifo('pipe')
    with socket.socket(socket.AF_UNIX) as s:
        s.bind('socket')
        os.chmod('locked', 0)
        yield tmp_path
        os.chmod('locked', 0o700)

def line_of(f, *args, **kwargs):
    "None, or the one line that a command ends with; anything but a user's mistake is raised"
    try: f(*args, **kwargs)
    except (InputError, OSError) as e:
        assert len(str(e).splitlines())==1
        return error_line(e)

@pytest.mark.parametrize('value', NUMBERS)
@pytest.mark.parametrize('option, lo, hi', [('unsure', 0, 1), ('margin', -.45, 3), ('every', .001, 1e6)])
def test_numbers(here, capsys, option, lo, hi, value):
    says = line_of(fer_predict, 'face.png', model='small', **{option: value})
    assert says is None if lo<=value<=hi else f'--{option}' in says
    assert bool(capsys.readouterr().out)==(says is None) # refused before anything is read

PATHS = ['folder', 'text', 'empty', 'loop', 'pipe', 'socket', 'nowhere', 'nowhere/at/all', 'text/below', 'x'*300]
if os.geteuid(): PATHS.append('locked') # nothing is locked for root

@pytest.mark.parametrize('path', PATHS)
def test_inputs(here, path):
    "Nothing that is no picture, model or data set is taken for one, and none hangs"
    for f,args,kwargs in (
            (fer_predict, [path], dict(model='small')), (fer_predict, ['face.png'], dict(model=path)),
            (fer_evaluate, [path], {}), (fer_evaluate, ['small'], dict(data=path))):
        says = line_of(f, *args, **kwargs)
        assert says and path.split('/')[-1][:50] in says, (f, args, kwargs, says)

@pytest.mark.parametrize('path', PATHS)
@pytest.mark.parametrize('option', ['csv', 'plot', 'overlay'])
def test_outputs(here, path, option):
    "A file is written to, a folder made, or neither can be; pipes, sockets and pictures stay as they are"
    before = {o: os.lstat(o).st_mode for o in os.listdir()}
    says = line_of(fer_predict, 'face.png', model='small', **{option: path})
    possible = {'csv': ('text', 'empty', 'nowhere', 'nowhere/at/all'), 'plot': (),
                'overlay': ('folder', 'nowhere', 'nowhere/at/all')}[option]
    assert (says is None)==(path in possible), says
    assert before.items() <= {o: os.lstat(o).st_mode for o in os.listdir()}.items()

def test_output_is_input(here):
    before = (here/'face.png').read_bytes()
    for option in ('csv', 'plot'):
        assert 'to be read' in line_of(fer_predict, 'face.png', model='small', **{option: './face.png'})
    assert (here/'face.png').read_bytes()==before

@pytest.mark.parametrize('path', ['text', 'pipe', 'socket', 'text/below'])
def test_records_go_nowhere(here, path):
    "Refused before the faces are read"
    assert path.split('/')[0] in line_of(fer_evaluate, 'small', data='nowhere', out=path)

@pytest.mark.parametrize('path', PATHS)
def test_votes(here, path):
    "A file without votes is refused before the faces are read: those here are nowhere"
    says = line_of(fer_evaluate, 'small', data='no faces', votes=path)
    assert path.split('/')[-1][:50] in says and 'no faces' not in says

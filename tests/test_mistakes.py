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

NO_FILES = {'*.jpeg': 'no file matches', 'FACE.PNG': 'did you mean face.png', '-': 'standard input', 'www.example.org/a.jpg': '--url', 'file:///a.jpg': '--url'}

@pytest.mark.parametrize('path, hint', NO_FILES.items(), ids=NO_FILES)
def test_no_such_picture(here, path, hint):
    "What was meant, and what to do"
    assert hint in line_of(fer_predict, path, model='small')

def test_patterns(here, capsys):
    "The shells of Windows leave them to the command"
    fer_predict('f*/*.png', 'face.pn?', model='small')
    assert [o.split(':')[0] for o in capsys.readouterr().out.splitlines()[:2]]==['full/face.png', 'face.png']

MODELS = {'smal': 'did you mean small?', 'export.pkl': 'load_learner', 'best.pth': 'save_network', 'net.onnx': 'no model card beside it',
          'net.keras': 'convert it to ONNX'}

@pytest.mark.parametrize('model, hint', MODELS.items(), ids=MODELS)
def test_models_of_others(here, model, hint):
    "Refused before any face is read, with the way to use them"
    if '.' in model: (here/model).write_bytes(b'a model')
    assert hint in line_of(fer_predict, 'face.png', model=model)
    assert hint in line_of(fer_evaluate, model, data='nowhere')

def test_plot_of_a_picture(here, capsys):
    assert 'none of the files is a video' in line_of(fer_predict, 'face.png', model='small', plot='plot.png')
    assert capsys.readouterr().out=='' # refused before anything is read

@pytest.mark.parametrize('csv', ['a.xlsx', 'a.json', 'a.png'])
def test_no_csv(here, csv):
    assert 'a .csv file' in line_of(fer_predict, 'face.png', model='small', csv=csv)
    assert not (here/csv).exists()

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

def faces_in(folder, classes, n=6):
    faces = synth.faces(84, cache=False)
    for c in classes:
        for i in range(n):
            (folder/c).mkdir(parents=True, exist_ok=True)
            Image.fromarray(faces.imgs[faces.labels==faces.vocab.index(c)][i]).save(folder/c/f'{i}.png')

def test_evaluate_own_folder(here, capsys):
    "How many faces of a folder are used is said, and all can be; a record that is there is found before the model is asked"
    faces_in(here/'mine', ['happy', 'sad'])
    fer_evaluate('small', data='mine')
    said = capsys.readouterr().out
    for o in ('Splits: none given, so drawn', '--split all uses all 12', 'evaluated on 2 faces of mine (test; it has 12 in all)', 'mine has no angry'):
        assert o in said
    assert '--overwrite' in line_of(fer_evaluate, 'small', data='mine')
    fer_evaluate('small', data='mine', split='all')
    assert '--overwrite' in line_of(fer_evaluate, 'small', data='mine', split='all')
    said = capsys.readouterr().out
    assert 'evaluated on 12 faces of mine\n' in said and 'only the' not in said

def test_evaluate_other_names(here, capsys):
    "Classes in a language that is not known here"
    faces_in(here/'t', ['happy', 'sad'])
    (here/'mine').mkdir()
    for a,b in (('happy', 'radość'), ('sad', 'smutek')): (here/'t'/a).rename(here/'mine'/b)
    assert '--vocab radość=' in line_of(fer_evaluate, 'small', data='mine', vocab='radość,smutek')
    fer_evaluate('small', data='mine', vocab='radość=happy,smutek=sad', split='all')
    assert 'happy (radość), sad (smutek)' in capsys.readouterr().out

@pytest.mark.parametrize('path', PATHS)
def test_votes(here, path):
    "A file without votes is refused before the faces are read: those here are nowhere"
    says = line_of(fer_evaluate, 'small', data='no faces', votes=path)
    assert path.split('/')[-1][:50] in says and 'no faces' not in says

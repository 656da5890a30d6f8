"The repository's address stands once, in settings.ini, and everything that opens elsewhere follows it"
import re, subprocess, sys
import nbformat, pytest
from conftest import ROOT, copy_tree, git_files
from fer_course.core.errors import InputError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from tools.address import address
from tools.copies import learner_copy

HERE = address(ROOT)

def move(root, **to):
    "What somebody does who forks: edit a line or two"
    fn = root/'settings.ini'
    text = fn.read_text(encoding='utf-8')
    for k,v in to.items(): text = re.sub(f'^{k} = .*', f'{k} = {v}', text, flags=re.M)
    fn.write_text(text, encoding='utf-8')

def test_address(tmp_path):
    (tmp_path/'settings.ini').write_text('[DEFAULT]\nrepository = https://github.com/Ann/faces\nbranch = dev\n')
    assert address(tmp_path)==dict(repo='https://github.com/Ann/faces', branch='dev', site='https://ann.github.io/faces')

@pytest.mark.parametrize('wrong', ['ann/faces', 'https://github.com/ann', 'https://github.com/ann/faces.git', 'https://github.com/ann/faces/'])
def test_wrong_address(wrong, tmp_path):
    (tmp_path/'settings.ini').write_text(f'[DEFAULT]\nrepository = {wrong}\nbranch = main\n')
    with pytest.raises(InputError, match='https://github.com/<owner>/<name>'): address(tmp_path)

def test_fork(tmp_path):
    "Two lines and one command: nothing of the old address is left, and forgetting the command is noticed"
    tree = copy_tree(tmp_path)
    subprocess.run('git init -q && git add -A', shell=True, cwd=tree, check=True)
    move(tree, repository='https://github.com/ann/faces', branch='dev')
    refresh = lambda *args: subprocess.run([sys.executable, 'tools/refresh.py', '--fast', *args], cwd=tree, capture_output=True, text=True)
    forgotten = refresh('--check')
    assert forgotten.returncode and 'pyproject.toml' in forgotten.stderr and 'colab/01_read_a_face.ipynb' in forgotten.stderr
    done = refresh()
    assert done.returncode==0, done.stderr
    old = re.compile('|'.join(re.escape(o.removeprefix('https://')) for o in (HERE['repo'], HERE['site'])))
    left = [str(o) for o in git_files(tree) if o.suffix not in ('.png', '.gz', '.onnx', '.mjs')
            and old.search((tree/o).read_text(encoding='utf-8', errors='replace'))]
    assert not left
    read = lambda o: (tree/o).read_text(encoding='utf-8')
    assert not [o for o in (tree/'colab').glob('*.ipynb') if 'git+https://github.com/ann/faces@dev' not in read(o)]
    assert not [o for o in (tree/'nbs'/'lessons').glob('*.ipynb') if read(o).count('ann/faces/blob/dev/colab/')!=2]
    assert 'branches: [dev]' in read('.github/workflows/docs.yml') and 'branch = "dev"' in read('pyproject.toml')

def test_learner_copy(tmp_path):
    "No badges, nothing hidden, no outputs; links go to the site, or to the repository where there is no page"
    fn = tmp_path/'nbs'/'lessons'/'02_look.ipynb'
    fn.parent.mkdir(parents=True)
    (tmp_path/'settings.ini').write_text('[DEFAULT]\nrepository = https://github.com/ann/faces\nbranch = main\n')
    words = '[1](01_read.ipynb#here) [lib](../lib/core/cache.ipynb) [data](../../data/README.md) [up](#top) [out](https://a.org/b)'
    made = [new_markdown_cell('# Look'), new_markdown_cell('[![Open in Colab](../assets/colab.svg)](x)'), new_markdown_cell(words),
            new_code_cell('1', outputs=[new_output('stream', text='1')], execution_count=3), new_code_cell('#| hide\nassert 1')]
    nbformat.write(new_notebook(cells=made), fn)
    got = nbformat.reads(learner_copy(fn, tmp_path), 4).cells
    assert [o.source for o in got]==['# Look', '[1](https://ann.github.io/faces/lessons/01_read.html#here) '
        '[lib](https://ann.github.io/faces/lib/core/cache.html) [data](https://github.com/ann/faces/blob/main/data/README.md) '
        '[up](#top) [out](https://a.org/b)', '1']
    assert not got[2].outputs and got[2].execution_count is None

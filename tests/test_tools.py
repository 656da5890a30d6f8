"The maker's tools: what they make of small inputs"
import json, subprocess
import pytest
from conftest import ROOT, copy_tree
from fer_course import synth
from fer_course.core.errors import InputError
from fer_course.core.faceset import VOCAB

from tools import drawn, notebooks, pages, refresh, ship
from tools.copies import clean_copy
from tools.notebooks import badges, front_matter, set_badges
from tools.readme import readme
from tools.site import bring_model, sidebar

REPO, BLOB = 'https://github.com/ann/faces', 'https://github.com/ann/faces/blob/main'

def notebook(*md):
    made = [dict(cell_type='markdown', metadata={}, id=f'c{i}', source=o) for i,o in enumerate(md)]
    return json.dumps(dict(cells=made, metadata={}, nbformat=4, nbformat_minor=5))

def touch(root, *names):
    for o in names:
        (root/o).parent.mkdir(parents=True, exist_ok=True)
        (root/o).write_text('{}')

# Notebooks

def test_front_matter(tmp_path):
    fn = tmp_path/'x.ipynb'
    fn.write_text(notebook('# Look at the data\n\n> Seven classes\n\n- minutes: 25\n- hardware: any laptop'))
    want = dict(title='Look at the data', description='Seven classes', minutes='25', hardware='any laptop')
    assert front_matter(fn)==want
    fn.write_text(notebook('Look at the data'))
    with pytest.raises(InputError, match='open with "# Title"'): front_matter(fn)

def test_badges():
    lesson = badges('01_read.ipynb', REPO)
    assert lesson.count('ann/faces/blob/main/colab/01_read.ipynb)')==2 and '(../assets/colab.svg)' in lesson

def test_set_badges(tmp_path):
    "Written once, and anew where the repository has moved"
    fn = tmp_path/'nbs'/'lessons'/'01_read.ipynb'
    touch(tmp_path, 'nbs/lessons/01_read.ipynb')
    fn.write_text(notebook('# Read\n\n> a face', 'Words'))
    assert set_badges(tmp_path, REPO)==[fn] and set_badges(tmp_path, REPO)==[]
    assert set_badges(tmp_path, REPO.replace('ann', 'bob'))==[fn]
    sources = [o['source'] for o in notebooks.cells(fn)]
    assert [o[:16] for o in sources]==['# Read\n\n> a face', '[![Open in Colab', 'Words']
    assert 'bob/faces' in sources[1] and 'ann' not in sources[1]

def test_clean_copy(tmp_path):
    "Headings, code and exercises stay; words, hidden cells and outputs go"
    import nbformat
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
    shown = [new_output('stream', text='1')]
    made = [new_markdown_cell('# Read'), new_markdown_cell('Words'), new_code_cell('a = 1', outputs=shown), new_code_cell('#| hide\nb = 2'),
            new_markdown_cell('## Exercises'), new_markdown_cell('Do this'), new_markdown_cell('## Further'), new_markdown_cell('More')]
    nbformat.write(new_notebook(cells=made), tmp_path/'x.ipynb')
    got = nbformat.reads(clean_copy(tmp_path/'x.ipynb'), 4).cells
    assert [o.source for o in got]==['# Read', 'a = 1', '## Exercises', 'Do this', '## Further'] and not got[1].outputs

def test_readme():
    "Links as seen from the repository's root; hidden cells left out; of `echo: false` only what it shows"
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
    shown = [new_output('display_data', {'text/markdown': 'A table'})]
    nb = new_notebook(cells=[new_markdown_cell('[a](try.md) [b](../LICENSE) [c](https://x.org) [d](#run)'),
                             new_code_cell('#| hide\nimport this'), new_code_cell('#| echo: false\nx', outputs=shown),
                             new_code_cell('#| output: false\ny = 1', outputs=shown)])
    text = readme(nb)
    assert text.startswith('[a](nbs/try.md) [b](LICENSE) [c](https://x.org) [d](#run)')
    assert text.count('A table')==1 and 'y = 1' in text and 'x\n' not in text and 'this' not in text

# Pages

def test_sidebar(tmp_path):
    "A new lesson needs no entry: its number puts it in its place"
    touch(tmp_path, 'index.ipynb', 'lessons/02_look.ipynb', 'lessons/01_read.ipynb', 'glossary.md')
    lessons = dict(section='Lessons', contents=['lessons/01_read.ipynb', 'lessons/02_look.ipynb'])
    assert sidebar(tmp_path)==[dict(text='Home', href='index.ipynb'), lessons, 'glossary.md']
    touch(tmp_path, 'bet.md', 'lessons/03_train.ipynb')
    assert sidebar(tmp_path)[1]['contents']==[*lessons['contents'], 'bet.md', 'lessons/03_train.ipynb']

def test_no_cdn():
    page = '<script src="https://cdn.jsdelivr.net/npm/katex@0.16.11/dist/katex.min.js">'
    assert pages.no_cdn(page, '../')=='<script src="../assets/katex/katex.min.js">'
    assert pages.no_cdn('@import url(https://fonts.googleapis.com/css2?family=Lato:wght@400;700);:root{}')==':root{}'

def test_repo_links():
    assert pages.repo_links('<a href="../LICENSE">', '', BLOB)==f'<a href="{BLOB}/LICENSE">'
    assert pages.repo_links('<a href="../../data/README.md">', 'lib', BLOB)==f'<a href="{BLOB}/data/README.md">'
    assert pages.repo_links('<a href="../index.html">', 'lib', BLOB)=='<a href="../index.html">'

def test_bring_pictures(tmp_path):
    root, out = tmp_path/'repo', tmp_path/'site'
    touch(root, 'results/a.png')
    assert pages.bring_pictures('<img src="../results/a.png">', '', root, out)=='<img src="results/a.png">'
    page = '<img src="../../results/a.png"> <img src="../assets/colab.svg">'
    assert pages.bring_pictures(page, 'lib', root, out)=='<img src="../results/a.png"> <img src="../assets/colab.svg">'
    assert (out/'results'/'a.png').exists()
    with pytest.raises(FileNotFoundError, match='b.png'): pages.bring_pictures('<img src="../results/b.png">', '', root, out)

def shown(**data): return dict(cells=[dict(cell_type='code', outputs=[dict(output_type='display_data', data=data)])])
def data_of(nb): return nb['cells'][0]['outputs'][0]['data']

def test_with_alt():
    "A figure's plain text becomes its alt text; matplotlib's own does not"
    png = {'image/png': 'AAAA\n'}
    got = data_of(pages.with_alt(shown(**png, **{'text/plain': ['a & b']})))
    assert got=={'text/html': '<img class="img-fluid" alt="a &amp; b" src="data:image/png;base64,AAAA">'}
    plain = {**png, 'text/plain': ['<Figure size 640x480>']}
    assert data_of(pages.with_alt(shown(**plain)))==plain

def test_plain_signatures():
    "No address in memory, and no type that only stands for None"
    text = 'def f(bad:<function store_true at 0x7f775f1c3060>=False, device:NoneType=None)'
    assert data_of(pages.plain_signatures(shown(**{'text/markdown': [text]})))=={'text/markdown': 'def f(bad:store_true=False, device=None)'}

def test_accessible():
    page = '<img src="a.png"> <img src="b.png" alt="two faces">'
    assert pages.accessible(page)=='<img alt="What the code above shows" src="a.png"> <img src="b.png" alt="two faces">'
    assert pages.accessible('<pre class="x"> <table>')=='<pre tabindex="0" class="x"> <table tabindex="0">'

def test_samples(tmp_path):
    faces = drawn.samples()
    assert {*faces}=={f'{o}{k}.jpg' for o in [*VOCAB, 'group'] for k in (1,2)}
    assert {o.size for o in faces.values()}=={(192,192), (480,320)}
    touch(tmp_path/'repo', 'fer_course/weights/small.onnx', 'fer_course/weights/small.json')
    bring_model(tmp_path/'repo', tmp_path/'site')
    assert {o.name for o in (tmp_path/'site').rglob('*') if o.is_file()} > {*faces, 'small.onnx', 'small.json'}

# Shipping a model

def test_ship(tmp_path):
    "The file is measured on each split of its faces, at the temperature that goes with it"
    from fer_course.nets.card import read_card
    from fer_course.nets.model import fer_model
    from fer_course.nets.modelfile import save_network
    faces, net = synth.faces(200, seed=2, cache=False), fer_model('fer_small', pretrained=False, channels=1).eval()
    save_network(net, tmp_path/'mine', arch='fer_small', vocab=VOCAB, size=48, face_size=48, channels=1, stats=(.5,.5))
    card = read_card(ship.ship(tmp_path/'mine', faces, 'fp32', tmp_path/'fer.json'))
    test = card['metrics']['test']
    assert test['n']==(faces.split=='test').sum() and card['temperature']>0 and 0<=test['accuracy']<=1

def test_no_folders(tmp_path):
    command = f'fer-train --data {tmp_path/"fer.csv"} --lr 1e-3'
    assert ship.no_folders(command)=='fer-train --data fer.csv --lr 1e-3'

# Everything at once

def test_stale(tmp_path):
    "What was edited by hand, or not made anew, is named"
    tree = copy_tree(tmp_path)
    subprocess.run(['git', 'init', '-q'], cwd=tree, check=True)
    (tree/'README.md').write_text('old')
    (tree/'clean'/'99_gone.ipynb').write_text('{}')
    assert refresh.stale(tree, fast=True)==['README.md', 'clean/99_gone.ipynb']

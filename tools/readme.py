"Write README.md from nbs/index.ipynb"
import os, re
from pathlib import Path

import nbformat
from nbconvert import MarkdownExporter

ROOT = Path(__file__).resolve().parent.parent

def _has(cell, directive): return re.search(rf'^#\| *{directive}', cell.source, re.M)

def _for_reader(cell):
    "Without nbdev's directives; of a cell flagged `echo: false` only what it shows, of `output: false` only its code"
    if _has(cell, 'echo: false'):
        return nbformat.v4.new_markdown_cell(''.join(o.data['text/markdown'] for o in cell.outputs))
    if _has(cell, 'output: false'): cell.outputs = []
    cell.source = re.sub(r'^#\|.*\n', '', cell.source, flags=re.M)
    return cell

def readme(
    nb:dict, # The home page's notebook, with its outputs; changed in place
)->str: # Markdown
    "The notebook as Markdown, its links and pictures as seen from the repository's root"
    nb.metadata['language_info'] = dict(name='python') # nbdev-clean takes it out
    nb.cells = [_for_reader(o) for o in nb.cells if not _has(o, 'hide')]
    text = MarkdownExporter().from_notebook_node(nb)[0]
    text = re.sub(r'\]\((?!https?:|#|\.\./)', '](nbs/', text)
    text = text.replace('](../', '](').replace('src="../', 'src="')
    return re.sub(r'\n{3,}', '\n\n', text).strip() + '\n'

def run_notebook(
    fn:Path, # A notebook whose cells make what it shows from the clone: the home page, the index of the library
    root:Path=ROOT, # A clone
):
    "Run a page's notebook and store what it shows"
    from nbconvert.preprocessors import ExecutePreprocessor
    from nbdev.clean import nbdev_clean
    nb = nbformat.read(fn, 4)
    os.environ['PYTHONPATH'] = str(root) # the library beside us, not one installed elsewhere
    ExecutePreprocessor(timeout=600).preprocess(nb, {'metadata': {'path': fn.parent}})
    for o in nb.cells:
        if _has(o, 'output: false'): o.outputs = [] # shown nowhere, and with the seconds of a training in them
    nbformat.write(nb, fn)
    nbdev_clean(fn)

def write_readme(
    root:Path=ROOT, # A clone
):
    "Write README.md from what the home page's notebook has stored"
    nb = nbformat.read(Path(root)/'nbs'/'index.ipynb', 4)
    (Path(root)/'README.md').write_text(readme(nb), encoding='utf-8')

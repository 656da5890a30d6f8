"Run nbs/index.ipynb and write README.md from it; with --check write nothing, and fail where either is not up to date"
import os, re, sys
from pathlib import Path
import nbformat
from nbconvert import MarkdownExporter
from nbconvert.preprocessors import ExecutePreprocessor
from nbdev.clean import nbdev_clean

nbs = Path(__file__).resolve().parent
index, target = nbs/'index.ipynb', nbs.parent/'README.md'

def has(cell, directive): return re.search(rf'^#\| *{directive}', cell.source, re.M)

def for_reader(cell):
    "Without nbdev's directives; of a cell flagged `echo: false` only what it shows, of one flagged `output: false` only its code"
    if has(cell, 'echo: false'): return nbformat.v4.new_markdown_cell(''.join(o.data['text/markdown'] for o in cell.outputs))
    if has(cell, 'output: false'): cell.outputs = []
    cell.source = re.sub(r'^#\|.*\n', '', cell.source, flags=re.M)
    return cell

def readme(nb):
    "The notebook as Markdown, its links and pictures as seen from the repository's root"
    nb.metadata['language_info'] = dict(name='python') # nbdev-clean takes it out
    nb.cells = [for_reader(o) for o in nb.cells if not has(o, 'hide')]
    text = MarkdownExporter().from_notebook_node(nb)[0]
    text = re.sub(r'\]\((?!https?:|#|\.\./)', '](nbs/', text).replace('](../', '](').replace('src="../', 'src="')
    return re.sub(r'\n{3,}', '\n\n', text).strip() + '\n'

if __name__ == '__main__':
    nb = nbformat.read(index, 4)
    stored = readme(nbformat.read(index, 4))
    os.environ['PYTHONPATH'] = str(nbs.parent) # the library beside us, not one installed elsewhere
    ExecutePreprocessor(timeout=600).preprocess(nb, {'metadata': {'path': nbs}})
    if '--check' in sys.argv:
        if not readme(nb)==stored==target.read_text(encoding='utf-8'): sys.exit('README.md or the outputs of nbs/index.ipynb are not up to date: run python nbs/make_readme.py and commit both')
    else:
        nbformat.write(nb, index)
        nbdev_clean(index)
        target.write_text(readme(nb), encoding='utf-8')

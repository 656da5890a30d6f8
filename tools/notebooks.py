"What a notebook says of itself, and the badges that open it elsewhere"
import json, re
from pathlib import Path

from fer_course.core.errors import InputError

def cells(
    path:Path, # A notebook
)->list: # Its cells as dicts, each `source` one string
    "The cells of a notebook"
    nb = json.loads(Path(path).read_text(encoding='utf-8'))
    return [dict(o, source=''.join(o['source'])) for o in nb['cells']]

def front_matter(
    path:Path, # A notebook
)->dict: # `title`, `description`, and a string for each `- key: value` below them
    "What stands in the first Markdown cell of a notebook; nbdev reads the same lines as the page's settings"
    src = next((o['source'] for o in cells(path) if o['cell_type']=='markdown'), '')
    m = re.match(r'# (.+)\n+> (.+)', src)
    if not m:
        raise InputError(f'{path}: the first Markdown cell is not a title and a summary; '
                         'open with "# Title" and "> summary"')
    return dict(title=m[1].strip(), description=m[2].strip(), **dict(re.findall(r'^- (\w+): (.+)$', src, re.M)))

def badges(
    name:str, # A lesson's file, for example '01_read.ipynb'
    repo:str, # The repository on GitHub, for example 'https://github.com/ann/faces'
    branch:str='main', # Its branch
)->str: # Markdown, one line
    "The links that open the learner's copy of a lesson in Colab and on Kaggle; their pictures are our own, so that no reader's browser asks another site"
    path = f'{repo}/blob/{branch}/colab/{name}'
    colab = path.replace('https://github.com/', 'https://colab.research.google.com/github/')
    kaggle = f'https://kaggle.com/kernels/welcome?src={path}'
    return f'[![Open in Colab](../assets/colab.svg)]({colab}) [![Open in Kaggle](../assets/kaggle.svg)]({kaggle})'

def is_badges(cell): return cell['cell_type']=='markdown' and ''.join(cell['source']).startswith('[![Open in Colab]')

def is_hidden(cell): return cell['cell_type']=='code' and bool(re.search(r'^#\| *hide', ''.join(cell['source']), re.M))

def set_badges(
    root:Path, # The repository's folder
    repo:str, # The repository on GitHub, for example 'https://github.com/ann/faces'
    branch:str='main', # Its branch
)->list: # Lessons that were changed
    "Write the badges into each lesson's second cell (nbdev drops what follows title and summary in the first)"
    changed = []
    for fn in sorted(Path(root).glob('nbs/lessons/*.ipynb')):
        nb = json.loads(fn.read_text(encoding='utf-8'))
        src = badges(fn.name, repo, branch)
        old = next((o for o in nb['cells'] if is_badges(o)), {})
        new = [o for o in nb['cells'] if not is_badges(o)]
        new.insert(1, {'cell_type': 'markdown', 'id': 'badges', 'metadata': {}, **old, 'source': [src]})
        if nb['cells']==new: continue
        text = json.dumps(dict(nb, cells=new), indent=1, ensure_ascii=False, sort_keys=True)
        fn.write_text(text+'\n', encoding='utf-8')
        changed.append(fn)
    return changed

"""How the library reads, in numbers: python tools/measure.py

Of the generated modules: characters a function, width of lines, tokens a line. Of the notebooks: how many public names are shown or tested again
within two code cells. The exercises of the lessons (course/questions) are left out, since most of their lines are texts. Another library's numbers,
or those of an older commit, come from its folders:

    git worktree add ../before d7e0d24
    python tools/measure.py --lib ../before/fer_course --nbs ../before/nbs/lib
"""
import ast, io, json, re, tokenize
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from fastcore.script import call_parse, store_true

ROOT = Path(__file__).resolve().parent.parent
NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}

def modules(
    lib, # Folder of the package
): # Paths
    "The generated modules, without those that hold the exercises, and without `all`, which only imports"
    return [o for o in sorted(Path(lib).rglob('[!_]*.py')) if 'questions' not in o.parts and o.name!='all.py']

def code_lines(
    text, # Source of a module
): # (line number, text) of each
    "Lines that are neither blank nor a comment alone; docstrings count"
    lines = enumerate(text.splitlines(), 1)
    return [(i, o.rstrip()) for i,o in lines if o.strip() and not o.lstrip().startswith('#')]

def functions(tree): return [o for o in ast.walk(tree) if isinstance(o, (ast.FunctionDef, ast.AsyncFunctionDef))]

def body_size(
    f, # Syntax tree of a function
    lines, # Lines of its module
): # Characters, 0 for a function of a docstring alone
    "How long the body is, without its docstring, indentation and line breaks"
    body = f.body if ast.get_docstring(f) is None else f.body[1:]
    return sum(len(o.strip()) for o in lines[body[0].lineno-1:f.end_lineno]) if body else 0

def tokens(
    text, # Source of a module
): # Number of each line that has any
    "Tokens a line"
    found = tokenize.generate_tokens(io.StringIO(text).readline)
    return list(Counter(o.start[0] for o in found if o.type not in NO_CODE).values())

def public_names(tree):
    "What stands in `__all__`, or the definitions without an underscore where there is none"
    for o in tree.body:
        if isinstance(o, ast.Assign) and getattr(o.targets[0], 'id', '')=='__all__': return ast.literal_eval(o.value)
    return [o.name for o in tree.body if hasattr(o, 'name') and not o.name.startswith('_')]

def by_module(
    lib, # Folder of the package
): # One row a module
    "Functions, public names, lines and their widths"
    rows = []
    for fn in modules(lib):
        text = fn.read_text(encoding='utf-8')
        tree, widths = ast.parse(text), np.array([len(o) for _,o in code_lines(text)] or [0])
        rows.append(dict(
            module='.'.join(fn.relative_to(lib).with_suffix('').parts), functions=len(functions(tree)),
            public=len(public_names(tree)), lines=len(widths), width_p90=np.percentile(widths, 90),
            over_120=(widths>120).mean(), widest=widths.max()))
    return pd.DataFrame(rows).set_index('module')

def is_exported(source): return re.match(r'#\| *exports?\b', source)

def shown(
    fn, # A notebook
): # (name, is it there?) of each public function, class and patched method
    "Does the name stand in one of the next two code cells, and one that is not exported?"
    cells = [''.join(o['source']) for o in json.loads(fn.read_text(encoding='utf-8'))['cells'] if o['cell_type']=='code']
    for i,source in enumerate(cells):
        if not is_exported(source): continue
        after = [o for o in cells[i+1:i+3] if not is_exported(o)]
        names = [o.name for o in ast.parse(re.sub(r'^\s*[%!].*$', '', source, flags=re.M)).body if isinstance(o, (ast.FunctionDef, ast.ClassDef))]
        yield from ((o, any(re.search(rf'\b{o}\b', s) for s in after)) for o in names if not o.startswith('_'))

def summary(
    lib, # Folder of the package
    nbs, # Folder of its notebooks
): # Measure → number
    "The library in a few numbers"
    texts = [o.read_text(encoding='utf-8') for o in modules(lib)]
    sizes = [body_size(f, o.splitlines()) for o in texts for f in functions(ast.parse(o))]
    widths = np.array([len(line) for o in texts for _,line in code_lines(o)])
    again = [ok for fn in sorted(Path(nbs).rglob('*.ipynb')) for _,ok in shown(fn)]
    return {'characters a function, median': np.median(sizes), 'characters a function, p90': np.percentile(sizes, 90),
            'line width, p90': np.percentile(widths, 90), 'lines over 120, %': 100*(widths>120).mean(), 'widest line': widths.max(),
            'tokens a line, p90': np.percentile([n for o in texts for n in tokens(o)], 90),
            'names shown or tested again within two cells, %': 100*np.mean(again) if again else np.nan,
            'public names': by_module(lib).public.sum()}

@call_parse
def main(
    lib:Path=ROOT/'fer_course', # Folder of the package
    nbs:Path=ROOT/'nbs/lib', # Folder of its notebooks
    wide:int=0, # List the lines wider than this, too
    unshown:store_true=False, # List the names that are not shown again, too
):
    "Print how the library reads, in numbers"
    print(by_module(lib).to_string(formatters=dict(over_120='{:.1%}'.format)))
    print()
    for k,v in summary(lib, nbs).items(): print(f'{k:48} {v:7.4g}')
    for fn in modules(lib) if wide else ():
        for i,o in code_lines(fn.read_text(encoding='utf-8')):
            if len(o)>wide: print(f'{fn.relative_to(lib)}:{i}: {len(o)} {o.strip()[:100]}')
    for fn in sorted(Path(nbs).rglob('*.ipynb')) if unshown else ():
        if names := [k for k,ok in shown(fn) if not ok]: print(f'{fn.relative_to(nbs)}: {" ".join(names)}')

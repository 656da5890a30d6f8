"Where the repository lives stands once, in settings.ini; this writes it to all places that need it"
import json, re
from configparser import ConfigParser
from pathlib import Path

from fer_course.core.errors import InputError

ROOT = Path(__file__).resolve().parent.parent

PLACES = [ # File, what stands there, and what is to stand there
    ('pyproject.toml', '^Repository = .*', 'Repository = "{repo}"'),
    ('pyproject.toml', '^Documentation = .*', 'Documentation = "{site}"'),
    ('pyproject.toml', '^branch = .*', 'branch = "{branch}"'),
    ('CITATION.cff', '^repository-code: .*', 'repository-code: {repo}'),
    ('CITATION.cff', '^url: .*', 'url: {site}'),
    ('.github/workflows/docs.yml', r'branches: \[[^]]*\]', 'branches: [{branch}]'),
    ('nbs/_quarto.yml', 'text: GitHub, href: "[^"]*"', 'text: GitHub, href: "{repo}"'),
]

INSTALL = """\
# Installs the course's library where it is missing: a wheel beside this notebook, else from the repository
from importlib.util import find_spec
from pathlib import Path

def is_missing():
    spec = find_spec('fer_course')
    return not spec or not spec.origin # a folder of that name, such as a clone, is no library

if is_missing():
    wheels = [o.resolve().as_uri() for o in Path().glob('fer_course-*.whl')]
    source = max(wheels, default='git+{repo}@{branch}')
    %pip install -q --retries 1 --find-links . "fer_course{extra} @ {{source}}"
    if is_missing():
        raise RuntimeError(f'fer_course is not installed; pip says above what is missing. Make sure that {{source}} '
                           'and pypi.org can be reached (on Kaggle, turn the internet on; an address with git+ needs git), '
                           'or put the wheels of fer_course and of all that it needs beside this notebook, '
                           'then run this cell again')"""

EXTRAS = {'08_ship_it': '[export]'} # Lesson → what it needs besides

def install_cell(
    lesson:str, # Its file's stem, for example '01_read_a_face'
    where:dict, # From `address`
)->str: # Source
    "The first code cell of a lesson"
    return INSTALL.format(extra=EXTRAS.get(lesson, ''), **where)

def address(
    root:Path=ROOT, # A clone
)->dict: # `repo` and `site` without a slash at the end, and `branch`
    "Where the repository and its pages live"
    ini = ConfigParser(delimiters=['='])
    ini.read(Path(root)/'settings.ini', encoding='utf-8')
    repo, branch = ini['DEFAULT']['repository'], ini['DEFAULT']['branch']
    m = re.fullmatch(r'https://github\.com/([\w-]+)/([\w.-]+?)', repo)
    if not m or repo.endswith('.git'):
        raise InputError(f'settings.ini: repository is {repo!r}; write it as https://github.com/<owner>/<name>')
    return dict(repo=repo, branch=branch, site=f'https://{m[1].lower()}.github.io/{m[2]}')

def _set_places(root, where):
    for name, pattern, text in PLACES:
        fn = Path(root)/name
        new, n = re.subn(pattern, lambda _: text.format(**where), fn.read_text(encoding='utf-8'), flags=re.M)
        if n != 1: raise InputError(f'{fn}: {pattern!r} stands there {n} times, and should once')
        fn.write_text(new, encoding='utf-8', newline='\n')

def _set_install(root, where):
    for fn in sorted(Path(root).glob('nbs/lessons/*.ipynb')):
        nb = json.loads(fn.read_text(encoding='utf-8'))
        first = next(o for o in nb['cells'] if o['cell_type']=='code')
        first['source'] = install_cell(fn.stem, where).splitlines(keepends=True)
        text = json.dumps(nb, indent=1, ensure_ascii=False, sort_keys=True)
        fn.write_text(text+'\n', encoding='utf-8', newline='\n')

def set_address(
    root:Path=ROOT, # A clone
)->dict: # As from `address`
    "Write the address to pyproject.toml, CITATION.cff, the site's definition and what publishes it, and the first code cell of each lesson"
    where = address(root)
    _set_places(root, where)
    _set_install(root, where)
    return where

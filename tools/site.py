"""Build the course's site from the notebooks of a clone, with pip alone and without a network

`nbs/_quarto.yml` defines the site. Where Quarto is installed, `nbdev-docs` builds it. Quarto does not come by pip, so this
builds the same site from the same file with two packages that do: nbdev runs `show_doc` and drops what readers need not
see, and smalldocs makes the pages."""
import json, shutil, sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT)) # the library beside us, not one installed elsewhere

from fastcore.script import call_parse

from fer_course.core.cli import cli
from fer_course.core.errors import InputError
from fer_course.infer.detect import CASCADE
from tools.drawn import samples
from tools.notebooks import set_badges
from tools.pages import accessible, bring_pictures, no_cdn, plain_signatures, repo_links, with_alt

ORDER = ['index', 'lessons', 'try', 'apps', 'results', 'benchmarks', 'lib', 'glossary', 'teachers'] # Pages and folders, from top to bottom
SECTIONS = {'lessons': 'Lessons', 'apps': 'Apps', 'lib': 'Library reference'} # What the folders are called

def _page(nbs, stem): return next((f'{stem}{o}' for o in ('.ipynb', '.md') if (nbs/f'{stem}{o}').exists()), None)

def _entry(nbs, name):
    if name=='index': return dict(text='Home', href=page) if (page := _page(nbs, name)) else None
    if name not in SECTIONS: return _page(nbs, name)
    files = sorted(o.relative_to(nbs).as_posix() for o in (nbs/name).rglob('*.ipynb'))
    return dict(section=SECTIONS[name], contents=files) if files else None

def sidebar(
    nbs:Path, # Folder of the notebooks
)->list: # Paths relative to `nbs`; for the home page `{'text': …, 'href': …}`, for a folder `{'section': …, 'contents': […]}`
    "What stands in the sidebar: the pages that there are, in the order of a course"
    return [o for name in ORDER if (o := _entry(Path(nbs), name))]

def bring_model(
    root:Path, # The repository's folder
    out:Path, # The site's folder
):
    "Put onto the site what the page Try it loads: model and card, detector, drawn faces"
    import cv2
    to = out/'assets'/'try'
    for o in ('model', 'samples'): (to/o).mkdir(parents=True, exist_ok=True)
    for o in ('small.onnx', 'small.json'): shutil.copy(root/'fer_course'/'weights'/o, to/'model')
    shutil.copy(Path(cv2.data.haarcascades)/CASCADE, to/'model')
    for name,img in samples().items(): img.save(to/'samples'/name, quality=88)

def _finish(root, out, blob):
    "Go over all that smalldocs wrote"
    for fn in [*out.rglob('*.html'), *out.rglob('*.css')]:
        parts, text = fn.parent.relative_to(out).parts, fn.read_text(encoding='utf-8')
        new = no_cdn(text, '../'*len(parts))
        if fn.suffix=='.html':
            folder = '/'.join(parts)
            new = accessible(bring_pictures(repo_links(new, folder, blob), folder, root, out))
        if new!=text: fn.write_text(new, encoding='utf-8')

# nbdev writes the first two for Quarto, `repo_links` mends the third
_NOISE = 'unknown key format-links', 'output-file is not read', '(outside the project)'

def _render(src, out):
    "Pages from processed notebooks; what smalldocs cannot read or link is an error"
    from smalldocs.config import load
    from smalldocs.site import Site
    shutil.rmtree(src/'questions', ignore_errors=True) # they hold the solutions
    for fn in src.rglob('*.ipynb'):
        nb = json.loads(fn.read_text(encoding='utf-8'))
        fn.write_text(json.dumps(with_alt(plain_signatures(nb))), encoding='utf-8')
    site = Site(load(src), quiet=True)
    site.out = out
    n, bad = site.build(), [o for o in site.warnings if not any(s in o for s in _NOISE)]
    if bad: raise InputError('the site has faults: ' + '; '.join(bad))
    return n

@call_parse
@cli
def build_site(
    out:str='_site', # Folder to write the site to; what was built there before is replaced
):
    "Build the course's site from the notebooks of this clone, without a network"
    if sys.version_info < (3,11): raise InputError('smalldocs needs Python 3.11 or later')
    import nbdev.config, nbdev.quarto, nbdev.serve, yaml
    cfg, to = nbdev.config.get_config(ROOT), Path(out).resolve()
    nbdev.quarto.refresh_quarto_yml()
    contents = dict(website=dict(sidebar=dict(contents=sidebar(ROOT/'nbs'))))
    (ROOT/'nbs'/'sidebar.yml').write_text(yaml.safe_dump(contents, sort_keys=False))
    n = _render(nbdev.serve.proc_nbs(), to)
    bring_model(ROOT, to)
    _finish(ROOT, to, f'{cfg.git_url}/blob/{cfg.branch}')
    print(f'{n} pages in {out}: open {out}/index.html, or serve it for the search to work: python -m http.server -d {out}')

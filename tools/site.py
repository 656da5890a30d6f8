"""Build the course's site from the notebooks of a clone, with pip alone and without a network

`nbs/_quarto.yml` defines the site. Where Quarto is installed, `nbdev-docs` builds it. Quarto does not come by pip, so this
builds the same site from the same file with two packages that do: nbdev runs `show_doc` and drops what readers need not
see, and smalldocs makes the pages."""
import json, posixpath, re, shutil, sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT)) # the library beside us, not one installed elsewhere

from fastcore.script import call_parse

from fer_course.core.cli import cli
from fer_course.core.errors import InputError
from fer_course.infer.detect import CASCADE
from tools.dark import dark_pictures
from tools.drawing_js import bring_lab, home_lab
from tools.drawn import icon, samples, share_card
from tools.pages import (accessible, at_any_depth, bring_pictures, by_keyboard, exercise_boxes, folded_setup, home, lasting_anchors, no_cdn,
    numbers, on_site, one_header, plain_signatures, repo_links, search_entries, shared_as, short_contents, sized, unbroken, with_alt, without_alt)
from tools.rooms import ROOMS

# Pages and folders, from top to bottom
ORDER = ['index', 'lessons', 'try', 'lab', 'apps', 'results', 'study', 'benchmarks', 'lib', 'glossary', 'teachers']
SECTIONS = {'lessons': 'Lessons', 'apps': 'Apps', 'lib': 'Library reference'} # What the folders are called

def _page(nbs, stem): return next((f'{stem}{o}' for o in ('.ipynb', '.md') if (nbs/f'{stem}{o}').exists()), None)

def _entry(nbs, name):
    if name=='index': return dict(text='Home', href=page) if (page := _page(nbs, name)) else None
    if name not in SECTIONS: return _page(nbs, name)
    files = [o.relative_to(nbs).as_posix() for o in sorted((nbs/name).glob('*.ipynb'))]
    if name=='lib': files = _rooms(nbs) + [o for o in files if o!='lib/index.ipynb']
    if name=='lessons' and (bet := _page(nbs, 'bet')): files.insert(2, bet) # before lesson 3, which begins to answer it
    if not files: return None
    top = dict(href='lib/index.ipynb') if name=='lib' and (nbs/'lib'/'index.ipynb').exists() else {}
    return dict(section=SECTIONS[name], contents=files, **top)

def _rooms(nbs):
    "The library's pages by rooms, in the order in which one room uses the other"
    found = {room: [o.relative_to(nbs).as_posix() for o in sorted((nbs/'lib'/room).glob('*.ipynb'))] for room in ROOMS}
    return [dict(section=room, contents=files) for room,files in found.items() if files]

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

_ICONS = ('<link rel="icon" href="{up}favicon.ico" sizes="32x32"><link rel="apple-touch-icon" href="{up}assets/icon180.png">'
    '<link rel="manifest" href="{up}site.webmanifest"><script src="{up}assets/scrolls.js" defer></script>')
_FUSE = re.compile(r'src="[^"]*/fuse[^"]*\.js"')

def _finished(html, href, root, out, cfg):
    "One page, as readers get it"
    folder, up, address = posixpath.dirname(href), '../'*href.count('/'), f'{cfg.doc_host}{cfg.doc_baseurl}/'
    html = on_site(repo_links(html, folder, f'{cfg.git_url}/blob/{cfg.branch}'), folder, address)
    html = sized(bring_pictures(html, folder, root, out), out/folder)
    if folder!='apps': html = dark_pictures(html, up, out) # an app's window is light, as its picture is
    html = _FUSE.sub(f'src="{up}assets/search.js"', html)
    html = html.replace('</head>', _ICONS.format(up=up) + '</head>', 1)
    if href=='index.html': html = home_lab(home(html))
    html = short_contents(lasting_anchors(unbroken(numbers(one_header(exercise_boxes(html))))))
    html = by_keyboard(accessible(shared_as(html, href, address)))
    return at_any_depth(html, f'{cfg.doc_baseurl}/') if href=='404.html' else html

def _furniture(root, out, address):
    "Icons in all sizes, the card that a shared link shows, and what search engines read"
    share_card().save(out/'assets'/'card.png', optimize=True)
    icon(256).save(out/'favicon.ico', sizes=[(o, o) for o in (16, 32, 48)])
    for side in 180, 192, 512: icon(side).save(out/'assets'/f'icon{side}.png', optimize=True)
    icons = [dict(src=f'assets/icon{o}.png', sizes=f'{o}x{o}', type='image/png') for o in (192, 512)]
    about = dict(name='fer_course', start_url='index.html', display='browser', icons=icons)
    (out/'site.webmanifest').write_text(json.dumps(about), encoding='utf-8')
    robots = (root/'nbs'/'robots.txt').read_text(encoding='utf-8')
    (out/'robots.txt').write_text(f'{robots}Sitemap: {address}sitemap.xml\n', encoding='utf-8')
    missing = r'\s*<url>\s*<loc>[^<]*/404\.html</loc>.*?</url>' # nobody looks for it
    sitemap = re.sub(missing, '', (out/'sitemap.xml').read_text(encoding='utf-8'), flags=re.S)
    (out/'sitemap.xml').write_text(sitemap, encoding='utf-8')

def _finish(root, out, cfg):
    "Go over all that smalldocs wrote, and write what the search box finds"
    _furniture(root, out, f'{cfg.doc_host}{cfg.doc_baseurl}/')
    found = []
    for fn in sorted([*out.rglob('*.html'), *out.rglob('*.css')]):
        href = fn.relative_to(out).as_posix()
        text = no_cdn(fn.read_text(encoding='utf-8'), '../'*href.count('/'))
        if fn.suffix=='.html':
            text = _finished(text, href, root, out, cfg)
            if href!='404.html': found += search_entries(text, href)
        fn.write_text(text, encoding='utf-8')
    (out/'search.json').write_text(json.dumps(found, ensure_ascii=False), encoding='utf-8')
    (out/'llms.txt').write_text(_for_models([o for o in found if '#' not in o['href']], cfg), encoding='utf-8')

def _for_models(pages, cfg):
    "What language models are told of the site: each page with its title and what it says of itself"
    lines = [f"- [{o['title']}]({cfg.doc_host}{cfg.doc_baseurl}/{o['href']}): {o['section']}" for o in pages]
    about = next(o['section'] for o in pages if o['href']=='index.html')
    return '\n'.join([f'# {cfg.lib_name}', '', f'> {about}', '', *lines, ''])

# nbdev writes the first two for Quarto, `repo_links` mends the third
_NOISE = 'unknown key format-links', 'output-file is not read', '(outside the project)'

def _render(src, out):
    "Pages from processed notebooks; what smalldocs cannot read or link is an error"
    from smalldocs.config import load
    from smalldocs.site import Site
    shutil.rmtree(src/'questions', ignore_errors=True) # they hold the solutions
    modules = [o.read_text(encoding='utf-8') for o in (ROOT/'fer_course').rglob('*.py')]
    classes = {o for text in modules for o in re.findall(r'^class (\w+)', text, re.M)}
    for fn in src.rglob('*.ipynb'):
        nb = json.loads(fn.read_text(encoding='utf-8'))
        fn.write_text(json.dumps(folded_setup(without_alt(with_alt(plain_signatures(nb, classes))))), encoding='utf-8')
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
    bring_lab(to)
    _finish(ROOT, to, cfg)
    print(f'{n} pages in {out}: open {out}/index.html, or serve it for the search to work: python -m http.server -d {out}')

"Screenshots of the built site to look at: five pages at three widths, light and dark"
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT)) # the library beside us, not one installed elsewhere

from fastcore.script import call_parse

from fer_course.core.cli import cli
from fer_course.core.errors import InputError
from tools.served import browser, serve_folder

PAGES = 'index lessons/03_pretrained_or_scratch results try lib/core/faceset' # Home, a lesson, results, Try it, reference
SIZES = (1280, 800), (1600, 1000), (390, 844)

_ALL = "document.querySelectorAll('img').forEach(o => o.loading = 'eager')"

def _shoot(page, address, fn, whole):
    page.goto(address, wait_until='networkidle')
    if whole: page.evaluate(_ALL)
    if '/try.html' in address: page.locator('#try[data-ready]').wait_for()
    page.wait_for_timeout(800) # pictures that come late
    page.screenshot(path=fn, full_page=whole)

@call_parse
@cli
def shots(
    site:str='_site', # Folder of the built site
    out:str='_site/shots', # Folder to write PNG files to
    pages:str=PAGES, # Pages, without .html, with blanks between them
    whole:bool=False, # The whole page, not only the first screen?
):
    "Take a picture of each page at three widths, light and dark (needs playwright and a Chromium)"
    if not (Path(site)/'index.html').is_file():
        raise InputError(f'{site} holds no site: run python tools/site.py first, or name its folder with --site')
    to = Path(out)
    to.mkdir(parents=True, exist_ok=True)
    with serve_folder(site) as url, browser() as b:
        for scheme in 'light', 'dark':
            for width,height in SIZES:
                page = b.new_page(viewport=dict(width=width, height=height), color_scheme=scheme)
                for name in pages.split():
                    _shoot(page, f'{url}{name}.html', to/f'{name.replace("/", "-")}-{width}-{scheme}.png', whole)
                page.close()
    print(f'{len(pages.split())*len(SIZES)*2} pictures in {out}')

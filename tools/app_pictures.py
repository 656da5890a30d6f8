"Store in the apps' notebooks what they look like: `python tools/app_pictures.py`. Voilà opens each, with drawn faces, and Chromium takes its picture"
import sys
from base64 import b64encode
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT)) # the library beside us, not one installed elsewhere

import nbformat
from fastcore.script import call_parse
from PIL import Image

from fer_course.core.cli import cli
from tools.served import APPS, browser, served, tab

WINDOW, LIMIT = dict(width=1000, height=1300), 100_000 # Pixels; bytes of a picture

def lab_shot(page):
    "The lab with a surprised face"
    rest = page.get_by_role('img').get_attribute('src')
    page.get_by_role('button', name='surprise', exact=True).click()
    page.wait_for_function('src => document.querySelector("[role=img], img").src!=src', arg=rest)
    return 'The expression lab: sliders for the muscles of a face, a drawn face that is surprised, ' \
        'and a bar for each expression that the network may take it for'

def predict_shot(page):
    "The prediction widget as it opens"
    return 'The prediction widget: a drawn face with a box around it, and a bar for each expression that the network may take it for'

SHOTS = dict(expression_lab=lab_shot, predict=predict_shot) # App → what to do before its picture is taken; says what is to be seen

def take(
    app:str, # One of `APPS`
    b, # A browser
    root:Path=ROOT, # A clone
): # PNG and what it shows, in words
    "An app's picture"
    with served(app, root) as p:
        page = tab(b, p.url, viewport=WINDOW)
        alt = SHOTS[app](page)
        page.wait_for_timeout(2000) # the answer follows the face
        png = page.locator('.jp-OutputArea-output').first.screenshot()
        page.close()
    shot = Image.open(BytesIO(png)).convert('RGB').quantize(256, dither=Image.Dither.NONE)
    shot.save(f := BytesIO(), 'png', optimize=True)
    assert f.tell()<LIMIT, f'{app}: {f.tell():,} bytes are too many for a picture in a notebook'
    return f.getvalue(), alt

def store(
    png:bytes, # The picture
    alt:str, # What it shows, in words
    nb_path:Path, # The app's notebook
):
    "Put a picture where the app's output stands"
    nb = nbformat.read(nb_path, 4)
    cell = next(c for c in reversed(nb.cells) if c.cell_type=='code')
    cell.outputs = [nbformat.v4.new_output('execute_result', {'image/png': b64encode(png).decode(), 'text/plain': alt})]
    nbformat.write(nb, nb_path)

@call_parse
@cli
def main():
    "Take the pictures of all apps anew"
    with browser() as b:
        for app in APPS:
            png, alt = take(app, b)
            store(png, alt, ROOT/'nbs'/'apps'/f'{app}.ipynb')
            print(f'{app}: {len(png)/1000:.0f} kB')

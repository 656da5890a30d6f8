"Pictures of faces on white paper, for pages in the dark: faces stay as they are, the paper goes, and the words on it turn light"
import re
from base64 import b64decode
from hashlib import sha1
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import binary_closing, find_objects, label

def _blocks(paper, fine):
    "Rectangles on the paper that hold a picture: large and filled, which no word is"
    near = np.ones((3, 3))
    found, _ = label(binary_closing(np.pad(~paper, 4), near)[4:-4,4:-4], near)
    for i,at in enumerate(find_objects(found), 1):
        if min(paper[at].shape)>=20*fine and (found[at]==i).mean()>.5: yield at

def _light_ink(rgb):
    "Ink taken off its white paper, as RGBA: black turns white, a colour stays that colour but lighter"
    alpha = 1-rgb.min(2, keepdims=True)
    ink = (rgb-(1-alpha))/np.maximum(alpha, 1e-6)
    ink = ink+1-ink.max(2, keepdims=True)
    return np.concatenate([.3+.65*ink, alpha], 2)

def in_the_dark(
    img:Image.Image, # A picture
    fine:int=1, # How many of its dots make one dot of the page
)->Image.Image|None: # For a dark page, on a clear ground; None where there is no white paper with pictures on it
    "`img` without its paper"
    rgb = np.asarray(img.convert('RGBA').convert('RGB'))/255
    paper = rgb.min(2)>.985
    edge = np.concatenate([paper[0], paper[-1], paper[:,0], paper[:,-1]])
    blocks = [*_blocks(paper, fine)]
    if edge.mean()<.6 or not blocks: return None
    res = _light_ink(rgb)
    for at in blocks: res[at] = np.concatenate([rgb[at], np.ones((*rgb[at].shape[:2], 1))], 2)
    return Image.fromarray((res*255).round().astype('uint8'))

def _written(img, out, name):
    "Where the picture lies on the site, as WebP: squares without loss, faces with a little"
    def packed(**kw):
        img.save(o := BytesIO(), 'WEBP', **kw)
        return o.getvalue()
    fn = out/'assets'/'dark'/f'{name}.webp'
    fn.parent.mkdir(parents=True, exist_ok=True)
    fn.write_bytes(min(packed(lossless=True), packed(quality=82), key=len))
    return fn.relative_to(out).as_posix()

def dark_pictures(
    html:str, # A page
    up:str, # The way from the page to the site's root, for example '../'
    out:Path, # The site's folder
)->str: # The same page
    "Beside each picture of faces on white paper one for the dark, which a light page does not load"
    def sub(m):
        data = b64decode(m[1])
        with Image.open(BytesIO(data)) as img: dark = in_the_dark(img, max(1, round(img.info.get('dpi', (72,))[0]/72)))
        if 'data-figure' in m[0] or dark is None: return m[0]
        src = up + _written(dark, out, sha1(data).hexdigest()[:12])
        named = lambda tag, name: tag.replace('class="', f'class="{name} ', 1) if 'class="' in tag else tag.replace('<img', f'<img class="{name}"', 1)
        return named(m[0], 'on-light') + named(re.sub(r'src="[^"]*"', f'src="{src}"', m[0]), 'on-dark')
    return re.sub(r'<img [^>]*src="data:image/png;base64,([^"]*)"[^>]*>', sub, html)

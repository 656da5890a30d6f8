"What is drawn for the site: samples, the home page's faces, a picture for each lesson, the card that a shared link shows"
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from fer_course import synth
from fer_course.core.faceset import VOCAB

_AT = (16,40,176), (212,16,112), (340,20,124), (208,150,150), (366,176,100) # Left, top and side of the faces in a group, in pixels

def _group(k):
    "Five faces pinned to a board"
    img = Image.new('RGB', (480,320), '#7d838c')
    for i,(x,y,side) in enumerate(_AT):
        img.paste(synth.draw(VOCAB[(3*i+k+1)%7], side, seed=40*k+i, color=True), (x,y))
    return img

def samples()->dict: # File name → picture in colour
    "The drawn faces that the page Try it offers: twice one of each expression, and a group"
    faces = {f'{c}{k}.jpg': synth.draw(c, seed=10*k+i+1, color=True, difficulty=(k-1)/2)
             for k in (1,2) for i,c in enumerate(VOCAB)}
    return faces | {f'group{k}.jpg': _group(k) for k in (1,2)}

HOME_SEEDS = dict(zip(VOCAB, (21, 12, 23, 4, 15, 33, 26))) # Whose faces the home page shows

def home_faces()->dict: # Class name → picture in colour
    "One drawn face of each expression"
    return {c: synth.draw(c, 192, seed=k, color=True) for c,k in HOME_SEEDS.items()}

# A picture for each lesson, 320 × 160

_PAPER, _INK, _BLUE, _RED = '#e9edf2', '#2b3440', '#1a5fb4', '#c0392b'

def _face(expression, size=140, seed=1, **kwargs): return synth.draw(expression, size, seed=seed, color=True, **kwargs)

def _board(*placed):
    "A board with pictures at (x, y)"
    img = Image.new('RGB', (320,160), _PAPER)
    for o,x,y in placed: img.paste(o, (x,y))
    return img, ImageDraw.Draw(img)

def _read():
    img, d = _board((_face('happy', seed=4), 20, 10))
    for i,w in enumerate((12,8,6,110,20,9,14)):
        d.rectangle((180, 22+17*i, 180+w, 33+17*i), fill=_BLUE if i==3 else '#9db4d0')
    return img

def _look(): return _board(*[(_face(VOCAB[(i+j)%7], 38, 10*i+j), 8+39*i, 2+40*j) for i in range(8) for j in range(4)])[0]

def _pretrained():
    rng, sharp = np.random.default_rng(0), _face('surprise', seed=6)
    noise = Image.fromarray(rng.integers(0, 255, (14,14,3), dtype=np.uint8)).resize((140,140), Image.NEAREST)
    return _board((noise, 15, 10), (sharp, 165, 10))[0]

def _optimizers():
    img, d = _board()
    for r in range(6): d.ellipse((160-26*r-8, 80-13*r-4, 160+26*r+8, 80+13*r+4), outline='#9db4d0', width=2)
    steps = np.arange(14)
    for color,swing in ((_BLUE, 12), (_RED, -38)):
        path = [(24+136*k/13, 22+58*k/13+swing*np.sin(1.9*k)*np.exp(-k/7)) for k in steps]
        d.line(path, fill=color, width=3, joint='curve')
        for x,y in path: d.ellipse((x-3, y-3, x+3, y+3), fill=color)
    return img

def _freezing():
    face, ice = _face('fear', seed=3), Image.new('RGB', (140,100), '#8fc7f2')
    face.paste(Image.blend(face.crop((0,40,140,140)), ice, .55), (0,40))
    return _board((face, 90, 10))[0]

def _five(): return _board(*[(_face(VOCAB[i], 56, 21+i), 8+62*i, 52) for i in range(5)])[0]

def _where():
    face = np.asarray(_face('disgust', seed=12), float)
    y, x = np.mgrid[:140,:140]
    heat = np.exp(-((x-70)**2+(y-92)**2)/900)[...,None]
    return _board((Image.fromarray((face*(1-.6*heat)+np.array([230,70,20])*.6*heat).astype(np.uint8)), 90, 10))[0]

def _ship():
    img, d = _board((_face('happy', 110, 31), 30, 25), (_face('sad', 90, 33), 200, 40))
    for box in ((30,25,140,135), (200,40,290,130)): d.rectangle(box, outline='#e66100', width=4)
    return img

def _should():
    img, d = _board((_face('neutral', seed=15), 90, 10))
    d.rectangle((90,52,230,84), fill=_INK)
    return img

def _real():
    faces = [(_face(VOCAB[i%7], 36, 60+i).convert('L').convert('RGB'), 8+39*(i%4), 2+40*(i//4)) for i in range(16)]
    img, d = _board(*faces)
    up = [(176+9*k, 138-110*(1-np.exp(-k/5))) for k in range(15)]
    d.line(((172,16), (172,144), (312,144)), fill=_INK, width=2)
    d.line(up, fill=_BLUE, width=4, joint='curve')
    return img

_LESSONS = _read, _look, _pretrained, _optimizers, _freezing, _five, _where, _ship, _should, _real # in the order of the lessons

def icon(side):
    "The site's sign, as `nbs/assets/icon.svg` has it, in pixels"
    k = side/8 # its unit, of which the square has 32, four times as large as it will be
    img = Image.new('RGBA', (4*side, 4*side))
    d = ImageDraw.Draw(img)
    d.ellipse((k, k, 31*k, 31*k), fill=_BLUE)
    for x in (11, 21): d.ellipse(((x-2)*k, 11*k, (x+2)*k, 15*k), fill='white')
    mouth = [((9+14*t)*k, (20+12*t*(1-t))*k) for t in np.linspace(0, 1, 200)]
    for x,y in mouth: d.ellipse((x-k, y-k, x+k, y+k), fill='white')
    return img.resize((side, side), Image.LANCZOS)

def share_card():
    "1200 × 630: the seven faces, in colour"
    img = Image.new('RGB', (1200,630), '#1a4a8a')
    places = [(75+270*i, 40) for i in range(4)] + [(210+270*i, 335) for i in range(3)]
    for (c,seed),(x,y) in zip(HOME_SEEDS.items(), places): img.paste(_face(c, 240, seed), (x,y))
    return img

def write_home(
    root:Path, # A clone
):
    "Draw what the home page and the README show into `nbs/assets/front/`"
    to = Path(root)/'nbs'/'assets'/'front'
    to.mkdir(exist_ok=True)
    for c,img in home_faces().items(): img.save(to/f'{c}.jpg', quality=88)
    for i,draw in enumerate(_LESSONS, 1): draw().save(to/f'lesson{i}.jpg', quality=88)

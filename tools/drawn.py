"What is drawn for the site when it is built"
from PIL import Image

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

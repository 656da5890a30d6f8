"Drawn faces: `synth.faces(400)` draws a set, `synth.draw` one face."
from .drawing import *

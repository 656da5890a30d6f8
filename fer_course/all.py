"""Everything that lessons and scripts use: `from fer_course.all import *`, after `from fastai.vision.all import *`

Written by hand, like `fastai/vision/all.py`. Each name is defined in one module only. Rooms that only the library itself uses (archives, caches, the parts of a
drawn head, the command line) are imported by their path.
"""
from . import synth
from .core.errors import *
from .core.faceset import *
from .data.classes import *
from .data.fer2013 import *
from .data.readers import *
from .data.block import *
from .nets.model import *
from .nets.modelfile import *
from .nets.predictor import *
from .records.runs import *
from .records.metrics import *
from .records.seeds import *
from .records.groups import *
from .records.record import *
from .records.figures import *
from .records.compare import *
from .records.calibration import *
from .train.learner import *
from .train.callbacks import *
from .train.run import *
from .train.cached import *
from .infer.predict import *
from .infer.detect import *
from .infer.maps import *
from .infer.explain import *
from .infer.evaluate import *
from .infer.export import *
from .apps.widget import *
from .apps.lab import *
from .course.exercises import *

"""Modules:

- `fer_course.all`: Everything that lessons and scripts use: `from fer_course.all import *`, after `from fastai.vision.all import *`"""

import warnings

# fastai 2.8 calls `torch.jit.script` as it is imported, and PyTorch from 2.14 on says on every start that this is deprecated.
warnings.filterwarnings('ignore', message='.*torch.jit.script.* is deprecated', category=FutureWarning)

"The search for intensities: a tiny run prints what it found and leaves the tables as they are"
import subprocess, sys
import numpy as np
import pytest
from conftest import ROOT
from fer_course.core.faceset import VOCAB
from fer_course.synth import drawing
sys.path.insert(0, str(ROOT/'benchmarks'))
import tune_synth

class LikesSmiles:
    "Reads a face as happy, the more so the stronger AU12 is in the prototype it was drawn from"
    vocab = VOCAB
    def probs(self, faces):
        lo, hi = drawing.PROTOTYPES['happy'][0][1]['AU12'][1:]
        p = np.full((len(faces), 7), .01)
        p[:,VOCAB.index('happy')] = .1+.4*(lo+hi)
        return p

def test_search():
    "It finds the one change that helps, within the range of intensities, and puts the tables back"
    before = drawing.PROTOTYPES['happy']
    after, kept = tune_synth.search(LikesSmiles(), 'happy', n=2, seed=1, step=.1, rounds=1)
    assert [(o['unit'], o['by']) for o in kept]==[('AU12', .1)]
    assert after[0][1]['AU12']==(1, .67, 1) and after[0][1]['AU25']==before[0][1]['AU25']
    assert drawing.PROTOTYPES['happy'] is before

def test_same_faces():
    "Only the intensities change: drawn again from the tables, the faces are those of the tables"
    seen = []
    class Looks(LikesSmiles):
        def probs(self, faces): return seen.append(faces) or super().probs(faces)
    tune_synth.fit(Looks(), 'happy', drawing.PROTOTYPES['happy'], 3, 5)
    assert (seen[0]==drawing.render(drawing.sample([VOCAB.index('happy')]*3, 5))).all()

def test_command(env):
    source = ROOT/'nbs'/'lib'/'synth'/'drawing.ipynb'
    before = source.read_bytes()
    args = 'small fer --expressions sad --n 4 --n-judged 7 --rounds 1'.split()
    p = subprocess.run([sys.executable, ROOT/'benchmarks'/'tune_synth.py', *args], env=dict(env, PYTHONPATH=str(ROOT)), capture_output=True, text=True)
    assert p.returncode==0, p.stderr
    assert "'sad': [(0.5, {" in p.stdout and 'small (tuned against)' in p.stdout and 'fer (held out)' in p.stdout and 'drawing 4' in p.stdout
    assert source.read_bytes()==before

def test_misspelt(env):
    with pytest.raises(Exception, match='did you mean happy'): tune_synth.main('small', 'fer', expressions='hapy')

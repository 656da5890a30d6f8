"Pictures and videos as people take them: each case is drawn here, and asked about by the command itself"
import re, struct, subprocess
import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from conftest import script
from fer_course import synth
from fer_course.core.faceset import VOCAB
from fer_course.infer.predict import iter_frames, media_kind, predict
from fer_course.nets.predictor import load_predictor

@pytest.fixture(scope='module')
def predictor(): return load_predictor('small')

def run(command, *args, cwd, env):
    p = subprocess.run([script(command), *map(str, args)], cwd=cwd, env=env, capture_output=True, text=True)
    assert p.returncode==0, p.stderr
    return p.stdout

def face(expression='happy', size=200, seed=5): return synth.draw(expression, size, seed)

def clip(path, n, fps=25, at=lambda i: [(60,100)]):
    "A video of faces that stand at `at(frame)`"
    v, who = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), fps, (640,480)), [face(VOCAB[3*i], seed=i) for i in (0,1)]
    for i in range(n):
        img = Image.new('L', (640,480), 90)
        for o,xy in zip(who, at(i)): img.paste(o, xy)
        v.write(np.stack([np.array(img)]*3, -1))
    v.release()

def vary_rate(path, first, slower):
    "Make all frames of an MP4 after the `first` ones last `slower` times as long: a second entry in its table of durations, in boxes that grow by 8 bytes"
    data = bytearray(path.read_bytes().replace(b'edts', b'free')) # no list that cuts what now lasts longer
    at, inside = 0, (b'moov', b'trak', b'mdia', b'minf', b'stbl')
    while at<len(data): # from box to box, and into those that hold others
        size, kind = struct.unpack('>I4s', data[at:at+8])
        if kind in (*inside, b'stts'): data[at:at+4] = struct.pack('>I', size+8)
        if kind==b'stts': break
        at += 8 if kind in inside else size
    n, count, delta = struct.unpack('>III', data[at+12:at+24])
    assert n==1
    data[at+12:at+24] = struct.pack('>IIIII', 2, first, delta, count-first, slower*delta)
    path.write_bytes(data)

# Videos

def test_clock(tmp_path):
    "Two seconds at 30 frames a second, then four at 10: times are those of the frames"
    clip(tmp_path/'vfr.mp4', 101, 30)
    vary_rate(tmp_path/'vfr.mp4', 60, 3)
    seen = [*iter_frames(tmp_path/'vfr.mp4')]
    assert [o.frame for o in seen]==[0, 30, 60, 70, 80, 90, 100]
    assert np.allclose([o.seconds for o in seen], range(7), atol=.002)
    assert [o.name.split()[-2] for o in seen]==[f'{i}.0' for i in range(7)]

def test_half_seconds(tmp_path, env):
    "Half a second is no whole number of frames at 25 a second: rows, overlays and columns are at 0, 0.5, 1, 1.5 and 2 s"
    clip(tmp_path/'clip.mp4', 60)
    said = run('fer-predict', 'clip.mp4', '--every', '.5', '--overlay', 'o', '--csv', 'out.csv', '--plot', 'plot.png', '--model', 'small',
               cwd=tmp_path, env=env)
    times = [f'{i/2:.1f}' for i in range(5)]
    assert re.findall(r'clip\.mp4 ([\d.]+) s', said)==times and said.splitlines()[-1].startswith('5 pictures, 5 faces')
    assert sorted(o.name for o in (tmp_path/'o').iterdir())==[f'clip.mp4 {o} s.jpg' for o in times]
    df = pd.read_csv(tmp_path/'out.csv')
    assert np.allclose(df.seconds, [0, .52, 1, 1.52, 2]) and df.frame.tolist()==[0, 13, 25, 38, 50] and set(df.track)=={1}
    assert Image.open(tmp_path/'plot.png').width>500

CODECS = {'.mp4': 'mp4v', '.mov': 'mp4v', '.avi': 'mp4v', '.mkv': 'mp4v', '.webm': 'VP80', '.mpg': 'PIM1', '.wmv': 'WMV2', '.flv': 'FLV1',
          '.3gp': 'mp4v', '.vob': 'mpg2', '.ts': 'mpg2', '.y4m': 'I420'}

def test_containers(tmp_path):
    "Whatever OpenCV can write here is read, in capitals too; all but the transport stream without a suffix"
    written = 0
    for suffix,codec in CODECS.items():
        path = tmp_path/f'clip{suffix.upper()}'
        v = cv2.VideoWriter(str(tmp_path/f'clip{suffix}'), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*codec), 25, (96,96))
        if not v.isOpened(): continue
        for i in range(30): v.write(np.full((96,96,3), 8*i, np.uint8))
        v.release()
        (tmp_path/f'clip{suffix}').rename(path)
        assert [o.frame for o in iter_frames(path)]==[0, 25], suffix
        assert media_kind(path.rename(tmp_path/'clip'))==('' if suffix=='.ts' else 'video'), suffix
        written += 1
    assert written>=8

def test_followed(tmp_path, predictor):
    "Two faces that move, one of which leaves for a while: each keeps its number"
    clip(tmp_path/'two.mp4', 50, 10, at=lambda i: [(20+2*i, 20)] + [(420-2*i, 250)]*(not 20<=i<30))
    df = predict(tmp_path/'two.mp4', predictor)
    assert df.groupby('seconds').size().tolist()==[2, 2, 1, 2, 2]
    for track,part in df.groupby('track'): assert part.y.between(0, 100).all() if track==df.track[df.y.idxmin()] else part.y.min()>150
    assert set(df.track)=={1, 2}

# Pictures

def test_a_row_without_a_face(tmp_path, env):
    Image.fromarray(np.pad(np.array(face()), 60, constant_values=128)).save(tmp_path/'a.png')
    Image.new('RGB', (300,200), 'white').save(tmp_path/'b.png')
    said = run('fer-predict', '.', '--csv', 'out.csv', '--model', 'small', cwd=tmp_path, env=env).splitlines()
    df = pd.read_csv(tmp_path/'out.csv')
    assert df.picture.tolist()==['a.png', 'b.png'] and df.face.isna().tolist()==[False, True] and df.expression.isna().tolist()==[False, True]
    assert '2 pictures, 1 face: ' in said[-2] and '--whole' in said[-1] and sum('--whole' in o for o in said)==1

@pytest.mark.parametrize('size', [72, 100, 150, 224])
def test_tight_crops(size, predictor):
    "Cut as tight as FER2013's faces and tighter: nine of ten are found"
    faces = synth.faces(300, seed=3, cache=False).imgs[:20,4:44,4:44]
    df = predict([Image.fromarray(o).resize((size,size)) for o in faces], predictor)
    assert df.face.notna().sum()>=18

# Models

def test_common_classes(tmp_path, env):
    "CK+48's classes: contempt is left out, neutral is not there, and both are said"
    faces = synth.faces(300, seed=3, cache=False)
    names = {'angry': 'anger', 'disgust': 'disgust', 'fear': 'fear', 'happy': 'happy', 'sad': 'sadness', 'surprise': 'surprise', 'neutral': 'contempt'}
    for s in ('train', 'test'):
        for k,name in names.items():
            (tmp_path/'ck'/s/name).mkdir(parents=True)
            for i,o in enumerate(faces.imgs[faces.labels==VOCAB.index(k)][:6]):
                Image.fromarray(o if s=='test' else o[:,::-1]).save(tmp_path/'ck'/s/name/f'{i}.png')
    said = run('fer-evaluate', 'small', '--data', 'ck', cwd=tmp_path, env=env)
    assert 'evaluated on 36 faces of ck' in said and '6 contempt' in said and 'ck has no neutral' in said

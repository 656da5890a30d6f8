"Faces as people have them: every layout is drawn here, read, and its splits and classes checked; and mistakes of the command line, in one process"
import builtins, os, socket, sys, warnings
from zipfile import ZipFile

import numpy as np, pandas as pd, pytest
from fastcore.script import _run_cli
from PIL import Image
from fer_course import synth
from fer_course.commands import fer_evaluate, fer_predict, fer_train
from fer_course.core.errors import InputError
from fer_course.data.readers import contact_sheet, load_faces
from fer_course.data.classes import CSV_ORDER

DRAWN = synth.faces(210, seed=3, cache=False)
BY_CLASS = {c: [DRAWN.imgs[i] for i in np.flatnonzero(DRAWN.labels==k)] for k,c in enumerate(DRAWN.vocab)}

@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv('FASTAI_HOME', str(tmp_path/'home'))
    monkeypatch.chdir(tmp_path)

def put(path, img, **kwargs):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(img).save(path, **kwargs)

def tree(root, n, start=0, names={}, classes=DRAWN.vocab, suffix='.png', **kwargs):
    "`n` faces of each class in a folder for each"
    for c in classes:
        for i in range(start, start+n): put(root/names.get(c, c)/f'{i}{suffix}', BY_CLASS[c][i], **kwargs)

def splits(faces): return faces.counts().sum(axis=1).tolist()

def classes(faces): return [faces.vocab[i] for i in faces.labels]

# Folders

@pytest.mark.parametrize('style', ['{}', 'fer_{}', 'data_{}', '{}_set', '1_{}', 'FER2013{}', 'images/{}', 'archive/fer/{}_images'])
def test_split_folders(tmp_path, style):
    for s,n,start in (('train', 4, 0), ('val', 2, 4), ('test', 2, 6)): tree(tmp_path/'d'/style.format(s), n, start)
    assert splits(load_faces(tmp_path/'d'))==[28, 14, 14]

@pytest.mark.parametrize('names', [('train_set', 'Validation_Set', 'tests'), ('Training set', 'Evaluation', 'Test set'), ('trn', 'vld', 'tst'),
                                   ('train2017', 'val2017', 'test2017')])
def test_split_names(tmp_path, names):
    for s,n,start in zip(names, (4, 2, 2), (0, 4, 6)): tree(tmp_path/'d'/s, n, start)
    assert splits(load_faces(tmp_path/'d'))==[28, 14, 14]

def test_split_below_class(tmp_path):
    for c in DRAWN.vocab:
        for i in range(8): put(tmp_path/'d'/c/('train' if i<4 else 'val' if i<6 else 'test')/f'{i}.png', BY_CLASS[c][i])
    assert splits(load_faces(tmp_path/'d'))==[28, 14, 14]

def test_class_in_test_alone(tmp_path):
    tree(tmp_path/'d/train', 8)
    tree(tmp_path/'d/test', 3, 8, names=dict(happy='hapy'))
    with pytest.raises(InputError, match='the class hapy has no face in train'): load_faces(tmp_path/'d')
    assert len(load_faces(tmp_path/'d', need=['test']))==77

def test_files_of_the_system(tmp_path):
    tree(tmp_path/'d', 6)
    for o in ('$RECYCLE.BIN', '@eaDir', '__MACOSX', '.ipynb_checkpoints'): tree(tmp_path/'d'/o, 1, classes=['happy'])
    for o in ('.DS_Store', 'happy/Thumbs.db', 'happy/._1.png'): (tmp_path/'d'/o).write_bytes(b'x')
    faces = load_faces(tmp_path/'d')
    assert len(faces)==42 and '1 .db files, 6 hidden files' in faces.describe()

def test_names_partly_known(tmp_path):
    tree(tmp_path/'d', 6, names=dict(happy='radość', fear='frightened'))
    assert 'not known as expressions: radość' in load_faces(tmp_path/'d').describe()

def test_split_in_capitals_and_zip(tmp_path):
    for s,n,start in (('TRAIN', 4, 0), ('Validation', 2, 4), ('Testing', 2, 6)): tree(tmp_path/'d'/s, n, start)
    with ZipFile(tmp_path/'d.zip', 'w') as z:
        for o in sorted((tmp_path/'d').rglob('*.png')): z.write(o, o.relative_to(tmp_path))
    assert load_faces(tmp_path/'d.zip').fingerprint()==load_faces(tmp_path/'d').fingerprint()
    with ZipFile(tmp_path/'outer.zip', 'w') as z: z.write(tmp_path/'d.zip', 'd.zip')
    assert load_faces(tmp_path/'outer.zip').fingerprint()==load_faces(tmp_path/'d').fingerprint()

@pytest.mark.parametrize('file', ['val.png', 'test.png', 'train_1.png', 'validation of my id.png'])
def test_own_photo_named_as_a_split(tmp_path, file):
    tree(tmp_path/'d', 6)
    put(tmp_path/'d/happy'/file, BY_CLASS['happy'][9])
    assert len(load_faces(tmp_path/'d'))==43

@pytest.mark.parametrize('style', ['{c}_{i}.png', '{s}/{c}_{i}.png', '{s}/img{i}-{C}.png', 'all/{s}/face {i} ({c}).png'])
def test_classes_from_file_names(tmp_path, style):
    for s,a,b in (('train', 0, 7), ('test', 7, 10)):
        for c in DRAWN.vocab:
            for i in range(a, b): put(tmp_path/'d'/style.format(s=s, c=c, C=c.title(), i=i), BY_CLASS[c][i])
    faces = load_faces(tmp_path/'d')
    assert (faces.counts().sum()==10).all() and 'from the file names' in faces.describe()
    if '{s}' in style: assert splits(faces)[2]==21
    assert all(c in f.lower() for c,f in zip(classes(faces), faces.meta.file))

def test_names_beside_a_list(tmp_path):
    "As in ExpW, whose files are named for what was searched for, and whose list has no header"
    for c in DRAWN.vocab:
        for i in range(6): put(tmp_path/f'd/image/{c}_actor_{i}.jpg', BY_CLASS[c][i])
    (tmp_path/'d/label.lst').write_text('angry_actor_0.jpg 0 28 113 226 141 22.9 6\n')
    with pytest.raises(InputError, match='the 1 .lst files here are not read as labels'): load_faces(tmp_path/'d')

def test_archive_of_the_folder_itself(tmp_path):
    "tar and zip then write ./ before each name, which is no hidden folder"
    import tarfile
    tree(tmp_path/'t', 6)
    with tarfile.open(tmp_path/'d.tgz', 'w:gz') as t: t.add(tmp_path/'t', '.')
    with ZipFile(tmp_path/'d.zip', 'w') as z:
        for o in sorted((tmp_path/'t').rglob('*.png')): z.writestr(f'./{o.relative_to(tmp_path/"t")}', o.read_bytes())
    for o in ('d.tgz', 'd.zip'): assert load_faces(tmp_path/o).fingerprint()==load_faces(tmp_path/'t').fingerprint()
    tree(tmp_path/'h/.hidden', 1)
    with pytest.raises(InputError, match='7 hidden files'): load_faces(tmp_path/'h')

def test_results_in_the_folder(tmp_path, monkeypatch, capsys):
    "A training inside the folder of the faces leaves figures there, which are no faces"
    tree(tmp_path, 6, classes=['happy', 'sad'])
    before = load_faces('.').fingerprint()
    code, out, err = run(monkeypatch, capsys, '--data', '.', '--runs', 'adam_scratch', '--epochs', 1, '--size', 16, '--bs', 8, '--device', 'cpu')
    assert code==0 and list(tmp_path.rglob('confusion_matrix.png')), err
    faces = load_faces('.')
    assert faces.fingerprint()==before and 'files of trainings' in faces.describe()

def test_archive_for_each_class(tmp_path):
    tree(tmp_path/'t', 6)
    (tmp_path/'d').mkdir()
    for c in DRAWN.vocab:
        with ZipFile(tmp_path/f'd/{c}.zip', 'w') as z:
            for o in (tmp_path/'t'/c).iterdir(): z.write(o, o.name)
    assert (load_faces(tmp_path/'d').counts().sum()==6).all()

def test_copy_beside(tmp_path):
    for o in ('data', 'data - Copy', 'data - Copy (2)'):
        tree(tmp_path/'d'/o/'train', 6)
        tree(tmp_path/'d'/o/'test', 2, 6)
    faces = load_faces(tmp_path/'d')
    assert len(faces)==56
    for o in ('data - Copy', 'data - Copy (2)'): assert f'Passed over: {o}, a second copy of 56 pictures' in faces.describe()

def test_picture_outside(tmp_path):
    tree(tmp_path/'d', 6)
    put(tmp_path/'d/confusion_matrix.png', DRAWN.imgs[0])
    with pytest.raises(InputError, match='confusion_matrix.png is not in a folder .* move it away'): load_faces(tmp_path/'d')

def test_broken_links(tmp_path):
    tree(tmp_path/'d', 6)
    for o in ('happy/gone.png', 'notes.txt'): (tmp_path/'d'/o).symlink_to('nowhere')
    with pytest.raises(InputError, match=r'1 of 43 pictures .*happy/gone.png \(No such file'): load_faces(tmp_path/'d')
    with pytest.warns(UserWarning, match='1 of 43'): faces = load_faces(tmp_path/'d', skip_bad=True)
    assert len(faces)==42 and '1 unreadable files' in faces.describe()

def test_no_pictures_but_a_table(tmp_path):
    (tmp_path/'d').mkdir()
    (tmp_path/'d/mnist.csv').write_text('label,'+','.join(f'pixel{i}' for i in range(2304))+'\n')
    with pytest.raises(InputError, match='mnist.csv has the columns label, pixel0, pixel1'): load_faces(tmp_path/'d')

def test_no_test(tmp_path):
    "Judged by the validation faces, and says so; a second copy inside the first is left out"
    for root in ('images', 'images/images'):
        tree(tmp_path/'d'/root/'train', 10)
        tree(tmp_path/'d'/root/'validation', 4, 10)
    faces = load_faces(tmp_path/'d')
    assert splits(faces)==[63, 7, 28] and 'no test split' in faces.describe() and 'a second copy of 98 pictures' in faces.describe()

def test_train_alone(tmp_path):
    tree(tmp_path/'d/train', 10)
    faces = load_faces(tmp_path/'d')
    assert splits(faces)==[56, 7, 7] and 'drawn by seed 0' in faces.describe()

def test_few_of_a_class(tmp_path):
    tree(tmp_path/'d', 6)
    for i in range(1, 6): (tmp_path/f'd/fear/{i}.png').unlink()
    with pytest.raises(InputError, match=r'too few faces of a class \(1 of fear\)'): load_faces(tmp_path/'d')
    (tmp_path/'d').rename(tmp_path/'test')
    (tmp_path/'d').mkdir()
    (tmp_path/'test').rename(tmp_path/'d/test')
    assert len(load_faces(tmp_path/'d', need=['test']))==37

def test_prefixes(tmp_path):
    names = {c: f'{i}_{c}' for i,c in enumerate(DRAWN.vocab)}
    tree(tmp_path/'d', 6, names=names | dict(happy='3. Happiness', sad='sad faces'))
    faces = load_faces(tmp_path/'d')
    assert faces.vocab==DRAWN.vocab and 'sad (sad faces)' in faces.describe()

LANGUAGES = dict(
    german='Wut Ekel Angst Freude neutral Trauer U\u0308berraschung', spanish='enojo asco miedo alegría neutro tristeza sorpresa',
    capitals='ANGER DISGUST FEAR HAPPINESS NEUTRAL SADNESS SURPRISE')

@pytest.mark.parametrize('names', LANGUAGES.values(), ids=LANGUAGES)
def test_names_in_other_words(tmp_path, names):
    tree(tmp_path/'d', 6, names=dict(zip(DRAWN.vocab, names.split())))
    faces = load_faces(tmp_path/'d')
    assert faces.vocab==DRAWN.vocab and (faces.counts().sum()==6).all()

def test_names_translated(tmp_path):
    "A language that is not known here"
    names = 'gniew wstręt strach radość neutralny smutek zdziwienie'.split()
    tree(tmp_path/'d', 6, names=dict(zip(DRAWN.vocab, names)))
    with pytest.raises(InputError, match='--vocab gniew=happy,… for each'): load_faces(tmp_path/'d')
    faces = load_faces(tmp_path/'d', vocab=[f'{a}={b}' for a,b in zip(names, DRAWN.vocab)])
    assert faces.vocab==DRAWN.vocab and 'angry (gniew)' in faces.describe()
    with pytest.raises(InputError, match='there is a class neutralny'): load_faces(tmp_path/'d', vocab=['gniew=angry'])

RAF = 'surprise fear disgust happy sad angry neutral'.split()

@pytest.mark.parametrize('first', [0, 1])
def test_numbered_folders(tmp_path, first):
    tree(tmp_path/'d', 6, names={c: str(i+first) for i,c in enumerate(RAF)})
    with pytest.raises(InputError, match='--vocab'): load_faces(tmp_path/'d')
    faces = load_faces(tmp_path/'d', vocab=RAF)
    at = [c for c in faces.meta.file.str.split('/').str[0]]
    assert classes(faces)==[RAF[int(o)-first] for o in at]
    with pytest.raises(InputError, match='vocab has 3 names'): load_faces(tmp_path/'d', vocab=RAF[:3])

REFUSED = {
    'one class': (dict(happy='happy'), 'only one class'),
    'images': (dict(happy='images'), 'none is an expression'),
    'no expressions': (dict(happy='cats', sad='dogs'), '--vocab cats,dogs'),
    'unknown splits': (dict(happy='part1/happy', sad='part2/happy', angry='part2/sad'), 'the same classes lie in part1 and in part2')}

@pytest.mark.parametrize('names, says', REFUSED.values(), ids=REFUSED)
def test_refused(tmp_path, names, says):
    tree(tmp_path/'d', 6, names=names, classes=names)
    with pytest.raises(InputError, match=says): load_faces(tmp_path/'d')

@pytest.mark.parametrize('name', ['person{}', 'Subject_{}', 'S{:03}', 'actor-{}'])
def test_people_around_classes(tmp_path, name):
    "Nobody is in two splits, as a network that knows a person looks better than it is"
    for p in range(5): tree(tmp_path/'d'/name.format(p), 2, 2*p)
    faces = load_faces(tmp_path/'d')
    who = faces.meta.file.str.split('/').str[0]
    assert [len(set(faces.split[who==o])) for o in set(who)]==[1]*5 and 'are taken for people' in faces.describe()

def test_folds(tmp_path):
    "One fold's test faces are another's training faces, so folds are not mixed"
    for k in range(3): tree(tmp_path/'parts'/f'fold{k}', 3, 3*k)
    with pytest.raises(InputError, match='to test on one fold, rename its folder to test and move the others into a folder train'):
        load_faces(tmp_path/'parts')
    for k in range(2): (tmp_path/'parts'/f'fold{k}').rename((tmp_path/'parts/train').mkdir(exist_ok=True) or tmp_path/f'parts/train/fold{k}')
    (tmp_path/'parts/fold2').rename(tmp_path/'parts/test')
    assert splits(load_faces(tmp_path/'parts'))==[35, 7, 21]
    for k in range(2):
        for s,start in (('train', 0), ('test', 6)): tree(tmp_path/'whole'/f'Fold_{k+1}'/s, 6, start)
    with pytest.raises(InputError, match='Fold_1, Fold_2 each have train and test of their own; give one fold at a time'): load_faces(tmp_path/'whole')
    assert splits(load_faces(tmp_path/'whole/Fold_2'))==[35, 7, 42]

def test_own_classes(tmp_path):
    tree(tmp_path/'d', 6, names=dict(happy='awake', sad='drowsy'), classes=['happy', 'sad'])
    assert load_faces(tmp_path/'d', vocab=['awake', 'drowsy']).vocab==['awake', 'drowsy']
    with pytest.raises(InputError, match='a class drowsy, which --vocab'): load_faces(tmp_path/'d', vocab=['awake', 'tired'])

def test_labels_beside_images(tmp_path):
    "YOLO's layout: refused, and nobody is sent to delete the labels"
    for s in ('train', 'valid', 'test'):
        for i in range(6): put(tmp_path/f'd/{s}/images/{i}.jpg', DRAWN.imgs[i])
        (tmp_path/f'd/{s}/labels').mkdir()
        (tmp_path/f'd/{s}/labels/0.txt').write_text('3 0.5 0.5 1 1\n')
    with pytest.raises(InputError, match='images.*none is an expression') as e: load_faces(tmp_path/'d')
    assert 'remove' not in str(e.value)

# Known sets

CODES = dict(angry='AN', disgust='DI', fear='AF', happy='HA', neutral='NE', sad='SA', surprise='SU')

def test_jaffe(tmp_path):
    for p,who in enumerate('KA KL KM KR MK NA'.split()):
        for c,code in (CODES | dict(fear='FE')).items():
            for i in range(2): put(tmp_path/f'd/jaffedbase/jaffe/{who}.{code}{i+1}.{p*20+i}.tiff', BY_CLASS[c][p*2+i])
    for o in ('d', 'd/jaffedbase/jaffe'):
        faces = load_faces(tmp_path/o)
        people = {s: set(faces.meta.file[faces.split==s].str.extract(r'([A-Z]{2})\.[A-Z]{2}\d')[0]) for s in ('train', 'valid', 'test')}
        assert len(faces)==84 and not people['train'] & people['test'] and not people['train'] & people['valid']
        assert 'JAFFE' in faces.describe() and 'fear (FE)' in faces.describe()

def test_kdef(tmp_path):
    "Both sessions of one person are the same person"
    for p in range(1, 7):
        for session in 'AB':
            for c,code in CODES.items():
                put(tmp_path/f'd/KDEF/{session}F{p:02}/{session}F{p:02}{code}{"S" if session=="A" else "HL"}.JPG', BY_CLASS[c][p + 7*(session=='B')])
    faces = load_faces(tmp_path/'d')
    who = faces.meta.file.str.extract(r'/[AB](F\d\d)[A-Z]+\.')[0]
    assert len(faces)==84 and not set(who[faces.split=='train']) & set(who[faces.split!='train'])

def test_raf(tmp_path):
    lines = []
    for i,img in enumerate(DRAWN.imgs[:60]):
        name = f'{"train" if i<40 else "test"}_{i:05}'
        for o in ('aligned', 'original'): put(tmp_path/f'd/basic/Image/{o}/{name}{"_aligned" if o=="aligned" else ""}.jpg', img)
        lines.append(f'{name}.jpg {RAF.index(DRAWN.vocab[DRAWN.labels[i]])+1}')
    (tmp_path/'d/basic/EmoLabel').mkdir()
    (tmp_path/'d/basic/EmoLabel/list_patition_label.txt').write_text('\n'.join(lines))
    faces = load_faces(tmp_path/'d')
    assert len(faces)==60 and splits(faces)[2]==20 and 'RAF-DB' in faces.describe() and '60 pictures without a label' in faces.describe()
    order = [int(o[:-len('_aligned.jpg')][-5:]) for o in faces.meta.file]
    assert classes(faces)==[DRAWN.vocab[DRAWN.labels[i]] for i in order]

def test_raf_numbered(tmp_path):
    for c in range(7):
        for i in range(6):
            s = 'train' if i<4 else 'test'
            put(tmp_path/f'd/DATASET/{s}/{c+1}/{s}_{c*12+i:05}_aligned.jpg', BY_CLASS[RAF[c]][i])
    faces = load_faces(tmp_path/'d')
    assert splits(faces)[2]==14 and all(RAF[int(o.split('/')[2])-1]==c for o,c in zip(faces.meta.file, classes(faces)))

def test_affectnet(tmp_path):
    order = 'neutral happy sad surprise fear disgust angry contempt'.split()
    for s,a,b in (('train_set', 0, 50), ('val_set', 50, 80)):
        (tmp_path/f'd/{s}/annotations').mkdir(parents=True)
        for i in range(a, b):
            put(tmp_path/f'd/{s}/images/{i}.jpg', DRAWN.imgs[i])
            np.save(tmp_path/f'd/{s}/annotations/{i}_exp.npy', np.array(str(9 if i==3 else order.index(DRAWN.vocab[DRAWN.labels[i]]))))
            np.save(tmp_path/f'd/{s}/annotations/{i}_val.npy', np.array('0.5'))
    faces = load_faces(tmp_path/'d')
    assert len(faces)==79 and splits(faces)[2]==30
    assert all(DRAWN.vocab[DRAWN.labels[int(o.split('/')[-1][:-4])]]==c for o,c in zip(faces.meta.file, classes(faces)))

def test_affectnet_table(tmp_path):
    "Its CSV files name a box for each face, and codes from 8 on are left out"
    order = 'neutral happy sad surprise fear disgust angry contempt'.split()
    head = 'subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal'
    for s,a,b in (('training', 0, 50), ('validation', 50, 80)):
        rows = [head]
        for i in range(a, b):
            photo = np.full((120, 150), 255, np.uint8)
            photo[30:78,60:108] = DRAWN.imgs[i]
            put(tmp_path/f'd/Manually_Annotated_Images/{i%3}/{i}.png', photo)
            code = 10 if i==3 else order.index(DRAWN.vocab[DRAWN.labels[i]])
            rows.append(f'{i%3}/{i}.png,60,30,48,48,1;2;3,{code},-0.1,0.2')
        (tmp_path/f'd/{s}.csv').write_text('\n'.join(rows))
    faces = load_faces(tmp_path/'d')
    said = faces.describe()
    assert splits(faces)[2]==30 and len(faces)==79 and 'Layout: AffectNet' in said and '1 rows of AffectNet' in said
    rows = [int(o.split('/')[-1][:-4]) for o in faces.meta.file]
    assert [DRAWN.vocab[DRAWN.labels[i]] for i in rows]==classes(faces)
    np.testing.assert_array_equal(faces.imgs, DRAWN.imgs[rows])

def test_ck(tmp_path):
    order = 'neutral angry contempt disgust fear happy sad surprise'.split()
    for p in range(10):
        for q,c in enumerate(('angry', 'happy')):
            seq = f'S{p:03}_{q+1:03}'
            for i in range(1, 6): put(tmp_path/f'd/cohn-kanade-images/S{p:03}/{q+1:03}/{seq}_{i:08}.png', BY_CLASS[c][(p+i)%20])
            label = tmp_path/f'd/Emotion/S{p:03}/{q+1:03}/{seq}_00000005_emotion.txt'
            label.parent.mkdir(parents=True)
            label.write_text(f'   {order.index(c):.7e}\n')
    faces = load_faces(tmp_path/'d')
    assert faces.counts().sum().to_dict() | dict(angry=30, happy=30, neutral=20)==faces.counts().sum().to_dict()
    who = faces.meta.file.str.extract(r'/(S\d+)/')[0]
    assert not set(who[faces.split=='train']) & set(who[faces.split!='train'])

def test_ferplus(tmp_path):
    votes = 'neutral happy surprise sad angry disgust fear'.split()
    for s,a,b in (('FER2013Train', 0, 60), ('FER2013Valid', 60, 80), ('FER2013Test', 80, 100)):
        rows = []
        for i in range(a, b):
            put(tmp_path/f'd/{s}/fer{i:07}.png', DRAWN.imgs[i])
            v = [0]*10
            v[votes.index(DRAWN.vocab[DRAWN.labels[i]])], v[9] = (10, 0) if i else (4, 6)
            rows.append(f'fer{i:07}.png,"(0, 0, 48, 48)",' + ','.join(map(str, v)))
        (tmp_path/f'd/{s}/label.csv').write_text('\n'.join(rows))
    faces = load_faces(tmp_path/'d')
    assert splits(faces)==[59, 20, 20] and 'FER+' in faces.describe()
    assert classes(faces)==[DRAWN.vocab[DRAWN.labels[int(o[-11:-4])]] for o in faces.meta.file]

# Tables

def pixel_table(path, sep=',', head=('emotion', 'pixels', 'Usage'), code=CSV_ORDER.index, pixel='{}', size=48, n=90):
    "FER2013's table, of drawn faces"
    usage = ['Training']*60 + ['PublicTest']*15 + ['PrivateTest']*15
    pixels = lambda i: np.asarray(Image.fromarray(DRAWN.imgs[i]).resize((size, size))).ravel()
    row = lambda i: (code(DRAWN.vocab[DRAWN.labels[i]]), ' '.join(map(pixel.format, pixels(i))), usage[i])
    path.write_text('\n'.join(sep.join(map(str, o[:len(head)])) for o in [head, *map(row, range(n))])+'\n')
    return path

TABLES = dict(plain={}, semicolon=dict(sep=';'), tab=dict(sep='\t'), bar=dict(sep='|'), names=dict(code=str),
              nouns=dict(code=dict(zip(DRAWN.vocab, 'anger disgust fear happiness neutral sadness surprise'.split())).get),
              float_codes=dict(code=lambda o: float(CSV_ORDER.index(o))), floats=dict(pixel='{}.0'), large=dict(size=96),
              spaces=dict(head=(' Emotion', ' pixels', ' Usage ')))

@pytest.mark.parametrize('how', TABLES.values(), ids=TABLES)
def test_pixel_tables(tmp_path, how):
    for file in ('t.csv', 'fer2013'): # with and without a suffix
        faces = load_faces(pixel_table(tmp_path/file, **how))
        assert splits(faces)==[60, 15, 15] and classes(faces)==[DRAWN.vocab[i] for i in DRAWN.labels[:90]]
        if how.get('size', 48)==48: assert (faces.imgs==DRAWN.imgs[:90]).all()

PIXELS = dict(python_list='"[{}]"', numpy_array='[{}]', single_quotes="'{}'")

@pytest.mark.parametrize('how', PIXELS.values(), ids=PIXELS)
def test_pixels_in_wrappings(tmp_path, how):
    pixel_table(tmp_path/'t.csv', sep=';')
    rows = [o.split(';') for o in (tmp_path/'t.csv').read_text().splitlines()]
    inner = (lambda o: o.replace(' ', ', ')) if 'list' in how or '"' in how else str
    (tmp_path/'t.csv').write_text('\n'.join(';'.join([a, how.format(inner(b)) if i else b, c]) for i,(a,b,c) in enumerate(rows)))
    assert (load_faces(tmp_path/'t.csv').imgs==DRAWN.imgs[:90]).all()

UNREADABLE = {
    'numpy': (lambda o: '\n'.join(','.join([a, '"[ 70  80 ... 109  82]"', c]) for a,_,c in (r.split(',') for r in o.splitlines()[1:])), 'NumPy wrote ...'),
    'utf-16': (lambda o: o.encode('utf-16'), 'save it as CSV in UTF-8'), 'old mac': (lambda o: o.replace('\n', '\r'), 'save it as CSV in UTF-8')}

@pytest.mark.parametrize('make, says', UNREADABLE.values(), ids=UNREADABLE)
def test_pixel_table_refused(tmp_path, make, says):
    text = pixel_table(tmp_path/'t.csv').read_text()
    data = make(text) if says!='NumPy wrote ...' else 'emotion,pixels,Usage\n'+make(text)
    (tmp_path/'t.csv').write_bytes(data if isinstance(data, bytes) else data.encode())
    with pytest.raises(InputError, match=says): load_faces(tmp_path/'t.csv')

def test_pixel_tables_for_splits(tmp_path):
    "A table for each split, all of them with Usage"
    rows = pixel_table(tmp_path/'all.csv').read_text().splitlines()
    for s,usage in (('train', 'Training'), ('valid', 'PublicTest'), ('test', 'PrivateTest')):
        (tmp_path/'d').mkdir(exist_ok=True)
        (tmp_path/f'd/{s}.csv').write_text('\n'.join([rows[0], *(o for o in rows if o.endswith(usage))]))
    assert splits(load_faces(tmp_path/'d'))==[60, 15, 15]

def test_codes_from_1(tmp_path):
    "7 gives it away; without any 7 it is said that 0 does not occur"
    pixel_table(tmp_path/'t.csv', code=lambda o: CSV_ORDER.index(o)+1)
    with pytest.raises(InputError, match='--vocab 1='): load_faces(tmp_path/'t.csv')
    assert classes(load_faces(tmp_path/'t.csv', vocab=CSV_ORDER))==[DRAWN.vocab[i] for i in DRAWN.labels[:90]]
    pixel_table(tmp_path/'u.csv', code=lambda o: min(CSV_ORDER.index(o)+1, 6))
    assert 'no face has code 0' in load_faces(tmp_path/'u.csv').describe()
    assert 'no face has code 0' not in load_faces(pixel_table(tmp_path/'v.csv')).describe()

def test_beside_a_table(tmp_path):
    "One table counts; other tables and pictures beside it are named"
    (tmp_path/'d').mkdir()
    for o in ('a', 'b'): pixel_table(tmp_path/f'd/{o}.csv')
    tree(tmp_path/'d/faces', 2)
    assert 'Passed over: the tables b.csv and 14 pictures' in load_faces(tmp_path/'d').describe()

@pytest.mark.parametrize('folders', [('FER2013Train', 'FER2013Valid', 'FER2013Test'), ('train', 'valid', 'test')])
def test_ferplus_elsewhere(tmp_path, folders):
    "FER+'s lists in folders of other names, with pictures saved as JPEG, as Windows writes them"
    votes = 'neutral happy surprise sad angry disgust fear'.split()
    for s,a,b in zip(folders, (0, 60, 80), (60, 80, 100)):
        rows = []
        for i in range(a, b):
            put(tmp_path/f'd/{s}/fer{i:07}.jpg', DRAWN.imgs[i])
            rows.append(f'fer{i:07}.png,"(0, 0, 48, 48)",' + ','.join(str(10*(o==DRAWN.vocab[DRAWN.labels[i]])) for o in (*votes, 'x', 'y', 'z')))
        (tmp_path/f'd/{s}/label.csv').write_bytes(('\ufeff' + '\r\n'.join(rows)).encode())
    faces = load_faces(tmp_path/'d')
    assert splits(faces)==[60, 20, 20] and classes(faces)==[DRAWN.vocab[DRAWN.labels[int(o[-11:-4])]] for o in faces.meta.file]

def test_ferplus_table(tmp_path):
    "Pictures in one folder, and FER+'s own table beside them"
    votes = 'neutral happy surprise sad angry disgust fear contempt unknown nf'.split()
    rows = ['Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF', 'Training,,0,0,0,0,0,0,0,0,0,10']
    for i in range(90):
        put(tmp_path/f'd/images/fer{i:07}.png', DRAWN.imgs[i])
        usage = 'Training' if i<60 else 'PublicTest' if i<75 else 'PrivateTest'
        rows.append(f'{usage},fer{i:07}.png,' + ','.join(str(10*(o==DRAWN.vocab[DRAWN.labels[i]])) for o in votes))
    (tmp_path/'d/fer2013new.csv').write_text('\n'.join(rows))
    faces = load_faces(tmp_path/'d')
    assert splits(faces)==[60, 15, 15] and classes(faces)==[DRAWN.vocab[DRAWN.labels[int(o[-11:-4])]] for o in faces.meta.file]

def test_tables_in_split_folders(tmp_path):
    "As the Hugging Face hub and Roboflow have them: the same file names in each folder, a column for labels or one for each class"
    for s,a,b in (('train', 0, 60), ('valid', 60, 75), ('test', 75, 90)):
        metadata, marks = ['file_name,label'], ['filename, '+', '.join(DRAWN.vocab)]
        for i in range(a, b):
            for o in ('hub', 'roboflow'): put(tmp_path/o/s/f'{i-a}.jpg', DRAWN.imgs[i])
            metadata.append(f'{i-a}.jpg,{DRAWN.vocab[DRAWN.labels[i]]}')
            marks.append(f'{i-a}.jpg, '+', '.join(str(int(k==DRAWN.labels[i])) for k in range(7)))
        (tmp_path/f'hub/{s}/metadata.csv').write_text('\n'.join(metadata), encoding='utf-16')
        (tmp_path/f'roboflow/{s}/_classes.csv').write_text('\n'.join(marks))
    for o in ('hub', 'roboflow'):
        faces, first = load_faces(tmp_path/o), dict(train=0, valid=60, test=75)
        assert splits(faces)==[60, 15, 15]
        assert classes(faces)==[DRAWN.vocab[DRAWN.labels[first[s]+int(f.split('/')[-1][:-4])]] for s,f in zip(faces.split, faces.meta.file)]
    (tmp_path/'hub/train/all.csv').write_text('path,label\n0.jpg,happy\n', encoding='utf-16')
    with pytest.raises(InputError, match='too few faces of a class'): load_faces(tmp_path/'hub/train/all.csv')

def test_table_of_a_spreadsheet(tmp_path):
    "Empty rows at its end, names with ü in two spellings; and a table that is no text is named"
    rows = ['path,label']
    for i in range(60):
        put(tmp_path/f'd/images/Bu\u0308hne_{i}.jpg', DRAWN.imgs[i])
        rows.append(f'images/B\u00fchne_{i}.jpg,{DRAWN.vocab[DRAWN.labels[i]]}')
    (tmp_path/'d/labels.csv').write_text('\n'.join([*rows, ',', ',']), encoding='utf-8')
    for o in ('d', 'd/labels.csv'): assert classes(load_faces(tmp_path/o))==[DRAWN.vocab[i] for i in DRAWN.labels[:60]]
    (tmp_path/'d/labels.csv').rename(tmp_path/'d/labels.xlsx')
    with pytest.raises(InputError, match='the 1 .xlsx files here are not read as labels'): load_faces(tmp_path/'d')

def test_answers_are_no_labels(tmp_path, monkeypatch, capsys):
    "A table that fer-predict left in the folder; and a table that contradicts the folders"
    tree(tmp_path, 6, classes=['happy', 'sad'])
    before = load_faces('.').fingerprint()
    assert run(monkeypatch, capsys, 'happy', 'sad', '--csv', 'out.csv', '--model', 'small', '--unsure', 0, command=fer_predict)[0]==0
    faces = load_faces('.')
    assert faces.fingerprint()==before and 'tables not used: out.csv' in faces.describe()
    rows = [f'{c}/{i}.png,{"happy" if i%3 else "sad"}' for c in ('happy', 'sad') for i in range(6)]
    (tmp_path/'labels.csv').write_text('\n'.join(['path,label', *rows]))
    assert 'Doubt: 6 of 12 pictures are in a folder that is named for another class' in load_faces('.').describe()

@pytest.mark.parametrize('top', ['user1', 's3', 'Actor_01/video 1'])
def test_one_person(tmp_path, top):
    "One's own pictures alone are split like any others, as nobody can be kept out of training"
    tree(tmp_path/'d'/top, 10, classes=['happy', 'sad'])
    faces = load_faces(tmp_path/'d')
    assert min(splits(faces)) and not any('taken for people' in o for o in faces.notes)

def test_paths_in_parquet(tmp_path):
    pytest.importorskip('pyarrow')
    pd.DataFrame(dict(image=[dict(bytes=None, path='0.png')]*6, label=['happy', 'sad']*3)).to_parquet(tmp_path/'a.parquet')
    with pytest.raises(InputError, match='holds paths .0.png., not the pictures'): load_faces(tmp_path/'a.parquet')

def test_columns_of_parquet(tmp_path):
    pytest.importorskip('pyarrow')
    for i in range(12): put(tmp_path/f'{i}.png', BY_CLASS['happy' if i%2 else 'sad'][i])
    pd.DataFrame(dict(bild=[(tmp_path/f'{i}.png').read_bytes() for i in range(12)], antwort=['sad', 'happy']*6)).to_parquet(tmp_path/'a.parquet')
    with pytest.raises(InputError, match='name yours: --columns path=…,label=…'): load_faces(tmp_path/'a.parquet')
    assert classes(load_faces(tmp_path/'a.parquet', columns=dict(path='bild', label='antwort')))==['sad', 'happy']*6
    with pytest.raises(InputError, match='no column foto; the columns are bild, antwort'): load_faces(tmp_path/'a.parquet', columns=dict(path='foto'))

def test_competition(tmp_path):
    (tmp_path/'d').mkdir()
    pixel_table(tmp_path/'d/train.csv', head=('emotion', 'pixels'))
    (tmp_path/'d/test.csv').write_text('pixels\n' + ' '.join(['7']*2304))
    faces = load_faces(tmp_path/'d')
    assert splits(faces)==[72, 9, 9] and 'icml_face_data.csv' in faces.describe()

@pytest.mark.parametrize('slash', ['\\', '/'])
@pytest.mark.parametrize('head, columns', [('path,label', {}), ('image,emotion', {}), ('Datei,Ausdruck', dict(path='Datei', label='Ausdruck'))])
def test_path_tables(tmp_path, slash, head, columns):
    rows = [head]
    for i in range(100):
        put(tmp_path/f'd/images/pic_{i}.jpg', DRAWN.imgs[i])
        rows.append(f'images{slash}pic_{i}.jpg,{DRAWN.vocab[DRAWN.labels[i]]}')
    (tmp_path/'d/labels.csv').write_bytes(('\r\n'.join(rows)+'\r\n').encode())
    for o in ('d', 'd/labels.csv'):
        faces = load_faces(tmp_path/o, columns=columns)
        assert classes(faces)==[DRAWN.vocab[i] for i in DRAWN.labels[:100]]
    with pytest.raises((InputError, FileNotFoundError)): load_faces(tmp_path/'d', columns=dict(path='nothing', label='none'))

# Pictures

@pytest.mark.parametrize('suffix, format', [('.jfif', 'JPEG'), ('.jpe', 'JPEG'), ('.JPG', 'JPEG'), ('.PNG', 'PNG'), ('', 'PNG'), ('.dat', 'WEBP'),
                                            ('.avif', 'AVIF')])
def test_by_content(tmp_path, suffix, format):
    tree(tmp_path/'d', 6)
    tree(tmp_path/'d', 3, 6, suffix=suffix, format=format)
    assert len(load_faces(tmp_path/'d'))==63

def test_passed_over(tmp_path):
    tree(tmp_path/'d', 6)
    for o in ('happy/a.heic', 'happy/.hidden.png', 'notes.docx', 'other.csv'):
        (tmp_path/'d'/o).write_bytes(b'\0\0\0\x18ftypheic' if o.endswith('heic') else b'a,b\n1,2\n')
    said = load_faces(tmp_path/'d').describe()
    for o in ('1 hidden files', '1 .docx files', 'tables not used: other.csv'): assert o in said

DEPTHS = [(kind, scale) for kind in (np.uint16, np.int32, np.float32) for scale in (1, 16, 257)] + [(np.float32, 1/255)]

@pytest.mark.parametrize('kind, scale', DEPTHS)
def test_depths(tmp_path, kind, scale):
    suffix = '.png' if kind==np.uint16 else '.tif'
    for c in ('happy', 'sad'):
        for i in range(6): put(tmp_path/f'd/{c}/{i}{suffix}', (BY_CLASS[c][i].astype(float)*scale).astype(kind))
    faces = load_faces(tmp_path/'d')
    of = dict(zip(faces.meta.file, faces.imgs))
    assert abs(of[f'happy/0{suffix}'].astype(int) - BY_CLASS['happy'][0]).max() <= 1

def test_dark_among_deep(tmp_path):
    "Pictures of one camera keep their differences in light"
    for c in ('happy', 'sad'):
        for i in range(6): put(tmp_path/f'd/{c}/{i}.png', (BY_CLASS[c][i]//(1 if i else 4)).astype(np.uint16)*16)
    faces = load_faces(tmp_path/'d')
    of = dict(zip(faces.meta.file, faces.imgs))
    assert abs(of['happy/0.png'].astype(int) - BY_CLASS['happy'][0]//4).max() <= 1 and '12 pictures hold 12 bits' in faces.describe()

MODES = ['CMYK', 'P', '1', 'LA', 'RGBA', 'I', 'F', 'YCbCr', 'LAB']

@pytest.mark.parametrize('mode', MODES)
def test_modes(tmp_path, mode):
    "Every mode that Pillow can write, and the 1-bit one as white and black"
    lab = lambda o: Image.merge('LAB', [o, *[Image.new('L', o.size, 128)]*2])
    for c in ('happy', 'sad'):
        for i in range(6):
            img = Image.fromarray(BY_CLASS[c][i])
            img = lab(img) if mode=='LAB' else img.convert('RGB').convert(mode) if mode=='YCbCr' else img.convert(mode)
            (tmp_path/f'd/{c}').mkdir(parents=True, exist_ok=True)
            img.save(tmp_path/f'd/{c}/{i}.tif')
    faces = load_faces(tmp_path/'d')
    of = dict(zip(faces.meta.file, faces.imgs))
    assert abs(of['happy/0.tif'].astype(float).mean() - BY_CLASS['happy'][0].mean()) < (30 if mode in ('1', 'LAB') else 2)

def test_turned_by_exif(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    for c in ('happy', 'sad'):
        for i in range(6): put(tmp_path/f'd/{c}/{i}.jpg', np.rot90(BY_CLASS[c][i]), exif=exif, quality=95)
    faces = load_faces(tmp_path/'d')
    of = dict(zip(faces.meta.file, faces.imgs))
    assert abs(of['happy/0.jpg'].astype(float) - BY_CLASS['happy'][0]).mean() < 5

def test_black(tmp_path):
    for c in ('happy', 'sad'):
        for i in range(6): put(tmp_path/f'd/{c}/{i}.png', (BY_CLASS[c][i]//128))
    with pytest.raises(InputError, match='12 of 12 faces are black'): load_faces(tmp_path/'d')

BLANK = {
    'white': (lambda i,o: o*0+255, '12 of 12 faces are blank: 255 all over'), 'dim': (lambda i,o: o//17, '12 of 12 faces are black'),
    'some black': (lambda i,o: o*(i>1), 'Blank: 4 faces are one grey value all over, such as happy/0.png')}

@pytest.mark.parametrize('make, says', BLANK.values(), ids=BLANK)
def test_blank(tmp_path, make, says):
    for c in ('happy', 'sad'):
        for i in range(6): put(tmp_path/f'd/{c}/{i}.png', make(i, BY_CLASS[c][i]))
    try: said = load_faces(tmp_path/'d').describe()
    except InputError as e: said = str(e)
    assert says in said

def test_blank_of_several_greys(tmp_path):
    for k,c in enumerate(('happy', 'sad')):
        for i in range(6): put(tmp_path/f'd/{c}/{i}.png', np.full((1, 1), 60+20*k+i, np.uint8))
    with pytest.raises(InputError, match='12 of 12 faces are blank, each of its own grey value, such as happy/0.png'): load_faces(tmp_path/'d')

def test_tiny(tmp_path):
    tree(tmp_path/'d', 6)
    for i in range(3): put(tmp_path/f'd/happy/{i}.png', BY_CLASS['happy'][i][::7,::7])
    assert '3 pictures are under 8 pixels high or wide' in load_faces(tmp_path/'d').describe()
    rows = [f'{i%7},{" ".join(map(str, DRAWN.imgs[i][::7,::7].ravel()))}' for i in range(70)]
    (tmp_path/'a.csv').write_text('\n'.join(['emotion,pixels', *rows]))
    assert 'Size: all faces have only 7×7 pixels' in load_faces(tmp_path/'a.csv').describe()

def test_order_of_numbered_folders(tmp_path):
    names = {c: f'{i}_{c}' for i,c in enumerate(CSV_ORDER)}
    tree(tmp_path/'d', 6, names=names)
    assert len(load_faces(tmp_path/'d', vocab=CSV_ORDER))==42
    with pytest.raises(InputError, match='has neutral where the names count 0_angry'): load_faces(tmp_path/'d', vocab=CSV_ORDER[::-1])

def test_told_about_pictures(tmp_path):
    "What is cut off, which frames are not used, and which pictures are in two classes"
    tree(tmp_path/'d', 6)
    put(tmp_path/'d/happy/wide.png', np.hstack([BY_CLASS['happy'][8]]*2))
    Image.fromarray(BY_CLASS['happy'][9]).save(tmp_path/'d/happy/moving.gif', save_all=True, append_images=[Image.new('L', (48,48))])
    put(tmp_path/'d/sad/again.png', BY_CLASS['happy'][0])
    said = load_faces(tmp_path/'d').describe()
    for o in ('1 pictures are not square', 'of 1 pictures with several only the first is used',
              '1 pictures occur in several classes, such as happy/0.png in happy and sad'):
        assert o in said

@pytest.mark.parametrize('data, says', [(b'version https://git-lfs.github.com/spec/v1\n', 'git lfs pull'), (b'<!DOCTYPE html>', 'a web page')])
def test_no_picture(tmp_path, data, says):
    tree(tmp_path/'d', 6)
    (tmp_path/'d/happy/0.png').write_bytes(data)
    with pytest.raises(InputError, match=says): load_faces(tmp_path/'d')

def test_leaks(tmp_path):
    "The same file, saved again, resized and mirrored; and nothing among faces that were drawn one by one"
    tree(tmp_path/'d/train', 10)
    tree(tmp_path/'d/test', 2, 20)
    assert 'Leaks' not in load_faces(tmp_path/'d').describe()
    a = Image.fromarray(BY_CLASS['happy'][0])
    for i,o in enumerate((a, a.resize((96, 96), Image.Resampling.BICUBIC), a.transpose(Image.Transpose.FLIP_LEFT_RIGHT))):
        o.save(tmp_path/f'd/test/happy/copy{i}.jpg', quality=85)
    faces = load_faces(tmp_path/'d')
    assert '3 of 17 test faces (2 re-encoded, 1 mirrored) are also in training' in faces.describe()
    assert not len(load_faces(tmp_path/'d', drop_leaks=True).copies())

@pytest.mark.parametrize('name', ['fer2013', 'synth'])
def test_folder_with_a_known_name(tmp_path, name):
    tree(tmp_path/name, 6)
    faces = load_faces(name)
    assert len(faces)==42 and 'was read from here' in faces.describe()

@pytest.mark.parametrize('n', [1, 2])
def test_all_needs_no_splits(tmp_path, n):
    tree(tmp_path/'d', n)
    with pytest.raises(InputError, match='too few faces of a class'): load_faces(tmp_path/'d')
    faces = load_faces(tmp_path/'d', need=[])
    assert splits(faces)==[0, 0, 7*n] and 'none given, and none drawn' in faces.describe()

def test_word_for_no_label(tmp_path):
    for o in ('nan', 'None', 'NULL', 'n/a'):
        rows = [dict(emotion=v, pixels=' '.join(map(str, BY_CLASS['happy'][i].ravel()))) for i,v in enumerate((3, o))]
        pd.DataFrame(rows).to_csv(tmp_path/'a.csv', index=False)
        with pytest.raises(InputError, match='a.csv, data row 2: no label'): load_faces(tmp_path/'a.csv')

# The command line, in this process

def run(monkeypatch, capsys, *args, command=fer_train):
    "Exit code, and what was printed to both streams"
    monkeypatch.setattr(sys, 'argv', [command.__name__, *map(str, args)])
    monkeypatch.setattr(sys, 'orig_argv', ['python', *sys.argv])
    try: code = _run_cli(command.__wrapped__, False) or 0
    except SystemExit as e: code = e.code
    return code, *capsys.readouterr()

def test_dry_run(tmp_path, monkeypatch, capsys):
    tree(tmp_path/'d', 10, names=dict(sad='Sadness'))
    code, out, err = run(monkeypatch, capsys, '--data', tmp_path/'d', '--dry-run', '--contact-sheet', 'sheet.png')
    assert (code, err)==(0, '') and 'sad (Sadness)' in out and 'drawn by seed 0' in out and not (tmp_path/'results').exists()
    assert Image.open('sheet.png').width>400

def test_columns_of_evaluate(tmp_path, monkeypatch, capsys):
    for c in ('happy', 'sad'): put(tmp_path/f'd/{c[0]}.png', BY_CLASS[c][0])
    pd.DataFrame(dict(bild=['h.png', 's.png'], antwort=['happy', 'sad'])).to_csv(tmp_path/'d/a.csv', index=False)
    args = 'small', '--data', tmp_path/'d/a.csv', '--split', 'all', '--columns'
    code, out, err = run(monkeypatch, capsys, *args, 'path=bild,label=antwort', command=fer_evaluate)
    assert (code, err)==(0, '') and 'evaluated on 2 faces' in out
    code, out, err = run(monkeypatch, capsys, *args, 'path', command=fer_evaluate)
    assert code==2 and '--columns path: name each column as role=name' in err

@pytest.mark.parametrize('command, args, says', [
    (fer_train, ['--data', ''], 'data is empty'), (fer_evaluate, ['fer', '--data', ''], 'data is empty'),
    (fer_predict, ['a.png', '--model', ''], 'model is empty'), (fer_predict, ['a.png', '--csv', ''], 'csv is empty'),
    (fer_predict, ['a.png', '--overlay', ' '], 'overlay is empty'), (fer_train, ['--out', ''], 'out is empty'),
    (fer_train, ['--runs', ','], 'names nothing'), (fer_train, ['--vocab', ',,'], 'names nothing'),
    (fer_train, ['--columns', ','], '--columns ,: name each'),
    (fer_predict, ['', 'a.png'], 'the first argument is empty'),
    (fer_predict, ['a.png', ''], 'a path of a picture is empty'), (fer_train, ['--seeds', '0,0'], '--seeds: 0 is given twice'),
    (fer_train, ['--views', 3], 'views=3 (--views) needs a teacher')])
def test_empty_and_useless(tmp_path, monkeypatch, capsys, command, args, says):
    put(tmp_path/'a.png', BY_CLASS['happy'][0])
    code, out, err = run(monkeypatch, capsys, *args, command=command)
    assert code==2 and out=='' and err.startswith('error: ') and says in err and not (tmp_path/'results').exists()

def test_two_thousand(tmp_path, monkeypatch, capsys):
    "A folder of 2,000 pictures with odd ones among them: what is wrong is named, and what is left is counted to the last picture"
    d, bad = tmp_path/'d', ['empty.png', 'half.png', 'words.jpg']
    for k,c in enumerate(DRAWN.vocab):
        for i in range(285):
            put(d/('train' if i<200 else 'test')/c/f'{i}.png', (BY_CLASS[c][i%30]+i//30).astype(np.uint8), compress_level=1)
    odd = {'a.jfif': 'JPEG', 'b.JPG': 'JPEG', 'no suffix': 'PNG', 'screen.webp': 'WEBP', 'named.wrong': 'TIFF'}
    for name,kind in odd.items(): put(d/'train/happy'/name, BY_CLASS['happy'][0], format=kind)
    half = (d/'train/happy/0.png').read_bytes()[:700]
    for name,data in zip(bad, (b'', half, b'no picture')): (d/'train/sad'/name).write_bytes(data)
    for name in ('notes.txt', 'train/.DS_Store', 'train/happy/._0.png'): (d/name).write_bytes(b'a,b')
    code, out, err = run(monkeypatch, capsys, '--data', d, '--dry-run')
    assert code==2 and err.count('\n')==1 and err.startswith('error: ') and all(o in err for o in bad) and '--skip-bad' in err
    with pytest.warns(UserWarning, match='3 of 2003'):
        code, out, err = run(monkeypatch, capsys, '--data', d, '--dry-run', '--skip-bad', '--contact-sheet', 'sheet.png')
    assert code==0 and '2 hidden files' in out and '1 .txt' in out and '3 unreadable' in out and f'{7*285+5:,}' in out
    assert Image.open('sheet.png').height==7*3*50 # a row for each class in train, in test, and in the part of train that is for valid

NO_DATA = {'D': 'did you mean d?', 'moved': 'it is a link to gone, which is not there',
           'https://example.org/fer.zip': 'download the file yourself', 'fer2014': 'did you mean fer2013?'}

@pytest.mark.parametrize('data, hint', NO_DATA.items(), ids=NO_DATA)
def test_no_such_data(tmp_path, data, hint):
    (tmp_path/'d').mkdir()
    (tmp_path/'moved').symlink_to('gone')
    with pytest.raises(FileNotFoundError) as e: load_faces(data)
    assert hint in str(e.value)

def test_small_subset(tmp_path):
    tree(tmp_path/'d', 6)
    assert 'Subset: no training face of' in load_faces(tmp_path/'d', subset=3).describe()
    assert 'Subset' not in load_faces(tmp_path/'d', subset=14).describe()

NUMBERS = [(f'--{k}', v) for k in ('epochs', 'size', 'bs', 'subset', 'views') for v in (0, -1, 10**12)] + [('--size', 1), ('--bs', 1)]
NUMBERS += [(f'--{k}', v) for k in ('label-smoothing', 'erase', 'lr') for v in (-1, 1e9, 'nan', 'inf')] + [('--lr', 0), ('--lr', 'x')]
NUMBERS += [('--seeds', v) for v in (-1, 1.5, 'nan', 10**12, '²')]

@pytest.mark.parametrize('option, value', NUMBERS, ids=lambda o: str(o))
def test_numbers(tmp_path, monkeypatch, capsys, option, value):
    code, out, err = run(monkeypatch, capsys, f'{option}={value}', '--device', 'cpu')
    assert code==2 and out=='' and err.startswith('error: ') and len(err.splitlines())==1 and str(value).replace('.0', '') in err.replace(',', '')

def paths(tmp_path):
    "Things that are no data, no table of votes, no folder to write to"
    (tmp_path/'folder').mkdir()
    (tmp_path/'empty').write_bytes(b'')
    (tmp_path/'noise').write_bytes(bytes(range(256))*9)
    os.mkfifo(tmp_path/'pipe')
    s = socket.socket(socket.AF_UNIX)
    s.bind(str(tmp_path/'socket'))
    return s

PATHS = [(option, what) for option in ('data', 'votes', 'out', 'models', 'contact-sheet') for what in ('empty', 'noise', 'pipe', 'socket', 'noise/below')]
PATHS += [(option, what) for option in ('data', 'votes', 'contact-sheet') for what in ('folder', 'missing')]

@pytest.mark.parametrize('option, what', PATHS)
def test_paths(tmp_path, monkeypatch, capsys, option, what):
    tree(tmp_path/'d', 6)
    opened = paths(tmp_path)
    args = {'data': tmp_path/'d', option: what}
    code, out, err = run(monkeypatch, capsys, '--device', 'cpu', *(f'--{k}={v}' for k,v in args.items()))
    opened.close()
    assert code==2 and err.startswith('error: ') and len(err.splitlines())==1 and what.split('/')[0] in err and not (tmp_path/'results').exists(), err

def test_contact_sheet():
    assert contact_sheet(DRAWN, 3).height==21*50

# One's own classes, from the folder to an answer

OWN = dict(scripts=['бодрый', '眠い', 'تعبان'], ten=[f'state {o}' for o in 'alpha beta gamma delta epsilon zeta eta theta iota kappa'.split()])

@pytest.mark.parametrize('names', OWN.values(), ids=OWN)
def test_own_classes_end_to_end(tmp_path, monkeypatch, capsys, names):
    for k,c in enumerate(names):
        for i in range(10): put(tmp_path/'d'/c/f'{i}.png', np.roll(BY_CLASS[DRAWN.vocab[k%7]][i], k//7*5, 1))
    vocab = ('--vocab', ','.join(names))
    small = ('--epochs', 1, '--size', 16, '--bs', 8, '--device', 'cpu', '--contact-sheet', 'sheet.png')
    with warnings.catch_warnings():
        warnings.filterwarnings('error', 'Glyph')
        code, out, err = run(monkeypatch, capsys, '--data', 'd', *vocab, *small, '--runs', 'adam_scratch,rmsprop_scratch')
        assert code==0 and all(o in out for o in names), err
        code, out, err = run(monkeypatch, capsys, 'models/d/adam_scratch/seed0', '--data', 'd', *vocab, command=fer_evaluate)
    assert code==0 and all(o in out for o in names), err
    for o in ('adam_scratch/seed0/confusion_matrix.png', 'comparison/confusions.png', 'comparison/f1_dots.png'):
        assert Image.open(f'results/d/{o}').width==1320
    code, out, err = run(monkeypatch, capsys, 'd/'+names[1], '--whole', '--model', 'models/d/adam_scratch/seed0', '--unsure', 0, command=fer_predict)
    assert code==0 and out.splitlines()[-1].startswith('10 pictures, 10 faces: ') and any(o in out.splitlines()[-1] for o in names), err

def test_vocab_with_spaces(tmp_path, monkeypatch, capsys):
    tree(tmp_path/'d', 6, names=dict(happy='wide awake', sad='half asleep'), classes=['happy', 'sad'])
    code, out, err = run(monkeypatch, capsys, '--data', 'd', '--dry-run')
    assert code==2 and "--vocab 'half asleep,wide awake'" in err
    assert run(monkeypatch, capsys, '--data', 'd', '--dry-run', '--vocab', 'half asleep,wide awake')[0]==0

# What people use fastai for

def test_fastai_looks_at_the_faces(monkeypatch):
    from fastai.interpret import ClassificationInterpretation, Interpretation
    from fastai.optimizer import Adam
    from fastai.vision.widgets import ImageClassifierCleaner
    from fer_course.data.block import fer_dls
    from fer_course.train.learner import fer_learner
    from IPython.display import display
    from matplotlib import pyplot as plt
    monkeypatch.setattr(builtins, 'display', display, raising=False) # a notebook has it
    learn = fer_learner(fer_dls(DRAWN, bs=16, size=16, device='cpu'), opt_func=Adam, pretrained=False, freeze_to=0)
    cleaner = ImageClassifierCleaner(learn)
    shown = cleaner.iw.widget.children
    assert len(shown)==((DRAWN.split=='train') & (DRAWN.labels==0)).sum()
    shown[0].children[1].value, shown[1].children[1].value = '<Delete>', 'sad'
    assert cleaner.delete()==[0] and [o[1] for o in cleaner.change()][:1]==['sad']
    worst = cleaner.fns[cleaner.delete()[0]]
    np.testing.assert_array_equal(DRAWN.imgs[worst.row], worst.img)
    with learn.no_bar():
        learn.dls.show_batch(max_n=4)
        learn.show_results(max_n=4)
        Interpretation.from_learner(learn).plot_top_losses(4)
        result = ClassificationInterpretation.from_learner(learn, ds_idx=2)
        result.plot_top_losses(4)
        result.plot_confusion_matrix()
        assert result.confusion_matrix().sum()==(DRAWN.split=='test').sum()
        assert learn.predict(DRAWN.imgs[0])[0] in DRAWN.vocab
    plt.close('all')

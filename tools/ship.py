"Put a trained model into the package: exported, its temperature fitted, the very file measured"
import shlex, sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent)) # the library beside us, not one installed elsewhere

from fastcore.script import call_parse

from fer_course.core.cli import cli
from fer_course.core.errors import check_name

def no_folders(
    command:str, # As typed
)->str: # The same, each absolute path cut down to its name
    "A command without the folders of the machine that it ran on"
    return shlex.join([Path(o).name if Path(o).is_absolute() else o for o in shlex.split(command)])

def ship(
    path, # A model that `fer-train` left
    faces, # `FaceSet` it was trained on, with its valid and test splits
    kind:str='fp16', # One of `PRECISIONS`
    out=None, # Card to write, the model beside it; if None, the one that `fer-predict` uses
)->Path: # The card
    "Export a model, fit the temperature on validation faces, measure the very file on valid and test, and write it"
    from fer_course.infer.export import convert_model, onnx_scores
    from fer_course.nets.card import SHIPPED, write_model
    from fer_course.nets.predictor import softmax
    from fer_course.records.calibration import apply_temperature, fit_temperature
    from fer_course.records.metrics import metrics, preds_table
    model, card = convert_model(path, kind, faces)
    preds = {}
    for split in ('valid', 'test'):
        part = faces.take(faces.split==split)
        probs = softmax(onnx_scores(model, part.imgs))
        preds[split] = preds_table(probs, part.labels, vocab=card['vocab'])
    card['temperature'] = round(fit_temperature(preds['valid']), 4)
    card['metrics'] = {k: metrics(apply_temperature(p, card['temperature'])) for k,p in preds.items()}
    if 'config' in card: card['config'] = {**card['config'], 'command': no_folders(card['config']['command'])}
    return write_model(Path(out or SHIPPED['fer']).with_suffix(''), '.onnx', model, **card)

@call_parse
@cli
def main(
    path:str, # Model that `fer-train` left: its card, its weights, or their common name
    data:str, # Faces it was trained on, as for `fer-train --data`
    name:str='fer', # Model to replace: fer or small
    kind:str='fp16', # How exact it is written: fp32, fp16 or int8
):
    "Put a trained model into the package"
    from fer_course.data.readers import load_faces
    from fer_course.nets.card import SHIPPED
    check_name(name, SHIPPED, 'model')
    print(ship(path, load_faces(data), kind, SHIPPED[name]))

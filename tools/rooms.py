"""Which room of the library uses which, from the imports of its modules: python tools/rooms.py"""
import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent/'fer_course'

# A room uses only rooms that stand above it.
ROOMS = {
    'core':     'What every room stands on: sets of faces, caches, errors',
    'synth':    'Drawn faces',
    'data':     'From what people have, files and folders, to DataLoaders',
    'nets':     'A network, its file, and what it answers',
    'records':  'The five runs, what is kept of them, and how they are compared',
    'train':    'A training: the learner, its callbacks, the run',
    'infer':    'From a trained network to answers, maps and files that run elsewhere',
    'apps':     'The prediction widget and the expression lab',
    'course':   'The exercises of the lessons',
    'commands': 'The four commands',
}

def modules(
    package=PACKAGE, # Folder of the package
): # Name of the module, as in `data.block` → its file
    "The modules of the library, without those that only gather others: `all` and each `__init__`"
    files = {o.relative_to(package).with_suffix(''): o for o in sorted(package.rglob('[!_]*.py'))}
    return {'.'.join(k.parts): o for k,o in files.items() if k.name!='all'}

def imported(
    tree, # Syntax tree of a module
    name, # Its name, as in `data.block`
    package=PACKAGE, # Folder of the package
): # Dotted names within the package, without the package's own name
    "What a module imports from the package, at its top or within its functions"
    for o in ast.walk(tree):
        if isinstance(o, ast.Import): full = [a.name for a in o.names]
        elif isinstance(o, ast.ImportFrom):
            here = [package.name, *name.split('.')]
            base = here[:-o.level] if o.level else []
            base += o.module.split('.') if o.module else []
            full = ['.'.join([*base, a.name]) for a in o.names]
        else: continue
        yield from (k.removeprefix(f'{package.name}.') for k in full if k.startswith(f'{package.name}.'))

def module_arrows(
    package=PACKAGE, # Folder of the package
): # Name of each module → names of the modules that it uses
    "Which module uses which"
    files = modules(package)
    def module_of(name):
        while name and name not in files: name = name.rpartition('.')[0]
        return name
    res = {}
    for k,fn in files.items():
        names = [*imported(ast.parse(fn.read_text(encoding='utf-8')), k, package)]
        res[k] = {module_of(o) or o for o in names}-{k}
    return res

def room_of(module): return module.split('.')[0]

def room_arrows(
    package=PACKAGE, # Folder of the package
): # Name of each room → names of the rooms that it uses, in order
    "Which room uses which"
    arrows = module_arrows(package)
    rooms = [*ROOMS, *sorted({room_of(k) for k in arrows}-{*ROOMS})]
    used = {r: {room_of(o) for k,v in arrows.items() if room_of(k)==r for o in v} for r in rooms}
    return {r: [o for o in ROOMS if o in used[r]-{r}] for r in rooms}

def faults(
    package=PACKAGE, # Folder of the package
): # Lines of text, none where all is well
    "Modules in no known room, arrows that run back up the list of rooms, and a circle of modules"
    order = [*ROOMS]
    for k,others in module_arrows(package).items():
        if room_of(k) not in ROOMS:
            yield f'{k} is in none of the rooms'
            continue
        later = [o for o in sorted(others) if room_of(o) in order[order.index(room_of(k))+1:]]
        yield from (f'{k} uses {o}, and {room_of(o)} comes after {room_of(k)}' for o in later)
    try: TopologicalSorter(module_arrows(package)).prepare()
    except CycleError as e: yield f'a circle: {" ← ".join(e.args[1])}'

def room_table(
    root, # A clone, as seen from the page
): # Markdown
    "A row for each room: what it is for, links to the pages of its modules, and its arrows"
    def pages(room):
        found = sorted(Path(root, 'nbs', 'lib', room).glob('*.ipynb'))
        return ', '.join(f'[{o.stem}]({room}/{o.name})' for o in found) or f'[{room}]({room}.ipynb)'
    rows = [f'| `{k}` | {ROOMS[k]} | {pages(k)} | {", ".join(uses) or "no other"} |' for k,uses in room_arrows().items()]
    return '\n'.join(['| room | what it is for | modules | uses |', '|---|---|---|---|', *rows])

if __name__=='__main__':
    for room,others in room_arrows().items(): print(f'{room:9} uses {" ".join(others) or "none"}')
    print(*[*faults()] or ['no arrow that runs back, and so no circle'], sep='\n')

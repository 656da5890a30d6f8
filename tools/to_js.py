"""Recorded NumPy arithmetic (`tools/trace.py`) as a JavaScript module

Steps on arrays of one shape become one loop, so that values in between never reach memory. Single precision is rounded
after every step by `Math.fround`, as NumPy rounds: the numbers are the same to the last bit."""
import re
from math import prod

import numpy as np

from tools.trace import Node, Traced, given

ARRAYS = {'float32': 'Float32Array', 'float64': 'Float64Array', 'int64': 'Float64Array', 'int32': 'Int32Array',
          'bool': 'Uint8Array', 'uint8': 'Uint8Array', 'uint64': 'BigUint64Array'}

HELPERS = '''const f = Math.fround, U = o => BigInt.asUintN(64, o)
const rint = o => Math.abs(o)<4503599627370496 ? o<0 ? -(-o+4503599627370496-4503599627370496) : o+4503599627370496-4503599627370496 : o
const below = (g, at, n, v) => { let i = 0; while (i<n && g[at+i]<v) i++; return i }
'''

_OWN = {'const', 'input', 'zeros', 'iota', 'concat', 'pad', 'matmul', 'sum', 'min', 'max', 'scatter', 'assign', 'bytes'}

def _elementwise(o): return o.op not in _OWN and o.op!='view'

def _literal(v, dtype):
    "A number as JavaScript has it, rounded to a type"
    dtype = np.dtype(dtype)
    if dtype==np.uint64: return f'{int(v)}n'
    if dtype.kind!='f': return str(int(v))
    v = float(dtype.type(v))
    return str(int(v)) if v==int(v) and abs(v)<1e15 else repr(v).replace('0.', '.', 1) if 0<abs(v)<1 else repr(v)

_SIGNS = dict(add='+', sub='-', mul='*', div='/', lt='<', gt='>', le='<=', ge='>=', eq='==')

def _formula(o, args):
    "One elementwise step; `args` gives an argument, rounded to a type"
    res, op = o.value.dtype, o.op
    if op in ('lt', 'gt', 'le', 'ge', 'eq'):
        common = np.result_type(*(a.value.dtype if isinstance(a, Node) else a for a in o.args))
        return _SIGNS[op].join(args(i, common) for i in (0,1))
    a = [args(i, res) for i in range(len(o.args))]
    if op in ('copy',): return a[0]
    if op=='cast': return _cast(o.args[0].value.dtype, res, a[0])
    if op=='call': return f'{o.more["function"].__name__}({a[0]})'
    if op=='where': return f'{a[0]} ? {a[1]} : {a[2]}'
    if op=='clip': return f'{a[0]}<{a[1]} ? {a[1]} : {a[0]}>{a[2]} ? {a[2]} : {a[0]}'
    if op=='maximum': return f'{a[0]}>{a[1]} ? {a[0]} : {a[1]}'
    if op=='minimum': return f'{a[0]}<{a[1]} ? {a[0]} : {a[1]}'
    if op=='bitand': return f'{a[0]} & {a[1]}'
    if op=='xor': return f'{a[0]}^{a[1]}'
    if op=='shr': return f'{a[0]}>>{a[1]}'
    if op=='floordiv': return f'Math.floor({a[0]}/{a[1]})'
    if op=='round': return f'rint({a[0]})'
    if op=='neg': return f'-{a[0]}'
    if op in ('abs', 'floor'): return f'Math.{op}({a[0]})'
    text = f'Math.sqrt({a[0]})' if op=='sqrt' else f'{a[0]}{_SIGNS[op]}{a[1]}'
    if res==np.float32: return f'f({text})'
    if res==np.int32: return f'({text})|0'
    return f'U({text})' if res==np.uint64 else text

def _cast(old, new, a):
    if old==np.uint64: a = f'Number({a})'
    if new==np.float32: return f'f({a})' if old!=np.float32 else a
    if new==np.uint64: return f'BigInt({a})'
    return f'Math.trunc({a})' if new.kind in 'iu' and old.kind=='f' else f'+{a}'

class Module:
    "Writes the steps that lead to outputs, in stages: what depends on no input, on `first`, on all"
    def __init__(self, first):
        self.first = frozenset(first)
        self.buffers, self.declared, self.tables, self.functions = {}, [], {}, {}
        self.windows, self.lines, self.singles = {}, [], {}

    def write(self, out):
        "The steps of each stage that lead to an output"
        self.out = out.node
        self.nodes = self._reachable()
        self.users = {}
        for o in self.nodes:
            for a in o.nodes(): self.users.setdefault(id(a.base), []).append(o)
        return [self._stage(i) for i in range(3)]

    def _reachable(self):
        seen, stack = {}, [self.out]
        while stack:
            o = stack.pop()
            if id(o) in seen: continue
            seen[id(o)] = o
            stack += [*o.nodes(), *([o.more['place']] if 'place' in o.more else [])]
        return sorted(seen.values(), key=lambda o: o.number)

    def stage(self, o):
        if o.op=='zeros': return max((self.stage(u) for u in self.users.get(id(o), []) if u.op in ('assign', 'scatter')), default=0)
        return 0 if not o.deps else 1 if o.deps<=self.first else 2

    # Memory

    def scalar(self, o): return o.value.size==1 and not any(o.dims)

    def shared(self, o): return self.scalar(o) and o.op not in ('const', 'input', 'sum', 'min', 'max', 'zeros', 'matmul')

    def capacity(self, o): return [len(w.axis.value) if w else n for n,w in zip(o.value.shape, o.dims)]

    def buffer(self, o):
        "The name of the memory of a base"
        if o.op in ('assign', 'scatter'): return self.buffer(o.args[0].base)
        if id(o) not in self.buffers: self.buffers[id(o)] = self._declare(o)
        return self.buffers[id(o)]

    def single(self, o):
        "The place of a single number in the memory that such numbers share"
        names = self.singles.setdefault(ARRAYS[str(o.value.dtype)], {})
        return names.setdefault(id(o), len(names))

    def _declare(self, o):
        kind = ARRAYS[str(o.value.dtype)]
        if o.op=='const': return self._table(o, kind)
        if self.shared(o): return f's{list(dict.fromkeys(ARRAYS.values())).index(kind)}'
        name = f'b{len(self.declared)}'
        self.declared.append(f'const {name} = new {kind}({max(1, prod(self.capacity(o)))})')
        return name

    def _table(self, o, kind):
        key = kind, o.value.tobytes()
        if key not in self.tables:
            numbers = ','.join('' if v==0 else _literal(v, o.value.dtype) for v in o.value.ravel())
            self.tables[key] = f't{len(self.tables)}', f'{kind}.from([{numbers},], o => o || 0)'
        return self.tables[key][0]

    def place(self, o, ndim):
        "Where an argument lies: memory, offset, steps for each of the last `ndim` axes"
        base = o.base
        if any(base.dims):
            full = self.capacity(base)
            offset, steps = 0, [prod(full[i+1:]) for i in range(len(full))]
        else: offset, steps = o.where
        for w,s in o.starts: offset -= w.concrete.start*s
        if self.shared(base) and base.op not in ('assign', 'scatter'): offset += self.single(base)
        steps = [0 if n==1 and not w else s for n,w,s in zip(o.value.shape, o.dims, steps)]
        starts = ''.join(f'+{self.window(w)[0]}*{s}' for w,s in o.starts if s)
        return self.buffer(base), f'{offset}{starts}', [0]*(ndim-len(steps))+steps

    def window(self, w):
        "Names of the numbers where a window begins and how long it is"
        if id(w) not in self.windows:
            n = len(self.windows)
            self.windows[id(w)] = f'w{n}', f'l{n}'
            mem, at, _ = self.place(w.axis, 1)
            lo, hi = (self.read(o) for o in (w.lo, w.hi))
            size = len(w.axis.value)
            self.lines.append(f'w{n} = Math.max(below({mem}, {at}, {size}, {lo})-1, 0), '
                              f'l{n} = Math.min(below({mem}, {at}, {size}, {hi})+1, {size})-w{n}')
        return self.windows[id(w)]

    def read(self, o):
        "A single number"
        mem, at, _ = self.place(o, 0)
        return f'{mem}[{at}]'

    # Steps

    def _stage(self, i):
        self.lines = []
        todo = [o for o in self.nodes if o.op not in ('view', 'const') and self.stage(o)==i]
        done = {id(o) for o in self.nodes if o.op in ('const', 'input') or self.stage(o)<i}
        todo = [o for o in todo if id(o) not in done]
        ready = lambda o, more=(): all(id(a.base) in done or id(a.base) in more for a in o.nodes())
        while todo:
            first = min((o for o in todo if ready(o)), key=lambda o: (prod(self.capacity(o)), o.number))
            group = self._group(first, todo, done) if _elementwise(first) or first.op=='assign' else [first]
            if len(group)==1 and not (_elementwise(first) or first.op=='assign'): getattr(self, f'_{first.op}')(first)
            else: self._loop(group)
            done |= {id(o) for o in group}
            todo = [o for o in todo if id(o) not in done]
        return self.lines

    def _key(self, o):
        o = o.more['place'] if o.op=='assign' else o
        return o.value.shape, tuple(id(w) if w else 0 for w in o.dims)

    def _group(self, first, todo, done):
        "Steps on the same shape that can share a loop with `first`"
        key, group = self._key(first), {}
        for o in todo:
            if not (_elementwise(o) or o.op=='assign') or self._key(o)!=key: continue
            if all(id(a.base) in done or (id(a) in group and self._same(a, o)) for a in o.nodes()): group[id(o)] = o
            if o.op=='assign' and id(o) in group: break # others read what it wrote
        return list(group.values())

    def _same(self, a, o):
        "Does `o` read of `a` only what lies at its own place?"
        return a.op!='assign' and not (o.op=='gather' and a is o.args[1]) and self._key(a)==self._key(o)

    def _kept(self, o, group):
        inside = {id(x) for x in group}
        users = self.users.get(id(o), [])
        return o is self.out or any(id(u) not in inside for u in users)

    def _loop(self, group):
        first = group[0].more['place'] if group[0].op=='assign' else group[0]
        shape, dims, ndim = first.value.shape, first.dims, first.value.ndim
        inside, refs, body = {id(o): o for o in group}, {}, []
        def ref(a):
            mem, at, steps = self.place(a, ndim)
            return refs.setdefault((mem, at, tuple(steps)), f'x{len(refs)}')
        def argument(o):
            def get(i, dtype):
                a = o.args[i]
                if not isinstance(a, Node): return _literal(a, dtype)
                if a.base.op=='const' and (a.value==a.value.flat[0]).all(): return _literal(a.value.flat[0], a.value.dtype)
                return f'n{a.number}' if id(a) in inside else ref(a)
            return get
        stores = []
        for o in group:
            if o.op=='assign':
                mem, at, steps = self.place(o.more['place'], ndim)
                stores.append((mem, at, tuple(steps), argument(o)(1, o.value.dtype)))
                continue
            if o.op=='gather': text = self._lookup(o, argument(o), ndim)
            else: text = _formula(o, argument(o))
            if o.op=='call': self._function(o.more["function"])
            body.append(f'const n{o.number} = {text}')
            if self._kept(o, group):
                mem, at, steps = self.place(o, ndim)
                stores.append((mem, at, tuple(steps), f'n{o.number}'))
        self._nest(shape, dims, refs, body, stores)

    def _lookup(self, o, argument, ndim):
        table = o.args[1]
        mem, at, steps = self.place(table, table.value.ndim)
        rest = ''.join(f'+i{ndim-table.value.ndim+1+k}*{s}' for k,s in enumerate(steps[1:]) if s)
        self.uses_index = bool(rest)
        return f'{mem}[{at}+{argument(0, np.int32)}*{steps[0] or 1}{rest}]'.replace('[0+', '[')

    def _nest(self, shape, dims, refs, body, stores):
        "Loops over all axes around some steps, with memory read as far out as it can be"
        axes = [(i, self.window(w)[1] if w else n) for i,(n,w) in enumerate(zip(shape, dims)) if w or n!=1]
        places = [(k, v) for k,v in refs.items()]
        keep_index = any(f'+i{i}*' in line for line in body for i,_ in axes)
        merged = [[i, n, 1] for i,n in axes] # axis, number of places
        every = [k[2] for k in refs]+[s[2] for s in stores]
        while len(merged)>1 and not keep_index:
            (i,n,_), (j,m,_) = merged[-2:]
            if not isinstance(n, int) or not isinstance(m, int) or any(s[i]!=s[j]*m for s in every): break
            merged[-2:] = [[j, n*m, 1]]
        level = {}
        for (mem, at, steps), name in places:
            depth = max((d+1 for d,(i,_,_) in enumerate(merged) if steps[i]), default=0)
            level.setdefault(depth, []).append(f'const {name} = {mem}[{self._address(at, steps, merged)}]')
        lines, pad = [*level.get(0, [])], ''
        for d,(i,n,_) in enumerate(merged):
            lines.append(f'{pad}for (let i{i} = 0; i{i}<{n}; i{i}++) {{')
            pad += ' '
            lines += [pad+o for o in level.get(d+1, [])]
        lines += [pad+o for o in body]
        lines += [f'{pad}{mem}[{self._address(at, steps, merged)}] = {v}' for mem,at,steps,v in stores]
        for _ in merged:
            pad = pad[:-1]
            lines.append(pad+'}')
        self.lines.append('\n'.join(lines))

    def _address(self, at, steps, axes):
        parts = ([at] if at!='0' else []) + [f'i{i}' if steps[i]==1 else f'i{i}*{steps[i]}' for i,_,_ in axes if steps[i]]
        return '+'.join(parts).replace('+-', '-') or '0'

    def _function(self, g):
        "A function of one number, written once"
        if g.__name__ in self.functions: return
        x = given('x', np.zeros(1, np.uint64))
        steps, seen = [], {id(x.node): 'x'}
        def visit(o):
            if id(o) in seen: return seen[id(o)]
            args = {i: visit(a) for i,a in enumerate(o.args) if isinstance(a, Node) and a.op!='const'}
            get = lambda i, dtype: args[i] if i in args else _literal(o.args[i].value, dtype)
            steps.append(f'const n{o.number} = {_formula(o, get)}')
            seen[id(o)] = f'n{o.number}'
            return seen[id(o)]
        last = visit(g(x).node)
        self.functions[g.__name__] = f'function {g.__name__}(x) {{ {"; ".join(steps)}; return {last} }}'

    # Steps that are no loop over places

    def _zeros(self, o): self.lines.append(f'{self.buffer(o)}.fill(0)')

    def _iota(self, o):
        i = 'BigInt(i)' if o.value.dtype==np.uint64 else 'i'
        self.lines.append(f'for (let i = 0; i<{o.value.size}; i++) {self.buffer(o)}[i] = {i}')

    def _copy_part(self, part, to, at, steps):
        refs = {}
        mem, start, own = self.place(part, part.value.ndim)
        refs[mem, start, tuple(own)] = 'x0'
        self._nest(part.value.shape, part.dims, refs, [], [(to, str(at), tuple(steps), 'x0')])

    def _concat(self, o):
        to, (_, steps), at = self.buffer(o), o.where, 0
        for part in o.args:
            n = part.value.shape[o.more['axis']]
            if n: self._copy_part(part, to, at, steps)
            at += n*steps[o.more['axis']]

    def _pad(self, o):
        a, steps = o.args[0], o.where[1]
        mem, at, own = self.place(a, o.value.ndim)
        loops, froms, tos = [], [at], []
        for i,(n,(lo,hi)) in enumerate(zip(a.value.shape, o.more['widths'])):
            if n+lo+hi==1: continue
            loops.append(f'for (let i{i} = 0; i{i}<{n+lo+hi}; i{i}++)')
            j = f'Math.min(Math.max(i{i}-{lo}, 0), {n-1})' if lo or hi else f'i{i}'
            froms.append(f'{j}*{own[i]}')
            tos.append(f'i{i}*{steps[i]}')
        self.lines.append(f'{" ".join(loops)} {self.buffer(o)}[{"+".join(tos)}] = {mem}[{"+".join(froms)}]')

    def _matmul(self, o):
        a, b = o.args
        n, m = o.value.shape[-2:]
        k, batch = a.value.shape[-1], prod(o.value.shape[:-2])
        if batch!=1: raise NotImplementedError('more than one product')
        (A, a0, sa), (B, b0, sb), to = self.place(a, 2), self.place(b, 2), self.buffer(o)
        sa, sb = sa[-2:], sb[-2:]
        self.lines.append(f'{to}.fill(0)\nfor (let i = 0; i<{n}; i++) for (let k = 0; k<{k}; k++) {{\n'
                          f' const x = {A}[{a0}+i*{sa[0]}+k*{sa[1]}]\n'
                          f' if (x) for (let j = 0; j<{m}; j++) {to}[i*{m}+j] += x*{B}[{b0}+k*{sb[0]}+j*{sb[1]}]\n}}')

    def _reduce(self, o, start, step):
        a, axes = o.args[0], o.more['axes']
        mem, at, own = self.place(a, a.value.ndim)
        kept = [i for i in range(a.value.ndim) if i not in axes]
        to, steps = self.buffer(o), {}
        for i in reversed(kept): steps[i] = prod(a.value.shape[j] for j in kept if j>i)
        loops = ' '.join(f'for (let i{i} = 0; i{i}<{n}; i{i}++)' for i,n in enumerate(a.value.shape) if n>1)
        index = lambda s, at: '+'.join([at]+[f'i{i}*{s[i]}' for i,n in enumerate(a.value.shape) if n>1 and i in s])
        there = f'{to}[{index(steps, "0")}]'
        self.lines.append(f'{to}.fill({start})\n{loops} {there} = '
                          + step(there, f'{mem}[{index(dict(enumerate(own)), at)}]'))

    def _sum(self, o): self._reduce(o, '0', lambda a, b: f'{a}+{b}')
    def _min(self, o): self._reduce(o, 'Infinity', lambda a, b: f'Math.min({a}, {b})')
    def _max(self, o): self._reduce(o, '-Infinity', lambda a, b: f'Math.max({a}, {b})')

    def _scatter(self, o):
        old, *at, new = o.args
        to, _, steps = self.place(old, old.value.ndim)
        index = '+'.join('{}[{}+i*{}]*{}'.format(*self.place(a, 1)[:2], self.place(a, 1)[2][0], s) for a,s in zip(at, steps))
        mem, start, own = self.place(new, 1)
        self.lines.append(f'for (let i = 0; i<{at[0].value.size}; i++) {to}[{index}] = {mem}[{start}+i*{own[0]}]')

# Memory, windows and numbers: what may be handed to a step
_ARGUMENT = re.compile(r'\b(?:[bt]\d+|s\d|[wl]\d+)\b|(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?n?(?![\w.])')

def _form(step):
    "A step with its values in between numbered from 0 and a hole for each argument, and the arguments"
    names = {}
    step = re.sub(r'\bn\d+\b', lambda m: names.setdefault(m[0], f'n{len(names)}'), step)
    return _ARGUMENT.sub('@', step), _ARGUMENT.findall(step)

def _function(name, form, calls):
    "A function of the arguments in which `calls` differ, and for each call its text"
    columns = [*zip(*calls)]
    differ = [*dict.fromkeys(o for o in columns if len({*o})>1)]
    holes = iter(f'a{differ.index(o)}' if o in differ else o[0] for o in columns)
    body, names = re.sub('@', lambda _: next(holes), form), ', '.join(f'a{i}' for i in range(len(differ)))
    return f'function {name}({names}) {{\n{body}\n}}', [f'{name}({", ".join(o)})' for o in zip(*differ)] or [f'{name}()']*len(calls)

def _functions(stages):
    """Steps as functions, and for each stage the calls. Steps that differ in memory and numbers alone share a function:
    an engine is slow until it has compiled one, so there should be few, each called often"""
    forms = {}
    for o in sum(stages, []):
        if not _is_window(o): forms.setdefault(_form(o)[0], {})[o] = _form(o)[1]
    made, calls = [], {}
    for i,(form,steps) in enumerate(forms.items()):
        text, said = _function(f'k{i}', form, [*steps.values()])
        made.append(text)
        calls.update(zip(steps, said))
    return made, ['\n'.join(calls.get(o, o) for o in lines) for lines in stages]

def _is_window(step): return re.match(r'w\d+ = ', step)

def javascript(
    outs:dict, # Name → what is to be computed; those alike but for their sizes share their functions
    first:list, # Inputs that rarely change: what depends on them alone is computed by `prepare`
)->str:
    """A module that exports by name `inputs` (arrays to fill in), `prepare()` and `compute()`, which returns the
    output's array"""
    module, stages, parts = Module(first), [], []
    for out in outs.values():
        stages += module.write(out)
        inputs = {o.more['name']: module.buffer(o) for o in module.nodes if o.op=='input'}
        parts.append((', '.join(f'{k}: {v}' for k,v in inputs.items()), module.buffer(out.node.base)))
    windows = [f'let {", ".join(o for pair in module.windows.values() for o in pair)}'] if module.windows else []
    tables = [f'const {name} = {text}' for name,text in module.tables.values()]
    singles = [f'const s{list(dict.fromkeys(ARRAYS.values())).index(k)} = new {k}({len(v)})' for k,v in module.singles.items()]
    functions, calls = _functions(stages)
    text = [HELPERS, *module.functions.values(), *tables, *module.declared, *singles, *windows, *functions]
    for name,(inputs,result),load,prepare,compute in zip(outs, parts, *(calls[i::3] for i in range(3))):
        text += [load, f'export const {name} = {{\ninputs: {{{inputs}}},\nprepare() {{\n{prepare}\n}},',
                 f'compute() {{\n{compute}\nreturn {result}\n}}\n}}']
    return '\n'.join([*text, ''])

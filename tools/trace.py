"""NumPy arithmetic recorded as it runs: each array keeps how it was made, beside its value

`fer_course.synth` draws in NumPy. `Traced` arrays run through the same functions, and what they record is written again in
another language by `tools/to_js.py`. Shapes may not depend on values, but for windows of an axis (`Window`)."""
from contextlib import ExitStack, contextmanager
from itertools import count
from unittest.mock import patch

import numpy as np

class Window:
    "A range of the places of an axis, found when the arithmetic runs"
    def __init__(self, axis, lo, hi):
        self.axis, self.lo, self.hi = axis, lo, hi

    @property
    def concrete(self):
        places = self.axis.value
        start = max(int(np.searchsorted(places, self.lo.value))-1, 0)
        return slice(start, int(np.searchsorted(places, self.hi.value))+1)

_numbers = count()

class Node:
    """One step of the arithmetic. A view has a `root`, whose memory it looks into, and no `op` of its own.
    `dims` names the windows that cut its axes short, `deps` the inputs that it depends on."""
    def __init__(self, op, args, value, dims=None, root=None, starts=(), **more):
        self.op, self.args, self.root, self.starts, self.more = op, args, root, starts, more
        self.number = next(_numbers)
        self.value = value if root else np.ascontiguousarray(value).reshape(np.shape(value))
        self.dims = dims or (None,)*self.value.ndim
        self.deps = frozenset().union(*(o.deps for o in self.nodes()))

    def nodes(self):
        "The nodes that this one needs"
        windows = [o for w in {*self.dims} | {w for w,_ in self.starts} if w for o in (w.lo, w.hi)]
        return [o for o in (*self.args, *windows, *([self.root] if self.root else [])) if isinstance(o, Node)]

    @property
    def base(self): return self.root or self

    @property
    def where(self):
        "Where a view starts in the memory of its base, and the steps between its places"
        at = [o.__array_interface__['data'][0] for o in (self.value, self.base.value)]
        size = self.value.itemsize
        return (at[0]-at[1])//size, tuple(o//size for o in self.value.strides)

def _node(o):
    "A node for whatever takes part in the arithmetic; a Python number stays one, since its type is weak"
    if isinstance(o, Traced): return o.node
    if isinstance(o, (bool,int,float)) and not isinstance(o, np.generic): return o
    o = np.asarray(o)
    return _same(('const', o.dtype.str, o.shape, o.tobytes()), lambda: Node('const', (), o))

_made = {} # what was recorded, so that the same step on the same nodes is one node

def _same(key, make):
    if key not in _made: _made[key] = make()
    return _made[key]

def _value(o): return o.node.value if isinstance(o, Traced) else o

def _dims(nodes, ndim):
    "The windows that cut the axes of what is broadcast from `nodes`"
    res = [None]*ndim
    for o in nodes:
        if isinstance(o, Node):
            for i,w in enumerate(o.dims):
                if w: res[ndim-o.value.ndim+i] = w
    return tuple(res)

def apply(op, f, *args, **more):
    "An elementwise step"
    value = np.asarray(f(*map(_value, args)))
    nodes = [_node(o) for o in args]
    key = (op, value.dtype.str, *(o.number if isinstance(o, Node) else (type(o), o) for o in nodes), *map(id, more.values()))
    # `f` stays alive with the node, and with it its id
    return Traced(_same(key, lambda: Node(op, nodes, value, _dims(nodes, value.ndim), **more)))

def _is_zero(o):
    "Is this known to be 0, whatever the inputs are?"
    return not isinstance(o, Traced) and np.size(o)>0 and not np.any(o)

_UFUNCS = dict(add=np.add, sub=np.subtract, mul=np.multiply, div=np.divide, floordiv=np.floor_divide,
               lt=np.less, gt=np.greater, le=np.less_equal, ge=np.greater_equal,
               bitand=np.bitwise_and, xor=np.bitwise_xor, shr=np.right_shift)

def _operators(cls):
    names = dict(add='add', sub='sub', mul='mul', truediv='div', floordiv='floordiv', lt='lt', gt='gt', le='le',
                 ge='ge', xor='xor', rshift='shr')
    names['and'] = 'bitand'
    for method,op in names.items():
        def forward(self, o, op=op): return cls.binary(op, self, o)
        def backward(self, o, op=op): return cls.binary(op, o, self)
        setattr(cls, f'__{method}__', forward)
        if op not in ('lt', 'gt', 'le', 'ge'): setattr(cls, f'__r{method}__', backward)
    return cls

@_operators
class Traced:
    "Behaves as a NumPy array does, as far as `fer_course.synth` goes"
    __array_ufunc__ = None # so that NumPy leaves operators to this class
    __hash__ = None

    def __init__(self, node): self.node = node

    @staticmethod
    def binary(op, a, b):
        if op=='mul' and (_is_zero(a) or _is_zero(b)): return np.multiply(_value(a), _value(b))*0
        return apply(op, _UFUNCS[op], a, b)

    def __pow__(self, k):
        if k!=2: raise NotImplementedError(f'power {k}')
        return self*self

    def __neg__(self): return apply('neg', np.negative, self)
    def __eq__(self, o): return apply('eq', np.equal, self, o)
    def __len__(self): return len(self.node.value)
    def __int__(self): return int(self._known())
    def __index__(self): return int(self._known())

    def _known(self):
        "The value of what depends on no input"
        if self.node.deps: raise TypeError(f'depends on {sorted(self.node.deps)}, and is needed as a number')
        return self.node.value

    shape = property(lambda self: self.node.value.shape)
    ndim = property(lambda self: self.node.value.ndim)
    dtype = property(lambda self: self.node.value.dtype)

    def _view(self, value, dims=None, starts=()):
        node = self.node
        if not np.shares_memory(value, node.value) and value.size: return self.copy()._view(value, dims, starts)
        new = Node('view', (), value, dims, node.base, (*node.starts, *starts))
        key = ('view', new.base.number, new.where, value.shape, *map(id, new.dims), *map(str, new.starts))
        return Traced(_same(key, lambda: new))

    def copy(self): return apply('copy', np.copy, self)
    def to_numpy(self, dtype=None): return self if dtype is None else self.astype(dtype)

    def astype(self, dtype):
        return self if self.dtype==dtype else apply('cast', lambda o: o.astype(dtype), self)

    @property
    def T(self): return self._view(self.node.value.T)

    def reshape(self, *shape):
        if any(self.node.dims): raise NotImplementedError('reshape of a window')
        full = self if self.node.value.flags.c_contiguous else self.copy()
        return full._view(full.node.value.reshape(*shape))

    def ravel(self): return self.reshape(-1)
    def view(self, dtype): return Traced(Node('bytes', [self.node], self.node.value.view(dtype)))

    def __getitem__(self, idx):
        idx, value = idx if isinstance(idx, tuple) else (idx,), self.node.value
        if any(isinstance(o, np.ndarray) for o in idx):
            res = value[idx]
            if res.size: raise NotImplementedError('rows that are chosen by number')
            return res # faces without a hand, a strand, … : none
        if isinstance(idx[0], Traced): return self._gather(idx[0])
        res = value[tuple(o.concrete if isinstance(o, Window) else o for o in idx)]
        return self._view(res, *self._windows(idx, res.ndim))

    def _windows(self, idx, ndim):
        "The windows of each axis after indexing, and where they start: `(window, step)`"
        flat = [o for o in idx if o is not None]
        gap = self.ndim-len([o for o in flat if o is not Ellipsis])
        full = []
        for o in idx: full += [slice(None)]*gap if o is Ellipsis else [o]
        if Ellipsis not in flat: full += [slice(None)]*gap
        dims, starts, axis, steps = [], [], 0, self.node.where[1]
        for o in full:
            if o is None: dims.append(None)
            else:
                if isinstance(o, Window):
                    starts.append((o, steps[axis]))
                    dims.append(o)
                elif isinstance(o, slice): dims.append(self.node.dims[axis])
                axis += 1
        return tuple(dims), tuple(starts)

    def _gather(self, at):
        rest = self.ndim-1
        place = at[(..., *[None]*rest)] if rest else at
        value = self.node.value[at.node.value]
        return Traced(Node('gather', [place.node, self.node], value, _dims([place.node], value.ndim)))

    def __setitem__(self, idx, new):
        idx = idx if isinstance(idx, tuple) else (idx,)
        if any(isinstance(o, np.ndarray) and not o.size for o in idx): return
        old, value = self.node, self.node.value.copy()
        if isinstance(idx[0], Traced):
            value[tuple(o.node.value for o in idx)] = _value(new)
            self.node = Node('scatter', [old, *(o.node for o in idx), _node(new)], value)
            return
        place = self[idx].node
        value[tuple(o.concrete if isinstance(o, Window) else o for o in idx)] = _value(new)
        self.node = Node('assign', [old, _node(new)], value, place=place)

    def __matmul__(self, o): return matmul(self, o)
    def __rmatmul__(self, o): return matmul(o, self)

    def sum(self, axis): return reduce('sum', np.sum, self, axis)
    def min(self): return reduce('min', np.min, self, None)
    def max(self): return reduce('max', np.max, self, None)

def once(f):
    "The same function of traced numbers, to be written once and called by its name"
    def g(x): return apply('call', f, x, function=f)
    return g

def reduce(op, f, a, axis):
    axes = tuple(range(a.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return Traced(Node(op, [a.node], np.asarray(f(a.node.value, axis=axes)), axes=axes))

def matmul(a, b):
    return Traced(Node('matmul', [_node(a), _node(b)], np.matmul(_value(a), _value(b))))

# NumPy, as the drawing's modules see it while they are recorded

class _Numpy:
    "NumPy, whose functions take traced arrays too"
    def __getattr__(self, name): return getattr(np, name)

    @staticmethod
    def zeros(shape, dtype=float): return Traced(Node('zeros', (), np.zeros(shape, dtype)))
    @staticmethod
    def arange(n, dtype=int):
        o = np.arange(n, dtype=dtype)
        return Traced(_same(('iota', o.dtype.str, n), lambda: Node('iota', (), o)))
    @staticmethod
    def asarray(o, dtype=None):
        if not isinstance(o, Traced): return np.asarray(o, dtype)
        return o if dtype is None else o.astype(dtype)
    @staticmethod
    def atleast_1d(o): return o if isinstance(o, Traced) and o.ndim else np.atleast_1d(o)
    @staticmethod
    def searchsorted(a, v): return np.searchsorted(a._known() if isinstance(a, Traced) else a, v)
    @staticmethod
    def concatenate(parts, axis=0):
        value = np.concatenate([_value(o) for o in parts], axis)
        return Traced(Node('concat', [_node(o) for o in parts], value, axis=axis%value.ndim))
    @staticmethod
    def stack(parts, axis=0):
        at = (slice(None),)*(axis%(parts[0].ndim+1))+(None,)
        return _Numpy.concatenate([o[at] for o in parts], axis)
    @staticmethod
    def pad(o, widths, mode):
        return Traced(Node('pad', [o.node], np.pad(o.node.value, widths, mode=mode), widths=widths))

def _elementwise(name, f):
    def g(*args): return apply(name, f, *args) if any(isinstance(o, Traced) for o in args) else f(*args)
    return staticmethod(g)

for _name,_f in dict(where=np.where, clip=np.clip, maximum=np.maximum, minimum=np.minimum, abs=np.abs,
                     sqrt=np.sqrt, floor=np.floor, round=np.round).items():
    setattr(_Numpy, _name, _elementwise(_name, _f))

@contextmanager
def recording(*modules):
    "Let the functions of these modules take traced arrays"
    with ExitStack() as stack:
        for o in modules: stack.enter_context(patch.object(o, 'np', _Numpy()))
        stack.callback(_made.clear)
        yield

def given(name, value):
    "An input of the arithmetic, with an example of its value"
    node = Node('input', (), np.asarray(value), name=name)
    node.deps = frozenset([name])
    return Traced(node)

def literal(value):
    "A table that is looked up at traced places"
    return Traced(Node('const', (), np.asarray(value)))

"""Where Paddle's functions mean something else than torch's of the same name, and where dtypes follow rules of theirs."""

# ruff: noqa: E501

from rows import boolean, f32, f64, i32, i64, row

RESHAPE = """
paddle.reshape(a, [0, -1])
paddle.reshape(a, [-1, 0])
paddle.reshape(a, [0, 0])
paddle.reshape(a, [3, 0])
paddle.reshape(a, [-1, -1])
paddle.reshape(a, shape=(6,))
paddle.transpose(a, [1, 0])
paddle.transpose(a, perm=(0, 1))
paddle.transpose(a, [0, 2])
paddle.split(a, 2, 0)
paddle.split(a, 3, axis=-1)
paddle.split(a, [1, 2], 1)
paddle.split(a, [-1, 1], 1)
paddle.split(a, 2, 1)
paddle.squeeze(a[:1], 0)
paddle.squeeze(a[:1], axis=[0, 1])
paddle.squeeze(a[:1], axis=(0,))
paddle.unsqueeze(a, 0)
paddle.unsqueeze(a, axis=[0, 3])
paddle.unsqueeze(a, [-1, 0])
paddle.unsqueeze(a, (0, 0))
paddle.expand(a, [-1, -1])
paddle.expand(a, [2, -1, 3])
paddle.expand(a, shape=[2, 2, 3])
paddle.expand(a, [2, 0])
paddle.expand_as(a, paddle.ones([4, 2, 3]))
paddle.broadcast_to(a, [2, 2, 3])
paddle.broadcast_to(a[:1], shape=[4, -1])
paddle.tile(a, [2, 1])
paddle.tile(a, repeat_times=3)
paddle.flip(a, axis=-1)
paddle.flip(a, [0, 1])
paddle.roll(a, 2)
paddle.chunk(a, 3, -1)
paddle.gather(a, paddle.to_tensor([1, 0, 1]))
paddle.gather(a, paddle.to_tensor([[1]], 'int32'), axis=0)
paddle.view(a, [3, 2])
paddle.view(a, 'uint8').shape
paddle.tolist(a)
"""

PICKS = """
paddle.max(a, 1)
paddle.max(a, [0, 1])
paddle.min(a, axis=0, keepdim=True)
paddle.sort(a, 1)
paddle.sort(a, axis=-1, descending=True)
paddle.argsort(a, 0, True)
paddle.argmax(a)
paddle.argmax(a, 0, True)
paddle.argmax(a, axis=-1, dtype='int32')
paddle.argmax(a, axis=0, dtype='float32')
paddle.topk(a, 2, axis=0)
paddle.topk(a, 2, -1, False)
paddle.median(a, 1)
paddle.mode(a, 0)
paddle.kthvalue(a, 2, 0)
paddle.cummax(a, 0)
paddle.unique(a)
paddle.nonzero(a)
paddle.where(a)
"""

# The elements repeat: which index wins, and in which order equals come.
TIES = """
paddle.argmax(a, axis=1)
paddle.argmin(a, axis=0)
paddle.argsort(a, axis=1)
paddle.argsort(a, axis=0, descending=True)
paddle.topk(a, 3, axis=1)[0]
paddle.mode(a, axis=1)
paddle.max(a, axis=1)
paddle.kthvalue(a, 3, axis=1)[0]
paddle.cummax(a, axis=1)
paddle.cummin(a, axis=1)
"""

DTYPES = """
paddle.arange(3).dtype
paddle.arange(3.0).dtype
paddle.arange(0, 3, 0.5).dtype
paddle.arange(0, 3, 1, 'float64').dtype
paddle.arange(np.int32(3)).dtype
paddle.full([2], 1).dtype
paddle.full([2], 1.0).dtype
paddle.full([2], True).dtype
paddle.full([2], 1, 'float64').dtype
paddle.full([2], np.float64(1)).dtype
paddle.linspace(0, 4, 5).dtype
paddle.linspace(0, 4, 5, 'int64')
paddle.zeros([2]).dtype
paddle.ones([2], 'int8').dtype
paddle.eye(2).dtype
paddle.to_tensor(1).dtype
paddle.to_tensor(1.0).dtype
paddle.to_tensor(True).dtype
paddle.to_tensor(1j).dtype
paddle.to_tensor(np.float64(1)).dtype
paddle.to_tensor(np.ones(2)).dtype
paddle.to_tensor([1, 2]).dtype
paddle.to_tensor([1, 2.0]).dtype
paddle.to_tensor([[1, 2], [3.5, 4]])
paddle.to_tensor([True, False]).dtype
paddle.to_tensor([np.float32(1), np.float32(2)]).dtype
paddle.to_tensor([np.float64(1), np.float64(2)]).dtype
paddle.to_tensor([np.arange(2), np.arange(2)])
paddle.to_tensor(((1, 2), (3, 4)), 'int32')
paddle.to_tensor([], 'int64')
paddle.to_tensor([[]]).shape
paddle.to_tensor(np.array(3))
paddle.to_tensor([3]).shape
paddle.to_tensor(np.bool_(True))
paddle.to_tensor(paddle.ones([2]), 'int32')
paddle.to_tensor([paddle.ones([2]), paddle.zeros([2])])
paddle.to_tensor(1.5, stop_gradient=False).stop_gradient
paddle.to_tensor(1.5).stop_gradient
paddle.get_default_dtype()
[paddle.set_default_dtype('float64'), paddle.get_default_dtype(), paddle.zeros([1]).dtype, paddle.to_tensor(1.5).dtype, paddle.full([1], 2.0).dtype, paddle.arange(2.0).dtype, paddle.linspace(0, 1, 2).dtype, paddle.rand([1]).dtype, paddle.eye(1).dtype, (paddle.to_tensor([2]) / 2).dtype, paddle.nn.Linear(1, 1).weight.dtype, paddle.set_default_dtype('float32'), paddle.get_default_dtype()]
paddle.set_default_dtype('int32')
[paddle.ones([1]).dtype == 'float32', paddle.ones([1]).dtype == paddle.float32, paddle.ones([1]).dtype != 'int64', paddle.ones([1], 'int64').dtype in ['int64', 'int32'], paddle.ones([1]).dtype == 'float64']
[paddle.one_hot(paddle.to_tensor([1]), 2)] if hasattr(paddle, 'one_hot') else paddle.nn.functional.one_hot(paddle.to_tensor([1, 0]), 3)
paddle.nn.functional.one_hot(paddle.to_tensor([[1], [2]]), num_classes=4)
paddle.nn.functional.one_hot(paddle.to_tensor([3]), 3)
paddle.nn.functional.one_hot(paddle.to_tensor([1], 'int32'), 3).dtype
"""

# What an integer, a bool and a 0-D tensor become.
INTEGERS = """
a / 2
a / a
a // 2
a // 2.0
a % 2
a % 2.5
a ** 2
a ** 2.0
a ** -1
a / 2.0
2 / a
a * 1.5
a + 0.5
a - 1.5
-a // 2
-a % 3
paddle.divide(a, a + 1)
paddle.floor_divide(-a, a * 0 + 2)
paddle.mod(-a, a * 0 + 3)
paddle.pow(a, 2.9)
paddle.mean(a)
paddle.mean(a, axis=0)
paddle.sum(a)
paddle.sum(a, dtype='float32')
paddle.prod(a)
paddle.cumsum(a)
paddle.max(a)
paddle.std(a.astype('float32'))
paddle.exp(a)
paddle.clip(a, 1.5, 2.5)
paddle.scale(a, 1.9)
paddle.matmul(a, a)
paddle.where(a > 1, a, 0)
paddle.full_like(a, 1.9)
a.astype('bool').sum()
a.astype('bool').mean()
a.astype('uint8') * 2
a.astype('bool').astype('int32').sum()
"""

MIXED = "a + b|b + a|a - b|a * b|a / b|b / a|a // b|b % a|a ** b|a < b|a == b|paddle.add(a, b)|paddle.maximum(a, b)|paddle.matmul(a, b)|paddle.concat([a, b])|paddle.where(a > 1, a, b)"

ZERO_D = """
str(a.shape)
a.ndim
a.size
a + 1
a.reshape([1])
a.reshape([-1])
a.unsqueeze(0)
a.flatten()
a.sum()
a.max()
a.mean(axis=0)
a.sum(axis=-1)
a.argmax()
a.sort()
a.cumsum()
float(a)
paddle.stack([a, a])
paddle.concat([a, a])
paddle.concat([a.reshape([1]), a.reshape([1])])
paddle.matmul(a, a)
a * paddle.ones([2])
a[None]
a[...]
a[0]
a.item()
a.tolist()
a.tile([2])
a.expand([3])
a.squeeze()
a.transpose([])
paddle.topk(a, 1)
paddle.diag(a)
paddle.norm(a)
paddle.nn.functional.softmax(a)
paddle.broadcast_to(a, [2, 2])
paddle.meshgrid(a, a)
"""

INDEX = """
a[0]
a[-1]
a[(a > 0)[:, :, 0]]
a[1:]
a[:, 1]
a[:, -1:]
a[::2]
a[1:100]
a[5:2]
a[...]
a[..., -1]
a[0, ..., 1]
a[None, 0]
a[:, None]
a[0, None, 1]
a[None, ..., None]
a[a > 0]
a[[1, 0]]
a[[1], [0, 1]]
a[[[0], [1]], [[0, 1]]]
a[np.array([True, False])]
a[paddle.to_tensor([True, False])]
a[paddle.to_tensor([1, 0]), :, paddle.to_tensor([0, 1])]
a[:, paddle.to_tensor([[0, 1], [1, 0]])]
a[0][1][2]
a[slice(0, 1)]
a[slice(None), 1]
a[paddle.to_tensor(0):paddle.to_tensor(2)]
a[np.int64(1)]
a[1, np.arange(2)]
a[:, [True, False, True]]
a[[]]
a[-3]
a['x']
a[1.5]
a[:, :, ::-1]
a[::-1, 0]
"""

ASSIGN = """
z[0] = 1
z[0, 1, 2] = 7.5
z[:] = 0
z[...] = 3
z[z > 0] = 0
z[:, 1] = paddle.ones([4])
z[:, 1] = np.zeros(4, 'float32')
z[[0, 1], 0] = 5
z[[1]] = paddle.zeros([3, 4])
z[..., ::2] = -1
z[:, ::-1] = z
z[1:] = z[:-1]
z[:, 1] = z[:, 0]
z[0] = z[1] + 1
z[None, 0] = 2
z[-1, -1] = paddle.arange(4.0)
z[paddle.to_tensor([0, 1]), paddle.to_tensor([0, 2])] = 9
z[:, paddle.to_tensor(1)] = 4
z[(z > 0)[:, 0, 0]] = 1
z[0:1, 1:, [0, 2]] = 6
z[0] += 1
z[:, 0] *= 2
z[5] = 1
z[0] = paddle.ones([7])
z[0] = True
z[1] = paddle.ones([3, 4], 'int64')
"""

PRINTED = """
str(a)
repr(a)
str(a[0])
str(a[0, 0])
str(a > 0)
str(a.astype('int32'))
str(a.astype('float64') * 1e6)
str(a * 1e-8)
'{}'.format(a[0, 0])
str(a.shape)
str(a.place)
f'{a.shape}'
str(paddle.zeros([0]))
str(paddle.to_tensor([True]))
str(paddle.to_tensor(7))
str(paddle.to_tensor([1e10, 1.0]))
str(a.detach())
"""

SHAPE = """
[a.shape == [2, 3], a.shape[0], a.shape[-1], len(a.shape), a.shape[1:], list(a.shape), tuple(a.shape), a.shape + [1], a.shape.index(3)]
[isinstance(a.shape, list), 3 in a.shape, a.shape * 2, a.shape.copy(), [*a.shape, 4], sum(a.shape)]
[a.numel(), a.size, a.ndim, a.dim(), a.rank(), paddle.shape(a), paddle.numel(a), paddle.rank(a)]
"""


def lines(text):
    return text.strip().splitlines()


# A dtype may be NumPy's name of one, or Python's type.
NAMES = """
a.astype('int')
a.astype('float')
paddle.zeros_like(a.astype('half'))
a.astype('long')
a.astype(float)
a.astype(complex)
paddle.cast(a, 'bool_')
paddle.zeros([2], 'float')
paddle.full([2], 1.5, 'double')
paddle.arange(3, dtype='int')
paddle.sum(a, dtype='float')
paddle.ones_like(a, dtype='f4')
paddle.randint(0, 1, [2], dtype='int')
paddle.argmax(a, dtype='int')
paddle.nn.functional.softmax(a, dtype=float)
paddle.nn.functional.softmax(a, dtype='double')
paddle.nn.functional.sequence_mask(paddle.to_tensor([1, 3]), 3, float)
paddle.nn.functional.sequence_mask(paddle.to_tensor([1, 3]), 3, 'int')
"""

# Of what transpose gives. (flatten_ of it reads other memory in Paddle 2.6.2.)
REFORMED = """
a.transpose([1, 0]).reshape_([-1])
a.transpose([1, 0]).reshape_([2, 3]) * 2
[y := a.transpose([1, 0]), y.reshape_([6]), y * a.flatten()][2]
[y := (a + 1).transpose([1, 0]), z := y.reshape_([-1]), y, z][1:]
[y := a.transpose([1, 0])[1:], y.reshape_([4]), a][1:]
"""

ROWS = [
    *[row(call, a=f32(2, 3)) for call in lines(REFORMED)],
    *[row(call, a=f32(2, 3)) for call in lines(NAMES)],
    *[row(call, a=f32(2, 3)) for call in lines(RESHAPE)],
    *[row(call, a=f32(2, 3)) for call in lines(PICKS)],
    *[row(call, a=i64(4, 5, low=0, high=2)) for call in lines(TIES)],
    *[row(call) for call in lines(DTYPES)],
    *[row(call, a=i64(3, 3, low=1, high=5)) for call in lines(INTEGERS)],
    *[row(call, a=i32(3, 3, low=1, high=5)) for call in lines(INTEGERS)],
    *[
        row(call, a=left, b=right)
        for call in MIXED.split("|")
        for left, right in ((f32(3, 3, low=1, high=3), i64(3, 3, low=1)), (i32(3, 3, low=1), i64(3, 3, low=1)), (f32(3, 3, low=1, high=3), f64(3, 3, low=1, high=3)), (boolean(3, 3), f32(3, 3, low=1, high=2)))
    ],
    *[row(call, a=f32(low=0.5)) for call in lines(ZERO_D)],
    *[row(call, a=i64(low=1)) for call in lines(ZERO_D)],
    *[row(call, a=f32(2, 3, 4)) for call in lines(INDEX)],
    *[
        row(f"[z := a.clone(), exec({call!r}, d := {{'z': z, 'paddle': paddle, 'np': np}}), d['z']][2]", a=sample)
        for call in lines(ASSIGN)
        for sample in (f32(4, 3, 4),)
    ],
    *[row(f"[z := a.clone(), exec({call!r}, d := {{'z': z, 'paddle': paddle, 'np': np}}), d['z']][2]", a=i64(4, 3, 4)) for call in ("z[0] = 1.7", "z[0, 0] = True", "z[z > 2] = -1", "z[:, 0] = paddle.ones([4])")],
    *[row(call, a=f32(2, 3)) for call in lines(PRINTED)],
    *[row(call, a=f32(2, 3)) for call in lines(SHAPE)],
]  # fmt: skip

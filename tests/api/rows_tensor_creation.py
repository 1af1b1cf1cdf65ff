"""Creation, attributes and random tensors (of these only dtypes, shapes and bounds)."""

from rows import f32, f64, i32, i64, row

CALLS = """
paddle.to_tensor(3.0)
paddle.to_tensor(3)
paddle.to_tensor(True)
paddle.to_tensor(1 + 2j)
paddle.to_tensor([1, 2.5])
paddle.to_tensor([True, 2])
paddle.to_tensor([[1, 2], [3, 4]], dtype='float64')
paddle.to_tensor((1, 2))
paddle.to_tensor([])
paddle.to_tensor([np.float64(1.5), 2])
paddle.to_tensor([np.array([1.0, 2.0]), np.array([3.0, 4.0])])
paddle.to_tensor(np.float64(3))
paddle.to_tensor(np.int32(3))
paddle.to_tensor(np.arange(3.0))
paddle.to_tensor(np.arange(3, dtype='int32'), dtype='float32', stop_gradient=False)
paddle.to_tensor(np.arange(3, dtype='uint16'))
paddle.to_tensor(None)
paddle.to_tensor('abc')
paddle.to_tensor(range(3))
paddle.to_tensor([[1], [2, 3]])
paddle.zeros([2, 3])
paddle.zeros(2)
paddle.zeros([])
paddle.zeros([2], 'int32')
paddle.ones((2, 3), dtype=paddle.float64)
paddle.ones([paddle.to_tensor(2), 3])
paddle.zeros(paddle.to_tensor([2, 2]))
paddle.full([2], 3)
paddle.full([2], True)
paddle.full([2], 3, 'int64')
paddle.full([2], paddle.to_tensor(2))
paddle.empty([2, 3]).shape
paddle.arange(5)
paddle.arange(5.0)
paddle.arange(0, 1, 0.25)
paddle.arange(5, 0, -2)
paddle.arange(1, 5, 2, dtype='float32')
paddle.arange(paddle.to_tensor(3))
paddle.arange(0, 4, dtype=paddle.int32)
paddle.linspace(0, 1, 5)
paddle.linspace(0, 10, 4, 'int32')
paddle.linspace(-1, 1, 7, dtype='float64')
paddle.logspace(0, 2, 3)
paddle.logspace(0, 3, 4, base=2)
paddle.eye(2)
paddle.eye(2, 3, 'int32')
paddle.tril_indices(3, 3, 0)
paddle.triu_indices(2)
paddle.assign([1.0, 2])
paddle.assign(np.array([1, 2]))
paddle.assign(np.array([1.0, 2.0]))
paddle.assign(5)
paddle.assign(True)
paddle.rand([2, 3]) * 0
paddle.randn([2, 3], 'float64') * 0
paddle.standard_normal([2]) * 0
paddle.uniform([2, 3]) * 0
(paddle.uniform([100], min=3, max=4) - 3.5).abs() <= 0.5
paddle.normal(shape=[2, 3]) * 0
paddle.normal(1.0, 2.0, [2]) * 0
paddle.normal(paddle.zeros([2, 3]), paddle.ones([2, 3])) * 0
paddle.randint(0, 3) * 0
paddle.randint(3, shape=[2, 3]) * 0
paddle.randint(0, 5, [2], 'int32') * 0
paddle.randint(3, 3)
paddle.sort(paddle.randperm(5))
paddle.randperm(5, 'int32') * 0
paddle.bernoulli(paddle.ones([2, 3]))
paddle.poisson(paddle.ones([2])) * 0
paddle.multinomial(paddle.ones([2, 3]), 2) * 0
paddle.to_tensor([0.5, 1.5]).uniform_(2, 3) * 0
paddle.ones([3]).normal_() * 0
paddle.ones([3]).exponential_(2.0) * 0
"""

ROWS = [
    *[row(call) for call in CALLS.strip().splitlines()],
    row("paddle.to_tensor([a, b])", a=f32(), b=f32()),
    row("paddle.to_tensor([[a, 2], [3, 4]])", a=i64()),
    row("paddle.to_tensor([a, b])", a=f32(2), b=f32(2)),
    row("paddle.to_tensor(a, dtype='int32')", a=f32(3, high=9)),
    row("paddle.to_tensor(a).stop_gradient", a=f32(3)),
    row("paddle.full_like(a, 2.5)", a=i64(3)),
    row("paddle.full_like(a, 2)", a=f32(2, 3)),
    row("paddle.full_like(a, 2, dtype='int32')", a=f32(2, 3)),
    row("paddle.zeros_like(a, 'int32')", a=f32(2, 3)),
    row("paddle.ones_like(a)", a=f64(2, 3)),
    row("paddle.zeros_like(a)", a=i32(2)),
    row("paddle.empty_like(a).shape", a=i32(2)),
    row("paddle.randint_like(a, 0, 3) * 0", a=f32(2, 3)),
    row("paddle.meshgrid(a, b)", a=f32(2), b=f32(3)),
    row("paddle.meshgrid([a, b, a])", a=f32(2), b=f32(3)),
    row("paddle.diag(a)", a=f32(3)),
    row("paddle.diag(a, 1, 9.0)", a=f32(3)),
    row("paddle.diag(a, -1)", a=f32(3, 3)),
    row("paddle.diagflat(a, 1)", a=f32(2, 2)),
    row("paddle.diag_embed(a)", a=f32(2, 3)),
    row("paddle.tril(a, -1)", a=f32(3, 4)),
    row("paddle.triu(a, 1)", a=f32(2, 3, 4)),
    row("paddle.assign(a)", a=f32(2, 3)),
    row("[paddle.assign(a, output=b), b]", a=f32(2, 3), b=f32(2, 3)),
    row("paddle.clone(a)", a=f32(2, 3)),
    row("paddle.complex(a, b)", a=f32(2, 3), b=f32(3)),
    row("paddle.polar(a, b)", a=f32(3), b=f32(3)),
    row("paddle.real(paddle.complex(a, a))", a=f32(3)),
    row("paddle.imag(paddle.complex(a, a))", a=f32(3)),
    row("paddle.as_complex(a)", a=f32(3, 2)),
    row("paddle.as_real(paddle.complex(a, a))", a=f32(3)),
    row("paddle.shape(a)", a=f32(2, 3)),
    row("paddle.rank(a)", a=f32(2, 3)),
    row("[paddle.is_floating_point(a), paddle.is_integer(a), paddle.is_complex(a), paddle.is_tensor(a)]", a=f32(2)),
    row("[paddle.is_floating_point(a), paddle.is_integer(a), paddle.is_tensor(3)]", a=i64(2)),
    row("paddle.is_floating_point(3)"),
    row("[a.shape, a.ndim, a.size, a.dtype, a.place, a.stop_gradient]", a=f32(2, 3)),
    row("paddle.full([2], '0.5')"),
    row("paddle.full([2], '3', 'int64')"),
    row("paddle.full([2], '3.7', 'int64')"),
    row("paddle.full([2], '-inf')"),
    row("paddle.full([2], 'abc')"),
    row("paddle.full_like(a, '0.5')", a=f32(3)),
]

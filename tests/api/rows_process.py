"""What belongs to the process: modes, devices, seeds, saving, autograd, programs, small helpers."""

# ruff: noqa: E501

from rows import f32, f64, i64, row

SEEDED = "[paddle.seed(3), x := {draw}, paddle.seed(3), y := {draw}, (x == y).all(), x.shape, x.dtype][4:]"
DRAWS = """
paddle.rand([4])
paddle.randn([4], 'float64')
paddle.standard_normal([2, 2])
paddle.uniform([4], min=2.0, max=3.0)
paddle.normal(1.0, 2.0, [4])
paddle.randint(0, 9, [4])
paddle.randint_like(paddle.ones([4]), 9)
paddle.randperm(9)
paddle.bernoulli(paddle.full([4], 0.5))
paddle.poisson(paddle.full([4], 3.0))
paddle.multinomial(paddle.ones([9]), 4)
paddle.ones([4]).uniform_()
paddle.ones([4]).normal_(2.0, 3.0)
paddle.normal_(paddle.ones([4]), 2.0, 3.0)
paddle.ones([4]).exponential_()
paddle.ones([4]).cauchy_(1.0, 2.0)
paddle.cauchy_(paddle.ones([4]), loc=1.0, scale=2.0)
paddle.ones([4]).geometric_(0.5)
paddle.geometric_(paddle.ones([4]), 0.5)
""".strip().splitlines()

CALLS = """
[paddle.in_dynamic_mode(), paddle.enable_static(), paddle.in_dynamic_mode(), paddle.disable_static(), paddle.in_dynamic_mode()]
[paddle.is_grad_enabled(), [g := paddle.no_grad(), g.__enter__(), paddle.is_grad_enabled(), g.__exit__(None, None, None)][2], paddle.is_grad_enabled()]
[g := paddle.set_grad_enabled(False), g.__enter__(), paddle.is_grad_enabled(), g.__exit__(None, None, None), paddle.is_grad_enabled()][2:]
paddle.no_grad()(lambda: paddle.is_grad_enabled())()
paddle.enable_grad()(lambda: paddle.is_grad_enabled())()
[s := paddle.get_rng_state(), x := paddle.rand([3]), paddle.set_rng_state(s), (x == paddle.rand([3])).all()][3]
[paddle.get_device(), paddle.device.get_device(), str(paddle.set_device('cpu')), str(paddle.device.set_device('cpu'))]
[paddle.device.get_all_custom_device_type(), paddle.device.get_available_custom_device(), len(paddle.device.get_all_device_type()) >= 0, len(paddle.device.get_available_device()) >= 0, paddle.device.synchronize is None]
[paddle.device.is_compiled_with_cinn(), paddle.device.is_compiled_with_ipu(), paddle.device.is_compiled_with_rocm(), paddle.device.is_compiled_with_xpu(), paddle.device.is_compiled_with_custom_device('npu')]
isinstance(paddle.device.is_compiled_with_cuda(), bool) and isinstance(paddle.device.is_compiled_with_distribute(), bool)
paddle.device.get_cudnn_version() is None or paddle.device.get_cudnn_version() > 0
paddle.set_device('abacus')
[isinstance(paddle.CPUPlace(), paddle.CPUPlace), str(paddle.CPUPlace())]
paddle.utils.require_version('2.0')
paddle.utils.require_version('2.0', '3.0')
paddle.utils.require_version(2)
paddle.utils.try_import('math').floor(2.5)
paddle.utils.try_import('a_module_that_is_not_there', 'not here')
[paddle.set_printoptions(precision=2, threshold=3, edgeitems=1, sci_mode=False, linewidth=40), str(paddle.arange(9) / 7), str(paddle.to_tensor([[0.123456, 1e-7]])), paddle.set_printoptions(8, 1000, 3, False, 80)][1:3]
[paddle.set_printoptions(sci_mode=True), str(paddle.to_tensor([0.123456, 12.5])), paddle.set_printoptions(sci_mode=False)][1]
[paddle.save({'w': paddle.ones([2]), 'n': [1, 'a']}, (p := '/tmp/' + paddle.utils.unique_name.generate('fxtraced_row') + str(id(paddle))), protocol=4), (d := paddle.load(p)), d['w'], d['n'], paddle.load(p, return_numpy=True)['w']][2:]
paddle.load('/tmp/a_file_that_is_not_there')
paddle.save({'a': 1}, '/tmp/')
[g := paddle.amp.GradScaler(enable=False), g.scale(paddle.to_tensor([3.0]))][1]
paddle.amp.is_bfloat16_supported() in (True, False)
paddle.amp.is_float16_supported() in (True, False)
[c := paddle.amp.auto_cast(enable=False), c.__enter__(), (paddle.ones([2, 2]) @ paddle.ones([2, 2])).dtype, c.__exit__(None, None, None)][2]
[l := paddle.nn.Linear(2, 2), paddle.amp.decorate(l, level='O1') is l][1]
paddle.jit.to_static(lambda x: x + 1)(paddle.ones([2]))
paddle.jit.not_to_static(lambda x: x + 1)(paddle.ones([2]))
[paddle.static.InputSpec([None, 2], 'float32', 'x').shape, paddle.static.InputSpec([3, 2], 'int64', name='x').name, paddle.static.InputSpec.from_tensor(paddle.ones([2]), 'y').shape, paddle.static.InputSpec([2], 'float32').stop_gradient]
[b := paddle.static.BuildStrategy(), b.fuse_elewise_add_act_ops, setattr(b, 'enable_inplace', True), b.enable_inplace, b.memory_optimize][1:]
[e := paddle.static.ExecutionStrategy(), e.num_threads, e.num_iteration_per_drop_scope, setattr(e, 'num_threads', 3), e.num_threads][1:]
isinstance(paddle.static.Program(), paddle.static.Program)
[paddle.static.Executor(paddle.CPUPlace()) is not None, paddle.static.CompiledProgram is not None, isinstance(paddle.static.Variable, type)]
paddle.to_tensor([1.0]).get_tensor() is not None
[a := paddle.to_tensor([[1.0, -2.0, 3.0]], stop_gradient=False), paddle.grad((a * a).sum(), a)][1]
[a := paddle.to_tensor([[1.0, -2.0, 3.0]], stop_gradient=False), paddle.grad([(a * a).sum()], [a], grad_outputs=[paddle.to_tensor(2.0)], retain_graph=True, create_graph=True, allow_unused=True)[0].stop_gradient][1]
[a := paddle.to_tensor([[1.0, -2.0, 3.0]], stop_gradient=False), b := a * 2, paddle.autograd.backward([b.sum()], [paddle.to_tensor(3.0)], True), a.grad][3]
[a := paddle.to_tensor([[1.0, -2.0, 3.0]], stop_gradient=False), b := a * 2, b.retain_grads(), (b * b).sum().backward(), b.grad, a.grad][4:]
[a := paddle.to_tensor([[1.0, -2.0, 3.0]], stop_gradient=False), h := a.register_hook(lambda g: g * 10), (a * a).sum().backward(), a.grad, h.remove()][3]
[a := paddle.to_tensor([[1.0, -2.0, 3.0]], stop_gradient=False), b := a * 2, b.detach_(), b.stop_gradient][3]
[a := paddle.to_tensor([[1.0, 0.0, 3.0]]), a.is_sparse()][1]
[a := paddle.to_tensor([[1.0, 0.0, 3.0]]), a.is_sparse_csr()][1]
[a := paddle.to_tensor([[1.0, 0.0, 3.0]]), a.to_sparse_coo(2).to_dense()][1]
[a := paddle.to_tensor([[1.0, 0.0, 3.0]]), a.to_sparse_coo(2).values()][1]
[a := paddle.to_tensor([[1.0, 0.0, 3.0]]), a.to_sparse_coo(2).indices()][1]
[a := paddle.to_tensor([[1.0, 0.0, 3.0]]), a.to_sparse_coo(2).coalesce().to_dense()][1]
[a := paddle.to_tensor([1.0, -2.0], stop_gradient=False), b := a * 3, c := b * b, setattr(b, 'stop_gradient', True), b.stop_gradient, c.sum().backward(), a.grad, (b * a).stop_gradient][4:]
[a := paddle.to_tensor([1.0, -2.0], stop_gradient=False), b := (a * 3).reshape([2, 1]), setattr(b, 'stop_gradient', True), (b * a).sum().backward(), a.grad][4]
type('P', (paddle.autograd.PyLayer,), {'forward': staticmethod(lambda ctx, x: [ctx.save_for_backward(x), x * 2][1]), 'backward': staticmethod(lambda ctx, g: g * 5)}).apply(paddle.to_tensor([1.0, 2.0]))
[a := paddle.to_tensor([1.0, -2.0], stop_gradient=False), q := type('P', (paddle.autograd.PyLayer,), {'forward': staticmethod(lambda ctx, x: [ctx.save_for_backward(x), x * 2][1]), 'backward': staticmethod(lambda ctx, g: g * ctx.saved_tensor()[0])}), q.apply(a).sum().backward(), a.grad, isinstance(paddle.autograd.PyLayerContext, type)][3:]
[l := paddle.nn.Linear(2, 2, weight_attr=paddle.nn.initializer.Constant(0.5)), l.eval(), paddle.jit.save(l, (p := '/tmp/fxtraced_row_' + str(id(paddle)) + '/m'), input_spec=[paddle.static.InputSpec([3, 2], 'float32')]), t := paddle.jit.load(p), t(paddle.ones([3, 2])), isinstance(t, paddle.jit.TranslatedLayer)][4:]
paddle.jit.to_static(lambda x: x + 1, input_spec=[paddle.static.InputSpec([2], 'float32', stop_gradient=True)], build_strategy=paddle.static.BuildStrategy())(paddle.ones([2]))
[paddle.disable_static(place=paddle.CPUPlace()), paddle.in_dynamic_mode()]
[paddle.save({'w': paddle.ones([2])}, (p := '/tmp/fxtraced_row_two' + str(id(paddle))), protocol=2), paddle.load(p)['w']][1]
[paddle.distribution.Distribution.entropy, paddle.distribution.Distribution.sample, paddle.distribution.Distribution.rsample, paddle.distribution.Distribution.prob, paddle.distribution.Distribution.probs, paddle.distribution.Distribution.log_prob, paddle.distribution.Distribution.kl_divergence, isinstance(paddle.distribution.Normal(0.0, 1.0), paddle.distribution.Distribution)][-1]
paddle.distribution.Distribution().kl_divergence(paddle.distribution.Normal(1.0, 2.0))
[d := paddle.distribution.Distribution(batch_shape=(2,), event_shape=(3,)), d.batch_shape, d.event_shape][1:]
[paddle.summary(paddle.nn.Linear(3, 2), input=paddle.ones([1, 3])), paddle.summary(paddle.nn.Embedding(3, 2), (1, 3), dtypes='int64')]
paddle.distribution.Distribution().log_prob(paddle.to_tensor(0.5))
paddle.distribution.Distribution().sample(shape=[2])
paddle.distribution.Distribution().rsample(shape=[2])
paddle.distribution.Distribution().entropy()
paddle.distribution.Distribution().probs(paddle.to_tensor(0.5))
[m := paddle.metric.Accuracy(), paddle.metric.Metric.compute(m, 1, 2), paddle.metric.Metric.reset, paddle.metric.Metric.update, paddle.metric.Metric.accumulate, paddle.metric.Metric.name][1]
[paddle.tolist(paddle.to_tensor([[1, 2]])), isinstance(paddle.to_tensor(1), paddle.Tensor), isinstance(paddle.float32, paddle.dtype)]
"""

ON_A = """
[d := paddle.nn.Linear(3, 2), paddle.summary(d, (1, 3))][1]
[b := a * 1, b.copy_(a * 2, True), b][2]
a.is_tensor()
a.is_complex()
a.is_integer()
a.atleast_1d()
a.atleast_2d()
a.nonzero()
a.nan_to_num(nan=1.0)
a.imag()
a.astype('complex64').real()
a.astype('complex64').imag()
a.astype('complex64').as_real()
a.pin_memory().shape if paddle.device.is_compiled_with_cuda() else a.shape
isinstance(a.data_ptr(), int)
a.cuda().shape if paddle.device.is_compiled_with_cuda() else a.shape
[paddle.nan_to_num_(b := a.clone(), 1.0), b][1]
[paddle.where_(a > 0, b := a.clone(), a * 2), b]
[c := a.clone(), (a > 0).where_(c, a * 2), c][1:]
"""


SQUARE = """
(a @ a.t() + paddle.eye(3)).cholesky(True)
(a + 3 * paddle.eye(3)).inverse()
(a + 3 * paddle.eye(3)).solve(a)
(a + 3 * paddle.eye(3)).lu()[0]
(a + 3 * paddle.eye(3)).lu()[0].lu_unpack(a.lu()[1])[0].shape
[v.abs() for v in (a + 3 * paddle.eye(3)).qr()]
(a + a.t()).eigvals().abs().sort()
(a + a.t()).eig()[0].abs().sort()
a.lstsq(a)[0].shape
a.abs().multinomial(2).shape
paddle.to_tensor([[1], [0]]).scatter_nd(paddle.ones([2, 3]), [4, 3])
"""

# Paddle gives methods that take lists of tensors to tensors too.
LISTS = """
paddle.Tensor.stack([a, a], 1)
paddle.Tensor.broadcast_tensors([a, a[:1]])
paddle.Tensor.multi_dot([a, a, a])
paddle.Tensor.multiplex([a, a * 2], paddle.to_tensor([[0], [1], [0]], 'int32'))
"""

ROWS = [
    *[row(SEEDED.format(draw=draw)) for draw in DRAWS],
    *[row(call) for call in CALLS.strip().splitlines()],
    *[row(call, a=f32(2, 3)) for call in ON_A.strip().splitlines()],
    *[row(call, a=f32(3, 3), rtol=1e-4, atol=1e-5) for call in [*SQUARE.strip().splitlines(), *LISTS.strip().splitlines()]],
    row("a.stft(8).istft(8)", a=f32(32), rtol=1e-4, atol=1e-5),
    row("[m := paddle.metric.Auc('PR', 7), m.update(np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]]), np.array([[0], [1], [0]])), m.accumulate()][2]"),
    row("paddle.metric.accuracy(a, b, correct=paddle.to_tensor([0]), total=paddle.to_tensor([0]))", a=f64(6, 4), b=i64(6, 1, high=4)),
    row("paddle.static.nn.cond(paddle.to_tensor(True), lambda: a + 1, lambda: a, return_names=['x'])", a=f32(2)),
    row("paddle.static.nn.while_loop(lambda i: i < 3, lambda i: [i + 1], [paddle.to_tensor(0)], is_test=True)"),
    *[
        row(f"(lambda m: [getattr(m, n)(*v) if n in ('name',) else None for n, v in (('name', ()),)])(paddle.metric.{kind}())")
        for kind in ("Accuracy", "Precision", "Recall", "Auc")
    ],
    row("[isinstance(paddle.metric.Accuracy(), paddle.metric.Metric), sorted(n for n in ('accumulate', 'compute', 'name', 'reset', 'update') if hasattr(paddle.metric.Metric, n))]"),
]  # fmt: skip

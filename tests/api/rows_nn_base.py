"""paddle.nn.Layer: every method; the keys and shapes of every layer's state; how new parameters are distributed."""

# ruff: noqa: E501

from rows import row

LARGE = {"rtol": 0.03, "atol": 0.002}

# A layer with a sublayer, a list, a parameter of its own and buffers of both kinds.
NET = "[n := paddle.nn.Sequential(('a', paddle.nn.Linear(2, 3)), ('b', paddle.nn.LayerList([paddle.nn.ReLU(), paddle.nn.BatchNorm1D(3)]))), n.add_parameter('w', n.create_parameter([2], default_initializer=paddle.nn.initializer.Constant(0.5))), n.register_buffer('kept', paddle.ones([2])), n.register_buffer('lost', paddle.zeros([3]), persistable=False), n][-1]"


def net(*steps: str, result: str) -> object:
    """A row of what `result` is for the layer n, after the steps."""
    return row(f"[{', '.join([f'n := {NET}', *steps, result])}][-1]")


NAMES = "[k for k, _ in {}]"
METHODS = [
    net(result=result)
    for result in (
        NAMES.format("n.named_sublayers()"), NAMES.format("n.named_sublayers(prefix='p', include_self=True)"), "[type(l).__name__ for l in n.sublayers()]", "[type(l).__name__ for l in n.sublayers(include_self=True)]",
        "[type(l).__name__ for l in n.children()]", NAMES.format("n.named_children()"), NAMES.format("n.named_buffers('p', False)"),
        "[k for k, p in n.named_parameters() if not p.stop_gradient]", "[k for k, p in n.named_parameters('p', include_sublayers=False)]", "[p.shape for p in n.parameters(include_sublayers=False)]", "len(n.buffers(False))",
        "list(n.state_dict())", "list(n.state_dict(include_sublayers=False))", "list(n.state_dict(structured_name_prefix='p.'))", "[d := {'x': 1}, list(n.a.state_dict(d)), list(d)][1:]", "[d := {'x': 1}, list(n.a.state_dict(destination=d)), list(d)][1:]", "list(n.state_dict(use_hook=False))",
        "[h := n.register_state_dict_hook(lambda s: s.pop('w') and None), list(n.state_dict()), list(n.state_dict(use_hook=False)), h.remove(), list(n.state_dict())][1:]", "[n.register_state_dict_hook(hook=lambda s: {'only': 1}), list(n.state_dict())][1:]",
        "sorted(n.to_static_state_dict())", "sorted(n.to_static_state_dict(include_sublayers=False, use_hook=False))", "sorted(n.to_static_state_dict(None, True, 'p.'))", "[d := {}, sorted(n.a.to_static_state_dict(destination=d)), sorted(d)][1:]", "n.backward()", "n.backward(1)",
        "n.training", "[n.eval(), n.training, n.a.training, n.b[1].training][1:]", "[n.eval(), n.train(), n.training, n.b[1].training][2:]", "paddle.nn.Linear(2, 3).extra_repr()", "paddle.nn.Layer().extra_repr()", "paddle.nn.Layer().forward(1)", "[c := paddle.nn.Linear(2, 3, weight_attr=paddle.nn.initializer.Constant(0.5)), c.forward(paddle.ones([1, 2]))][1:]",
        "[n.bfloat16(), n.a.weight.dtype, n.b[1].weight.dtype][1:]",
        "[n.bfloat16([paddle.nn.Linear]), n.a.weight.dtype, n.b[1].weight.dtype][1:]", "[n.to(dtype='float64'), n.a.weight.dtype, n.b[1]._mean.dtype, n.kept.dtype][1:]", "[n.astype('float64'), n.a.weight.dtype][1:]", "n.astype('int32')",
        "[n.float16(excluded_layers=[paddle.nn.Layer]), n.a.weight.dtype][1:]", "[n.bfloat16(excluded_layers=paddle.nn.BatchNorm1D), n.a.weight.dtype, n.b[1].weight.dtype][1:]", "[n.to(dtype='float64'), n.float(excluded_layers=paddle.nn.Linear), n.a.weight.dtype, n.w.dtype][2:]", "[n.to('cpu', 'float64', True), n.a.weight.dtype][1:]", "[n.to(device=paddle.CPUPlace(), blocking=False), n.a.weight.dtype][1:]",
        "[seen := [], n.apply(lambda l: seen.append(type(l).__name__)), seen][-1]", "[c := paddle.nn.Linear(1, 1), n.add_sublayer('c', c) is c, n.c is c, 'c' in dict(n.named_children())][1:]", "n.add_sublayer('c', 3)", "n.add_parameter('d.e', n.w)", "n.add_parameter(3, n.w)",
        "n.add_parameter('a', n.w)", "n.add_parameter('x', paddle.ones([2]))", "n.add_parameter('', n.w)", "[n.add_parameter('x', None), n.x, 'x' in n.state_dict()]", "n.register_buffer('a', paddle.ones([2]))", "n.register_buffer('x.y', paddle.ones([2]))", "n.register_buffer('', paddle.ones([2]))",
        "n.register_buffer('x', 3)", "n.register_buffer(3, paddle.ones([2]))", "[n.register_buffer('x', None), n.x, 'x' in n.state_dict()]", "[n.register_buffer('x', paddle.ones([2]), True), n.x, 'x' in n.state_dict()]",
        "[setattr(n, 't', paddle.ones([2])), n.t, 't' in n.state_dict(), 't' in dict(n.named_buffers())]", "[setattr(n, 'w', None), n.w, 'w' in n.state_dict()]", "[delattr(n, 'w'), hasattr(n, 'w'), list(n.state_dict())][1:]", "[delattr(n, 'a'), hasattr(n, 'a')][1:]", "[delattr(n, 'kept'), hasattr(n, 'kept')][1:]",
        "hasattr(n, 'nothing')", "'w' in dir(n) and 'a' in dir(n) and 'kept' in dir(n)", "[(n.a(paddle.ones([1, 2])) ** 2).sum().backward(), n.clear_gradients(), n.a.weight.grad is None or float(n.a.weight.grad.abs().sum()) == 0][-1]",
        "[p := n.create_parameter([2, 3]), p.shape, p.dtype, p.stop_gradient][1:]", "[p := n.create_parameter([2], is_bias=True), p][1:]", "[p := n.create_parameter([2], None, 'float64', False, paddle.nn.initializer.Constant(0.5)), p][1:]", "n.create_parameter([2], attr=False)",
        "[p := n.create_parameter([2], attr=paddle.ParamAttr(trainable=False, learning_rate=0.5), dtype='float16', default_initializer=paddle.nn.initializer.Constant(1)), p, p.stop_gradient, p.optimize_attr['learning_rate']][1:]", "n.create_parameter([2], attr=3)",
        "[t := n.create_tensor(), t.dtype][1:]", "[t := n.create_variable(name='v', persistable=True, dtype='int64'), t.dtype, t.name.rsplit('.', 1)[-1]][1:]", "[t := n.create_tensor('t', False, 'float64'), t.dtype, t.name.rsplit('.', 1)[-1]][1:]",
    )
]  # fmt: skip

# Loading warns of each key that it skips.
QUIET = "__import__('warnings').simplefilter('ignore')"

# What loading says: the missing and the unexpected keys, and what the values are afterwards.
LOADED = [
    net(QUIET, f"s := {state}", result=f"[n.{call}, n.w, n.kept]")
    for call in ("set_state_dict(s)", "load_dict(s)", "set_dict(s)", "set_state_dict(state_dict=s, use_structured_name=True)")
    for state in (
        "{'w': paddle.to_tensor([3.0, 4.0])}", "{'w': np.array([3, 4], 'float32'), 'other': paddle.ones([2])}", "{'w': paddle.ones([3]), 'kept': paddle.zeros([2])}", "{k: v * 2 for k, v in n.state_dict().items()}", "{}",
    )
] + [
    net(QUIET, "s := {'w': paddle.to_tensor([3, 4], 'float64')}", result="n.set_state_dict(s)"), net(QUIET, "s := {'w': paddle.ones([1, 2])}", result="n.set_state_dict(s)"),
    net(QUIET, "s := {p.name: v for (k, v), p in zip(n.state_dict().items(), n.state_dict().values())}", result="[len(x) for x in n.set_state_dict(s, use_structured_name=False)]"),
    net(QUIET, "s := {n.w.name: paddle.to_tensor([3.0, 4.0])}", result="[[len(x) for x in n.set_state_dict(s, False)], n.w]"),
]  # fmt: skip

HOOKS = [
    row(f"[n := paddle.nn.ReLU(), {hook}, n(paddle.to_tensor([-1.0, 2.0]))][-1]")
    for hook in (
        "n.register_forward_pre_hook(lambda layer, inputs: (inputs[0] + 3,))", "n.register_forward_pre_hook(lambda layer, inputs: inputs[0] * 2)", "n.register_forward_pre_hook(hook=lambda layer, inputs: None)",
        "n.register_forward_post_hook(lambda layer, inputs, output: output + inputs[0])", "n.register_forward_post_hook(hook=lambda layer, inputs, output: None)",
        "h := n.register_forward_pre_hook(lambda layer, inputs: (inputs[0] + 3,)), h.remove()", "h := n.register_forward_post_hook(lambda layer, inputs, output: output * 0), h.remove()",
    )
] + [
    row("[n := type('N', (paddle.nn.Layer,), {'__module__': 'rows'})(name_scope='scope'), n.full_name().rsplit('_', 1)[0]][1]"),
    row("[n := paddle.nn.Layer('scope', 'float64'), n.create_parameter([2]).dtype][1]"), row("[n := paddle.nn.Layer(dtype='float16'), n.create_parameter([2]).dtype][1]"),
    row("paddle.nn.Layer()(1)"), row("paddle.nn.RNNCellBase().state_shape"), row("isinstance(paddle.nn.RNNCellBase('cell', 'float64'), paddle.nn.Layer)"),
    *[row(f"[n := paddle.nn.{layer}(2, 3), n.full_name().rsplit('_', 1)[0], *(p.name.split('.')[1] for p in n.parameters())][1:]") for layer in ("Linear", "Embedding", "GRUCell")],
]  # fmt: skip

CONTAINERS = [
    row(f"[n := paddle.nn.{made}, {result}][-1]")
    for made, results in {
        "Sequential(paddle.nn.Linear(2, 3), paddle.nn.ReLU(), paddle.nn.Linear(3, 1))": ("len(n)", "type(n[1]).__name__", "[type(l).__name__ for l in n[1:]]", "type(n[-1]).__name__", "n[5]", "[setattr(n, 'x', n[0]), list(n.state_dict())][1]", "[n.__setitem__(1, paddle.nn.Tanh()), type(n[1]).__name__][1]", "[n.__delitem__(0), len(n)][1]"),
        "LayerList([paddle.nn.Linear(2, 3), paddle.nn.ReLU()])": ("len(n)", "[n.append(paddle.nn.Tanh()), len(n), type(n[-1]).__name__][1:]", "[n.insert(0, paddle.nn.Tanh()), list(n.state_dict())][1]", "[n.extend([paddle.nn.Tanh()] * 2), len(n)][1]", "[n.__setitem__(0, paddle.nn.Tanh()), type(n[0]).__name__][1]", "[n.__delitem__(0), len(n), list(n.state_dict())][1:]", "n[2]", "n.insert(7, paddle.nn.Tanh())", "type(n[0:1]).__name__", "[type(l).__name__ for l in n]"),
        "LayerDict({'a': paddle.nn.Linear(2, 3), 'b': paddle.nn.ReLU()})": ("list(n)", "len(n)", "'a' in n", "[type(n.pop('b')).__name__, list(n.keys())]", "[n.update({'c': paddle.nn.Tanh(), 'a': paddle.nn.Tanh()}), list(n), type(n['a']).__name__][1:]", "[n.clear(), len(n)][1]", "[k for k, v in n.items()]", "[type(v).__name__ for v in n.values()]", "n['z']", "[n.__delitem__('a'), list(n)][1]", "[n.__setitem__('z', paddle.nn.Tanh()), list(n)][1]"),
        "ParameterList([paddle.create_parameter([k], 'float32') for k in (1, 2)])": ("len(n)", "n[1].shape", "[n.append(paddle.create_parameter([5], 'float32')), [p.shape for p in n]][1]", "[n.__setitem__(0, paddle.create_parameter([7], 'float32')), n[0].shape][1]", "list(n.state_dict())", "len(n.parameters())"),
        "LayerDict(sublayers=[('a', paddle.nn.ReLU())])": ("list(n)",), "LayerList(sublayers=[paddle.nn.ReLU()])": ("len(n)",), "ParameterList(parameters=[paddle.create_parameter([2], 'float32')])": ("len(n)",), "Sequential()": ("len(n)",),
        "Sequential(('a', paddle.nn.ReLU()), ('b', paddle.nn.Tanh()))": ("type(n['b']).__name__", "list(dict(n.named_children()))", "type(n[0]).__name__", "n['c']"),
    }.items()
    for result in results
]  # fmt: skip

LAYERS = (
    "Linear(2, 3)", "Embedding(3, 4)", "Bilinear(2, 3, 4)", "Conv1D(2, 3, 3)", "Conv2D(2, 4, (3, 2), groups=2)", "Conv3D(2, 3, 3, bias_attr=False)", "Conv1DTranspose(2, 3, 3)", "Conv2DTranspose(2, 4, (3, 2), groups=2)", "Conv3DTranspose(2, 3, 3)",
    "BatchNorm(3)", "BatchNorm1D(3)", "BatchNorm2D(3)", "BatchNorm3D(3)", "BatchNorm2D(3, weight_attr=False, bias_attr=False)", "SyncBatchNorm(3)", "LayerNorm(3)", "LayerNorm([2, 3], weight_attr=False)", "GroupNorm(1, 2)", "GroupNorm(1, 2, weight_attr=False, bias_attr=False)",
    "InstanceNorm1D(2)", "InstanceNorm2D(2)", "InstanceNorm3D(2)", "InstanceNorm2D(2, weight_attr=False, bias_attr=False)", "SpectralNorm([2, 3])", "PReLU()", "PReLU(3)", "SimpleRNN(2, 3)", "LSTM(2, 3, 2, 'bidirect')", "GRU(2, 3)", "SimpleRNNCell(2, 3)",
    "LSTMCell(2, 3)", "GRUCell(2, 3)", "RNN(paddle.nn.GRUCell(2, 3))", "BiRNN(paddle.nn.GRUCell(2, 3), paddle.nn.GRUCell(2, 3))", "MultiHeadAttention(4, 2)", "TransformerEncoderLayer(4, 2, 8)", "TransformerDecoderLayer(4, 2, 8)", "Transformer(4, 2, 1, 1, 8)",
    "CrossEntropyLoss(weight=paddle.ones([3]))", "BCEWithLogitsLoss(pos_weight=paddle.ones([3]))", "Upsample(scale_factor=2)", "MaxPool2D(2)", "Dropout(0.5)",
)  # fmt: skip
KEYS = [
    row(f"[s := paddle.nn.{layer}.state_dict(), len(s), [[k, v.shape, v.dtype] for k, v in s.items()]][1:]")
    for layer in LAYERS
]

# New weights of large layers: mean, spread, least and greatest of every entry of the state, within three percent.
DISTRIBUTED = [
    row(f"[[k, v.mean(), v.std()] for k, v in paddle.nn.{layer}.state_dict().items()]", **LARGE)
    for layer in ("Conv1D(100, 150, 9)", "Conv2D(60, 80, (5, 7))", "Conv2D(60, 80, 5, groups=4)", "Conv3D(30, 40, 5)")
] + [
    row(f"[[k, v.mean(), v.std(), v.min(), v.max()] for k, v in paddle.nn.{layer}.state_dict().items() if 'bias' in k or '_' in k or v.numel() > 9999]", **LARGE)
    for layer in (
        "Linear(200, 500)", "Embedding(400, 300)", "Bilinear(60, 70, 50)", "Conv1DTranspose(100, 150, 9)", "Conv2DTranspose(60, 80, 5)",
        "Conv2DTranspose(60, 80, 5, groups=4)", "Conv3DTranspose(30, 40, 5)", "MultiHeadAttention(200, 4)", "TransformerEncoderLayer(160, 4, 320)", "BatchNorm2D(8)", "LayerNorm(8)", "GroupNorm(2, 8)", "InstanceNorm2D(8)", "PReLU(4)",
    )
] + [
    row(f"[[k, v.mean(), v.min(), v.max()] for k, v in paddle.nn.{layer}.state_dict().items() if 'weight' in k]", **LARGE)
    for layer in ("SimpleRNN(120, 160)", "LSTM(120, 100)", "GRU(120, 100)", "LSTMCell(120, 100)", "GRUCell(120, 100)", "SimpleRNNCell(120, 160)")
] + [
    row(f"[bool(v.abs().max() <= {bound} ** -0.5) and bool(v.abs().max() > 0.8 * {bound} ** -0.5) for k, v in paddle.nn.{layer}.state_dict().items()]")
    for layer, bound in (("LSTM(30, 100)", 100), ("GRU(30, 100)", 100), ("SimpleRNN(30, 100)", 100))
] + [
    row("[bool((paddle.nn.Embedding(50, 3, padding_idx=4).weight[4] == 0).all()), bool((paddle.nn.Embedding(50, 3, padding_idx=-1).weight[49] == 0).all())]"),
    row("[round(float(paddle.nn.SpectralNorm([4000, 3]).state_dict()['weight_u'].std()), 1), round(float(paddle.nn.SpectralNorm([4000, 3]).state_dict()['weight_u'].mean()), 1) + 0.0]"),
]  # fmt: skip

ROWS = [*METHODS, *LOADED, *HOOKS, *CONTAINERS, *KEYS, *DISTRIBUTED]

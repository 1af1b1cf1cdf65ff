"""What a random forward is made of: texts with holes.

A hole is {kind} or {kind:label}; the same hole twice in one text gets the same filling.

    f, f1 .. f4   a float tensor of forward's, of at least so many axes
    i, b          an integer tensor, a bool tensor
    w             an int variable
    v             a new name
    c, k, a       a small number, a float, an axis
    any other     a text of that kind from the tables below
"""

from __future__ import annotations

# Sublayers, buffers and attributes, each with the lines that make it.
ATTRIBUTES = {
    "fc": "self.fc = nn.Linear(4, 4)",
    "norm": "self.norm = nn.LayerNorm(4)",
    "bn": {"paddle": "self.bn = nn.BatchNorm1D(4)", "torch": "self.bn = nn.BatchNorm1d(4)"},
    "conv": {"paddle": "self.conv = nn.Conv1D(4, 4, 3, padding=1)", "torch": "self.conv = nn.Conv1d(4, 4, 3, padding=1)"},
    "gru": {"paddle": "self.gru = nn.GRU(4, 4)", "torch": "self.gru = nn.GRU(4, 4, batch_first=True)"},
    "emb": "self.emb = nn.Embedding(10, 4)",
    "drop": "self.drop = nn.Dropout(0.5)",
    "act": "self.act = nn.GELU()",
    "shared": "self.shared = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))",
    "blocks": {
        "paddle": "self.blocks = nn.LayerList([nn.Linear(4, 4) for _ in range(3)])",
        "torch": "self.blocks = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])",
    },
    "table": 'self.register_buffer("table", torch.linspace(-1, 1, 32).reshape(8, 4))',
    "steps": 'self.register_buffer("steps", torch.zeros(1))',
    "memory": 'self.register_buffer("memory", torch.zeros(4))',
    "seen": "self.seen = torch.zeros(4)",
    "scale": "self.scale = 0.5",
    "width": "self.width = 4",
    "calls": "self.calls = 0",
    "cache": "self.cache = {}",
}  # fmt: skip

SIZES = [
    "{w}", "{any}.shape[{a}]", "{any}.shape[0]", "{any}.shape[-1]", "{c}", "len({any})", "{any}.ndim", "self.width",
    "{n} + {c}", "{n} - 1", "{n} * 2", "{n} // 2", "{n} % 3", "{n} * {n:2}", "{n} - {n:2}", "abs({n} - {n:2})",
    "max({n}, {c})", "min({n}, {n:2})", "int({n} ** 0.5)", "-(-{n} // 2)", "round({n} / 2)", "math.ceil({n} / 3)",
    "({n} if {q} else {n:2})", "math.prod({any}.shape)", "int({n} * 0.5)", "sum({any}.shape)", "{n} + {flag}",
    "sum(range({n}))", "next(i for i in range({n}) if i >= 0)", "np.prod({any}.shape[1:])", "int(np.sqrt({n}))",
]  # fmt: skip

QUESTIONS = [
    "{n} > {c}", "{n} == {n:2}", "{n} % 2 == 0", "{n} != {c}", "{n}", "{any}.ndim == {c}", "self.training",
    "{n} > {c} and {n:2} < 5", "not {n} % 2", "{n} in (1, 2, 4)", "{c} <= {n} < 6", "{any}.shape == {any:2}.shape",
    "{any}.shape[0] == {any:2}.shape[0]", "isinstance({n}, int)", "{f}.dtype == torch.float32", "{n} is None",
    "{n} / 2 > {c}", "{n} > {c} or {n:2} == 1", "len({f1}) > {c}", "{f} is {f:2}", "torch.is_tensor({f})",
    "set({any}.shape) == {{4}}", "{any}.shape[1:] == {any:2}.shape[1:]", "tuple({any}.shape) < (3, 4)", "str({n}) == '3'",
    "type({n}) is int",
]  # fmt: skip

FLAGS = ["({n} > {c})", "({n} == {n:2})", "({n} % 2 == 0)", "True"]

INDICES = [
    "{n}", ":{n}", "{n}:", "::2", "-1", "0", "..., 0", "None", ":, {c}", "{c}:{n}", "..., :{n}", "[0, -1]", "{n} // 2:",
    "{b}", "{i}", ":-1", "..., None", "None, {n}", ":, None, 0", "-{n}:", "1::2", "{i}, 0", ":, {i}", "::{n}", "0:1, ..., {n}",
    "{n}:{n:2}", "[{n}, 0]", "{n} - 1", "slice({n}, None)", "()", "True", "{b}, 0", "{n}, ..., {n:2}", ":, [0, 1]",
]  # fmt: skip

FLOATS = [
    "{f}", "{F} + {f}", "{F} * {n}", "{f} / ({n} + 1)", "{F} - {k}", "{f} * {f:2}", "-{F}", "{f} ** 2", "{f}[{x}]", "{k} / (1 + {f} ** 2)",
    "self.fc({f})", "self.norm({f})", "self.drop({f})", "self.act({F})", "self.shared({f})", "self.blocks[{n}]({f})",
    "self.blocks[0](self.blocks[0]({f}))", "self.bn({f2})", "self.conv({f3})", "self.gru({f3})[0]", "self.emb({i})",
    "self.table[{x}]", "self.table[:{n}] * {k}", "{f} + self.steps", "{F} + self.memory", "{f} * self.scale", "self.seen + {f}",
    "torch.relu({F})", "torch.tanh({F})", "torch.sigmoid({F})", "torch.exp(-({F}) ** 2)", "torch.abs({F})", "torch.clamp({F}, {k}, 1)",
    "torch.where({b}, {F}, {f})", "torch.where({f} > {k}, {F}, {f})", "torch.where({f} > {n}, {f}, {k})", "torch.matmul({f}, {f:2})",
    "torch.zeros([{n}, 4])", "torch.ones({n}, {n:2})", "torch.full([{n}], {k})", "torch.eye({n})", "torch.linspace(0, 1, {n})",
    "torch.arange({n}, dtype=torch.float32)", "torch.arange(0, {n}, 2) * {k}", "torch.tensor([1.0, {n}])", "torch.tensor({n}) * {f}",
    "torch.cat([{f}, {f:2}], dim={a})", "torch.stack([{f}, {f:2}], {a})", "torch.cat([{f}] * {n})", "torch.flip({f}, [{a}])", "torch.cumsum({f}, {a})",
    "torch.sum({F}, {a})", "torch.mean({f}, {a}, keepdim=True)", "torch.softmax({f}, {a})", "torch.amax({f}, {a})", "torch.sum({f})",
    "torch.reshape({f}, [{n}, -1])", "torch.reshape({f}, [-1, {n}])", "torch.reshape({f}, [{n}, {n:2}])", "torch.reshape({F}, [-1])",
    "torch.roll({f}, {n}, {a})", "torch.narrow({f}, {a}, 0, {n})", "torch.nn.functional.pad({f}, [{c}, {n}])",
    "torch.einsum('i...,i...->...', {f}, {f:2})", "torch.tril({f2}, {n})", "torch.topk({f}, min({n}, 2))[0]", "torch.sort({f}, {a})[0]",
    "torch.tile({f}, [{n}, 1])", "torch.repeat_interleave({f}, {n}, {a})", "torch.index_select({f}, {a}, {i})", "torch.gather({f}, {a}, {i})",
    "torch.movedim({f}, 0, {a})", "torch.unsqueeze({f}, {a})", "torch.squeeze({f}, {a})", "torch.squeeze({f})", "torch.flatten({f}, {a})",
    "torch.diagonal({f2})", "torch.take({f}, {i})", "torch.diff({f}, dim={a})", "torch.outer({f1}, {f1:2})", "torch.permute({f2}, [1, 0])",
    "torch.rand_like({f})", "torch.randn([{n}])", "torch.bernoulli(torch.sigmoid({f}))", "torch.nn.functional.dropout({f}, 0.5, self.training)",
    "torch.broadcast_to({f}, [{n}, 4])", "torch.masked_select({f}, {b})", "torch.cdist({f2}, {f2:2})", "torch.std({f}, {a})",
    "torch.nn.functional.layer_norm({f}, {f}.shape[{a}:])", "torch.nn.functional.interpolate({f3}, size=[{n}])", "torch.nn.functional.one_hot({i}, 10) * 1.0",
    "torch.nn.functional.adaptive_avg_pool1d({f3}, {n})", "torch.nn.functional.avg_pool1d({f3}, 2)", "torch.nn.functional.unfold({f4}, 2)",
    "sum([{f}, {f:2}])", "sum(torch.unbind({f}))", "torch.split({f}, {n})[0]", "torch.chunk({f}, {n}, {a})[-1]", "torch.split({f}, [1, {n}], {a})[1]",
    "torch.nn.functional.scaled_dot_product_attention({f3}, {f3}, {f3})", "torch.bucketize({f}, self.memory) * 1.0", "torch.frac({F} * 3)",
    "torch.as_strided({f}, [{n}, 2], [1, 1])", "(lambda t: t * {n})({f})", "[{f}, {F}][{flag}]", "dict(a={f}, b={F})['b' if {q} else 'a']",
    "torch.linalg.norm({f}, dim={a})", "torch.max({f}, {f:2})", "torch.remainder({f}, {n} + 1)", "torch.lerp({f}, {f:2}, {k})", "torch.addmm({f}, {f2}, {f2:2})",
]  # fmt: skip

PADDLE_FLOATS = [
    "{f}.reshape([{n}, -1])", "{f}.reshape([0, -1])", "{f}.reshape([-1, {n}])", "{f}.transpose([1, 0])", "{f3}.transpose([0, 2, 1])",
    "{f}.astype('float64')", "{f}.astype({f:2}.dtype)", "{f}.flatten()", "{f}.tile([{n}, 1])", "{f}.expand([{n}, -1])",
    "{f}.unsqueeze({a})", "{f}.squeeze({a})", "{f}.max(axis={a})", "{f}.mean({a}, keepdim=True)", "{f}.sum()", "{f}.matmul({f:2}, transpose_y=True)",
    "paddle.concat([{f}, {F}], axis={a})", "paddle.stack([{f}, {f:2}])", "paddle.split({f}, 2, axis={a})[1]", "paddle.gather({f}, {i}, axis={a})",
    "paddle.gather_nd({f}, {i})", "paddle.scatter({f}, {i}, {f:2})", "paddle.full([{n}, 4], {k})", "paddle.arange({n}, dtype='float32')", "paddle.slice({f}, [0], [{c}], [{n}])",
    "paddle.strided_slice({f}, [0], [0], [{n}], [2])", "paddle.nn.functional.softmax({F}, axis={a})", "paddle.nn.functional.pad({f3}, [{c}, 1], data_format='NCL')",
    "paddle.where({b}, {f}, {f:2})", "paddle.nn.functional.one_hot({i}, {n})", "paddle.cumsum({f}, axis={a})", "paddle.roll({f}, {n})",
    "paddle.meshgrid({f1}, {f1:2})[0]", "paddle.topk({f}, {c})[0]", "paddle.zeros_like({f}) + {n}", "paddle.cast({i}, 'float32')", "paddle.add_n([{f}, {f}])",
    "paddle.shape({f})[0] * {f:2}", "paddle.masked_select({f}, {b})", "paddle.unbind({f})[{n}]", "paddle.nn.functional.dropout({f}, 0.3, training=self.training)",
    "paddle.nn.functional.sequence_mask({i}, {n}).astype('float32')", "paddle.diagonal({f2})", "paddle.to_tensor([{n}, 2.0])", "paddle.norm({f}, axis={a})",
    "paddle.nn.functional.interpolate({f3}, size=[{n}], mode='linear', data_format='NCW')", "paddle.clip({f}, {k}, 1.0)", "paddle.flip({f}, axis=[{a}])",
    "paddle.linspace(0, 1, {n})", "paddle.triu({f2}, {c})", "paddle.kron({f}, {f:2})", "paddle.put_along_axis({f}, {i}, {k}, {a})", "paddle.index_add({f}, {i}, {a}, {f:2})",
    "paddle.static.nn.cond({n} > {c}, lambda: {f}, lambda: {f} * 2)", "paddle.static.nn.cond(paddle.sum({f}) > {k}, lambda: {F}, lambda: {F:2})",
    "paddle.static.nn.cond(paddle.max({f}) > {n}, lambda: {f}, lambda: {f} * {n})", "paddle.static.nn.cond({B}, lambda: {f}, lambda: {F})",
    "paddle.static.nn.while_loop(lambda i, t: i < {n}, lambda i, t: [i + 1, t * 0.5 + {f}], [paddle.to_tensor(0), {f:2}])[1]",
    "paddle.static.nn.while_loop(lambda t: paddle.sum(paddle.abs(t)) > {k}, lambda t: [t * 0.5], [{F}])[0]", "paddle.expand_as({f}, {f:2})", "paddle.crop({f}, shape=[{n}, -1])",
    "paddle.nn.functional.adaptive_max_pool1d({f3}, {c})", "paddle.rand([{n}, 4])", "paddle.multinomial(paddle.abs({f1}) + 0.1)", "paddle.quantile({f}, 0.5, axis={a})",
    "paddle.nn.functional.linear({f}, self.fc.weight, self.fc.bias)", "paddle.as_complex({f}).real()", "paddle.median({f}, axis={a})", "paddle.logsumexp({f}, axis={a})",
]  # fmt: skip

TORCH_FLOATS = [
    "{f}.view({n}, -1)", "{f}.view(-1)", "{f}.reshape({n}, {n:2})", "{f}.transpose(0, {a})", "{f}.permute(1, 0)", "{f}.T", "{f}.mT", "{f}.double()",
    "{f}.to({f:2}.dtype)", "{f}.expand({n}, -1)", "{f}.repeat({n}, 1)", "{f}.unsqueeze({a})", "{f}.squeeze()", "{f}.max({a})[0]", "{f}.mean({a})",
    "{f}.sum(0, keepdim=True)", "{f}.size({a}) * {f:2}", "{f}.contiguous()", "{f}.new_zeros({n}, 4)", "{f}.new_full([{n}], {k})", "{f}.masked_fill({b}, {k})",
    "{f}.index_add(0, {i}, {f:2})", "{f}.scatter(0, {i}, {f:2})", "{f}.clone()", "{f}.chunk({n})[0]", "{f}.split({n})[-1]", "{f}.select({a}, {n})",
    "{f}.numel() * {f:2}", "{f}.unfold({a}, 2, 1)", "{f}.flatten({a})", "{f}.unflatten({a}, [2, -1])", "{f}.type_as({f:2})", "{f}.norm()", "{f}.detach()",
    "{f}.view_as({f:2})", "{f}.expand_as({f:2})", "{f}.stride({a}) * {f:2}", "{f}.swapaxes(0, -1)", "{f}.half().float()", "{f}.data",
]  # fmt: skip

INTEGERS = [
    "torch.arange({n})", "torch.argmax({f}, {a})", "{i} % 3", "torch.clamp({i}, 0, {n})", "torch.cumsum({b}, 0)", "torch.nonzero({b})[:, 0]",
    "torch.argsort({f}, {a})", "{i}[{x}]", "{i} // 2", "{i} * {n}", "torch.full([{n}], {c})", "torch.sum({b}, {a})", "torch.tensor([0, {n} - 1])",
    "torch.unique({i})", "torch.bincount(torch.flatten({i}))", "torch.randint(0, 4, [{n}])", "torch.tensor(0)", "torch.flip({i}, [0])",
]  # fmt: skip

MASKS = [
    "{f} > {k}", "{f} <= {f:2}", "~{b}", "{b} & {b:2}", "{b} | ({f} > 0)", "{i} == {i:2}", "{i} < {n}", "torch.tril(torch.ones({n}, {n:2})) > 0", "torch.isnan({f})", "torch.zeros([{n}], dtype=torch.bool)", "torch.any({b}, {a})", "{b}[{x}]",
]  # fmt: skip

STATEMENTS = [
    "{v} = {F}", "{v} = {F}", "{v} = {F}", "{v} = {I}", "{v} = {B}", "{v} = {n}", "{f} = {F}", "{w} = {n}",
    "{v} = {f}\n{v} += {F}", "{v} = {F}\n{v}[{x}] = {k}", "{v} = {F}\n{v}[{x}] = {F:2}", "{f}[{x}] = {F}", "{f}[{x}] += {k}", "{f} *= {n}",
    "{v} = torch.clone({f})\n{v:2} = {v}[{x}]\n{v:2} += {k}", "{v} = {f}[{x}]\n{f} += 1", "torch.relu_({f})", "torch.add({f}, {f:2}, out={f:3})",
    "{v} = torch.reshape({f}, [-1])\n{v} *= {k}", "{v} = {f}\n{v:2} = {v}\n{v:2}[0] = {k}",
    "self.steps += {n}", "self.steps = self.steps + {k}", "self.memory = {F}", "self.memory[{x}] = {k}", "self.seen = {F}", "self.seen += {k}",
    "{v} = self.memory\nself.memory = {v} * {k} + torch.mean({f})", "self.steps.copy_(torch.mean({f}))", "{v} = self.memory\nself.memory += 1",
    "{v} = {F}\nif {q}:\n    {v} = {F:2}", "if {q}:\n    {v} = {F}\nelse:\n    {v} = {F:2}", "{v} = {n}\nif {q}:\n    {v} = {n:2}",
    "{v} = {F}\nfor _ in range({n}):\n    {v} = {v} * 0.5 + {F:2}", "{v} = {F}\nfor j in range(0, {n}, 2):\n    {v} = {v} + j * {F:2}",
    "{v} = {n}\n{v:2} = {F}\nwhile {v} > 1:\n    {v} = {v} // 2\n    {v:2} = {v:2} + {v}", "{v} = {F}\nfor row in {f1}:\n    {v} = {v} + row",
    "{v} = {F}\nfor block in self.blocks:\n    {v} = block({v})", "{v} = torch.stack([row * {k} for row in {f1}])", "{v}, *_ = torch.split({f}, {n})",
    "{v}, {v:2} = torch.chunk({f}, 2, {a})", "{v}, {v:2} = {any}.shape[:2]", "{v} = [{f}, {F}]\n{v:2} = {v}[-1] + {v}[0]", "{v} = torch.cat([{f}[j:j + 1] for j in range({n})])",
    "try:\n    {v} = {F}\nexcept Exception:\n    {v} = {F:2}", "if {q}:\n    raise ValueError('no')", "assert {q}", "del {f}",
    "self.cache['x'] = {F}\n{v} = self.cache['x'] + 1", "def helper(t, m={n}):\n    return t * m\n{v} = helper({f})", "{v} = {F}\n{v:2} = {v} if {q} else {f}",
    "with torch.no_grad():\n    {v} = {F}", "{v} = {f1}[{n}] if {n} < len({f1}) else {f1}[0]", "{v} = {{}}\n{v}[{n}] = {f}\n{v:2} = {v}[{n:2}]",
    "{v} = f'{{{n}}}'\n{v:2} = {f} * len({v})", "{v} = {f} * float({n})", "{v} = divmod({n}, 2)[1]", "{v} = torch.tensor([[{n}, 1], [2, {n:2}]])",
    "{v} = {F}\n{v}.zero_()", "{v} = {F}\n{v}.fill_({n})", "{v} = [int(s) for s in {any}.shape]\n{v:2} = torch.reshape({f}, {v})",
    "{v} = list({any}.shape)\n{v}[0] = {n}\n{v:2} = torch.reshape({f}, {v})", "{v} = {f} + np.float32({k})", "{v} = np.arange({n})\n{v:2} = torch.as_tensor({v}) * {f}",
]  # fmt: skip

# Python state that no graph holds: verification alone catches these.
STATEFUL = [
    "self.calls += 1\n{v} = {f} * self.calls",
    "{v} = {f} * random.random()",
    "self.calls += {n}\n{v} = {f} + self.calls",
]

TABLES = {
    "n": SIZES,
    "q": QUESTIONS,
    "flag": FLAGS,
    "x": INDICES,
    "F": FLOATS,
    "I": INTEGERS,
    "B": MASKS,
    "S": STATEMENTS,
}


def tables(style: str) -> dict[str, list[str]]:
    """The texts of each kind for one style."""
    return {**TABLES, "F": FLOATS + (PADDLE_FLOATS if style == "paddle" else TORCH_FLOATS)}

"""Compiled partitions answer the calls that they fit as the layer does, and follow every change."""

from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced.lowering import freezing, partitioned, partitions
from fxtraced.lowering.cpu import CpuExecutable
from fxtraced.lowering.partitioned import PartitionedExecutable
from fxtraced.lowering.script import quiet
from fxtraced.passes import mkl
from fxtraced.passes.onednn import is_available
from tests.helpers import floats, ints, layer_of, trace
from tests.lowering.changes import CHANGES, Net, X, agree, set_value
from tests.passes.test_cpu_passes import linears_become

nn, F = paddle.nn, paddle.nn.functional
pytestmark = [
    pytest.mark.skipif(not is_available(), reason="oneDNN is not for this torch or CPU"),
    pytest.mark.usefixtures("with_and_without_native"),
]
MANY = partitioned._CALLS_IN_A_ROW


@pytest.fixture(autouse=True)
def whether_faster_or_not(monkeypatch):
    monkeypatch.setattr(partitions, "timed", lambda run, feeds: (run(*feeds), 0.0))
    linears_become(monkeypatch, "packed")


@pytest.fixture
def net():
    paddle.seed(0)
    layer = Net()
    layer.eval()
    return layer


def executable(traced) -> PartitionedExecutable:
    run = traced.program.runnable(tuple(traced.program.fetch_names))
    assert isinstance(run, PartitionedExecutable)
    return run


def answering(traced) -> int:
    """How many partitions there are for calls like the last one; the report says the same."""
    count = executable(traced).count
    assert traced.program.pass_report["compile_partitions"] == count
    return count


def convolutions(self):
    self.a, self.b = nn.Conv2D(16, 16, 3, padding=1), nn.Conv2D(16, 16, 3, padding=1)


def normed(self):
    self.a, self.norm = nn.Conv2D(16, 16, 3), nn.BatchNorm2D(16)


def projections(self):
    self.a, self.b = nn.Linear(512, 512), nn.Linear(512, 512)


def wide(self):
    self.a, self.b = nn.Linear(1024, 2048), nn.Linear(2048, 1024)


def recurrent(self):
    self.lstm, self.a = nn.LSTM(64, 64, direction="bidirect"), nn.Linear(128, 512)


def attention(self):
    self.a = nn.TransformerEncoderLayer(128, 4, 256, dropout=0.0)


def heads_of(self, x, count=4):
    """Queries, keys and values [b, count, n, d] of rows [b, n, count * d]."""
    b, n, width = x.shape
    parts = self.qkv(x).reshape([b, n, 3, count, width // count]).transpose([2, 0, 3, 1, 4])
    return parts[0], parts[1], parts[2]


def attend(self, x, masks=()):
    """Attention written out."""
    q, k, v = heads_of(self, x)
    scores = paddle.matmul(q * 0.2, k, transpose_y=True)
    for mask in masks:
        scores = scores + mask
    return self.out(paddle.matmul(F.softmax(scores), v).transpose([0, 2, 1, 3]).flatten(2))


def of_one_head(self, x, mask):
    """Attention of three axes, with a mask of one."""
    q, k, v = self.qkv(x).chunk(3, axis=-1)
    return self.out(paddle.bmm(F.softmax(paddle.bmm(q * 0.2, k.transpose([0, 2, 1])) + mask[0, 0]), v))


def in_shifted_windows(self, x):
    """Attention of windows, whose scores get a bias of each head, and a mask of each window that is drawn anew."""
    q, k, v = heads_of(self, x)
    scores = paddle.matmul(q * 0.2, k, transpose_y=True) + self.table.transpose([2, 0, 1]).unsqueeze(0)
    side = paddle.zeros([1, x.shape[0], x.shape[1]])
    for i, part in enumerate((slice(0, -3), slice(-3, -1), slice(-1, None))):
        side[:, :, part] = i
    side = side.reshape([x.shape[0], x.shape[1]])
    mask = side.unsqueeze(1) - side.unsqueeze(2)
    mask = paddle.where(mask != 0, paddle.full(mask.shape, -100.0), mask)
    scores = (scores.reshape([1, *scores.shape]) + mask.unsqueeze(1).unsqueeze(0)).reshape(scores.shape)
    return self.out(paddle.matmul(F.softmax(scores), v).transpose([0, 2, 1, 3]).flatten(2))


def of_heads(self):
    self.qkv, self.out = nn.Linear(128, 384), nn.Linear(128, 128)
    self.table = self.create_parameter([49, 49, 4])
    self.mask = self.create_parameter([4, 300, 300])


IMAGE, ROWS = floats(4, 16, 20, 20), floats(8, 512)
LAYERS = {
    "the feed is added": (lambda self, x: F.relu(self.a(x) + x), convolutions, IMAGE),
    "a summand is read again": (lambda self, x: (y := self.a(x)) * F.relu(self.b(y) + y) + y, convolutions, IMAGE),
    "a pooled summand": (lambda self, x: F.relu(self.b(y := F.max_pool2d(x, 3, 1, 1)) + y) - y, convolutions, IMAGE),
    "a part of the feed": (lambda self, x: self.a(x[:, :, 1:]) + x[:, :, :-1], convolutions, IMAGE),
    "several results": (lambda self, x: (self.a(x), F.sigmoid(self.b(x)), x), convolutions, IMAGE),
    "a norm and what is normed": (lambda self, x: self.norm(y := self.a(x)) + y, normed, IMAGE),
    "ways that meet": (lambda self, x: F.tanh(y := F.relu(self.a(x))) * F.sigmoid(F.tanh(y)) + F.relu(y), convolutions,
                       IMAGE),
    "fully connected": (lambda self, x: self.b(F.relu(self.a(x))) + x, projections, ROWS),
    # oneDNN's kernel for these writes past the end of its memory: parts of them stay out.
    "one row": (lambda self, x: self.b(F.relu(self.a(x))) + x, wide, floats(1, 1024)),
    "one row and an activation": (lambda self, x: x + F.relu(self.b(self.a(x))), wide, floats(1, 1, 1024)),
    "one row by products": (lambda self, x: F.relu(self.a(x)) @ self.b.weight + x, wide, floats(1, 1024)),
    "one row by a product and sum": (lambda self, x: paddle.addmm(x, F.relu(self.a(x)), self.b.weight, 0.5, 2.0)
                                     + paddle.addmm(x, self.a(x), self.b.weight), wide, floats(1, 1024)),
    "three axes": (lambda self, x: F.gelu(self.b(F.tanh(self.a(x)))), projections, floats(2, 8, 512)),
    "weights as operands": (lambda self, x: (self.a(x) * self.b.bias + self.a.bias).tanh(),
                            projections, floats(2, 8, 512)),
    "images are turned": (lambda self, x: self.a(x.transpose([0, 2, 3, 1])).flatten(1), projections,
                          floats(2, 512, 3, 3)),
    "an LSTM": (lambda self, x: F.softmax(self.a(self.lstm(x)[0])), recurrent, floats(3, 20, 64)),
    "an encoder": (lambda self, x: self.a(x), attention, floats(2, 20, 128)),
    # From so many scores on it is one call of torch.
    "large attention": (attend, of_heads, floats(1, 300, 128)),
    "large attention and a mask": (lambda self, x: attend(self, x, [self.mask]), of_heads, floats(1, 300, 128)),
    "large attention of one head": (lambda self, x: of_one_head(self, x, self.mask), of_heads, floats(2, 300, 128)),
    "products with a name": (lambda self, x: torch.matmul(y := self.a(x), other=y.transpose([0, 2, 1])) + 1.0,
                             projections, floats(2, 8, 512)),
    "small attention": (attend, of_heads, floats(2, 20, 128)),
    "shifted windows": (in_shifted_windows, of_heads, floats(4, 49, 128)),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
def test_results_are_the_layers(name):
    forward, setup, x = LAYERS[name]
    layer = layer_of(forward, setup)
    layer.eval()
    traced = trace(layer, x)
    assert answering(traced) > 0
    for seed in range(3):
        values = floats(*x.shape, seed=seed)
        given = values.clone()
        with paddle.no_grad():
            expected = layer(values)
        first = [result.copy() for result in traced([values])]
        for _ in range(2):
            results = traced([values])
            for result, once, wanted in zip(
                results, first, expected if isinstance(expected, tuple) else [expected], strict=True
            ):
                scale = max(1.0, float(wanted.abs().max()))
                np.testing.assert_allclose(result, wanted.numpy(), rtol=0, atol=1e-5 * scale)
                np.testing.assert_array_equal(result, once)
                # A result belongs to the caller.
                result.fill(7.0)
        np.testing.assert_array_equal(values.numpy(), given.numpy())


@pytest.mark.skipif(not mkl.is_available(), reason="this torch has no MKL")
def test_products_of_mkl_beside_partitions(monkeypatch):
    linears_become(monkeypatch, "mkl")

    def mixed(self):
        self.a, self.b = nn.Conv2D(16, 16, 3), nn.Linear(16 * 18 * 18, 300)

    layer = layer_of(lambda self, x: F.gelu(self.b(self.a(x).flatten(1))), mixed)
    traced = trace(layer, IMAGE)
    assert answering(traced) > 0
    partitions = executable(traced)._partitions
    assert [x.layout for x in partitions._frozen.packed] == [torch._mkldnn]
    agree(traced, layer, IMAGE)
    agree(traced, layer, IMAGE[:3])
    with paddle.no_grad():
        layer.b.weight[0] = 1.0
    agree(traced, layer, IMAGE)


@pytest.mark.skipif(not mkl.is_available(), reason="this torch has no MKL")
def test_a_product_of_mkl_beside_folded_weights_and_operands(monkeypatch):
    linears_become(monkeypatch, "mkl")

    def mixed(self):
        self.a, self.norm, self.b = nn.Conv2D(16, 16, 3), nn.BatchNorm2D(16), nn.Linear(16 * 18 * 18, 300)

    layer = layer_of(lambda self, x: (self.b(self.norm(self.a(x)).flatten(1)) * self.b.bias).tanh(), mixed)
    layer.eval()
    traced = trace(layer, IMAGE)
    assert answering(traced) > 0
    assert [x.layout for x in executable(traced)._partitions._frozen.packed] == [torch._mkldnn, torch.strided]
    agree(traced, layer, IMAGE)


def test_where_mkl_multiplies_nearly_all_there_are_no_partitions(monkeypatch):
    linears_become(monkeypatch, "mkl")
    layer = layer_of(lambda self, x: self.b(F.relu(self.a(x))), projections)
    traced = trace(layer, ROWS)
    assert isinstance(traced.program.runnable(("fetch_0",)), CpuExecutable)
    assert traced.program.pass_report["multiply_linears"] == 2


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_shows_in_the_next_call(net, change):
    traced = trace(net, X)
    before = agree(traced, net)
    assert answering(traced) > 0
    for _ in range(2):
        change(net)
        after = agree(traced, net)
    assert np.abs(after - before).max() > 1e-4


def test_many_calls_with_other_weights_make_partitions_of_them(net):
    traced = trace(net, X)
    run = executable(traced)
    first = run._partitions
    set_value(net)
    for _ in range(MANY):
        agree(traced, net)
        assert run._partitions is first
    agree(traced, net)
    assert run._partitions is not first
    assert run._partitions.fit([X])
    agree(traced, net)
    set_value(net)
    net.plain.weight.set_value(floats(*net.plain.weight.shape, seed=8))
    agree(traced, net)


def test_many_calls_of_another_size_make_partitions_for_it(net):
    traced = trace(net, X)
    run = executable(traced)
    larger = floats(6, 16, 24, 24)
    for _ in range(MANY):
        agree(traced, net, larger)
    assert run._partitions.fit([X])
    agree(traced, net, larger)
    assert run._partitions.fit([larger])
    assert not run._partitions.fit([X])
    agree(traced, net, X)
    agree(traced, net, larger)


def test_sizes_in_turns_keep_the_partitions(net):
    traced = trace(net, X)
    run = executable(traced)
    first = run._partitions
    for i in range(MANY + 10):
        agree(traced, net, floats(1 + i % 2, 16, 20, 20))
    assert run._partitions is first


def test_a_feed_that_lies_otherwise_in_memory(net):
    traced = trace(net, X)
    turned = paddle.to_tensor(X.numpy().transpose(0, 1, 3, 2).copy()).transpose([0, 1, 3, 2])
    assert not turned.is_contiguous()
    np.testing.assert_allclose(traced([turned])[0], traced([X])[0], atol=1e-5)


@pytest.mark.parametrize("value", [-np.inf, np.inf, np.nan, 1e20])
@pytest.mark.parametrize("where", ["mask", "feed"])
def test_scores_that_are_not_finite_stay_what_they_are(where, value):
    layer = layer_of(lambda self, x, mask: attend(self, x, [mask]), of_heads)
    layer.eval()
    x, mask = floats(1, 300, 128), floats(4, 300, 300)
    traced = trace(layer, x, mask)
    assert answering(traced) > 0
    changed = (x if where == "feed" else mask).numpy().copy()
    changed[0, 7] = value
    feeds = [paddle.to_tensor(changed), mask] if where == "feed" else [x, paddle.to_tensor(changed)]
    for given in (feeds, [x, mask], feeds):
        with paddle.no_grad():
            wanted = layer(*given).numpy()
        scale = np.abs(wanted[np.isfinite(wanted)]).max(initial=0.0)
        np.testing.assert_allclose(traced(given)[0], wanted, rtol=0, atol=1e-4 * scale)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_stays_what_it_is(value):
    layer = layer_of(lambda self, x: F.relu(self.b(F.relu(self.a(x)))), convolutions)
    layer.eval()
    traced = trace(layer, IMAGE)
    run = executable(traced)
    first = run._partitions
    x = IMAGE.numpy().copy()
    x[1, 2, 3, 4] = value
    bad = paddle.to_tensor(x)
    for given in (IMAGE, bad, bad, IMAGE, IMAGE):
        with paddle.no_grad():
            wanted = layer(given).numpy()
        np.testing.assert_allclose(traced([given])[0], wanted, rtol=1e-4, atol=1e-4)
    assert run._partitions is first
    with paddle.no_grad():
        layer.a.weight[3] = value
        for _ in range(MANY + 2):
            (result,) = traced([IMAGE])
        np.testing.assert_array_equal(np.isnan(result), np.isnan(layer(IMAGE).numpy()))


def test_threads_while_weights_change(net):
    traced = trace(net, X)
    wanted = agree(traced, net)
    run = executable(traced)
    results = []
    threads = [threading.Thread(target=lambda: results.extend(run(X)[0].numpy() for _ in range(40))) for _ in range(8)]
    for thread in threads:
        thread.start()
    with paddle.no_grad():
        net.conv.weight.add_(0.0)
    for thread in threads:
        thread.join()
    assert len(results) == 320
    for result in results:
        np.testing.assert_allclose(result, wanted, atol=1e-5)


def test_another_number_of_threads_is_not_what_was_compiled(net):
    traced = trace(net, X)
    run, before = executable(traced), torch.get_num_threads()
    try:
        torch.set_num_threads(before + 1)
        assert not run._partitions.fit([X])
        agree(traced, net)
    finally:
        torch.set_num_threads(before)
    assert run._partitions.fit([X])


def test_a_callers_autocast_is_not_what_was_compiled(net):
    traced = trace(net, X)
    run = executable(traced)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert not run._partitions.fit([X])
        run(X)
    agree(traced, net)


def test_a_replaced_sublayer_is_told(net):
    traced = trace(net, X)
    net.fc = nn.Linear(32, 1024)
    with pytest.raises(paddle.errors.StaleGraphError, match="the sublayer 'fc'"):
        traced([X])


def refused_for_a_tensor_of_the_layer(monkeypatch):
    return layer_of(lambda self, x: (self.a(x), self.a.bias), projections), ROWS, "is the same memory in each call"


def refused_as_wrong(monkeypatch):
    call = partitions.Partitions.__call__
    monkeypatch.setattr(partitions.Partitions, "__call__", lambda self, *x: tuple(y + 1 for y in call(self, *x)))
    return layer_of(lambda self, x: self.a(x), projections), ROWS, "differs from the graph as it was traced"


def refused_as_slower(monkeypatch):
    seconds = itertools.cycle([1.0, 2.0])
    monkeypatch.setattr(partitions, "timed", lambda run, feeds: (run(*feeds), next(seconds)))
    return layer_of(lambda self, x: self.a(x), projections), ROWS, "it is not faster"


def refused_by_the_compiler(monkeypatch):
    pooled = layer_of(lambda self, x: self.a(torch.nn.functional.avg_pool2d(x, 2)), convolutions)
    return pooled, floats(4, 16, 40, 40), "the compiler refuses the graph"


def refused_without_a_part(monkeypatch):
    monkeypatch.setattr(torch._C, "_jit_set_llga_enabled", lambda enabled: False)
    return layer_of(lambda self, x: self.a(x), projections), ROWS, "takes no part of the graph"


REFUSED = [
    refused_for_a_tensor_of_the_layer, refused_as_wrong, refused_as_slower, refused_by_the_compiler,
    refused_without_a_part,
]  # fmt: skip


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.__name__)
def test_partitions_that_are_of_no_use(case, monkeypatch, caplog):
    layer, x, reason = case(monkeypatch)
    layer.eval()
    with caplog.at_level("INFO", "fxtraced"):
        traced = trace(layer, x)
    assert "runs without compiled partitions" in caplog.text
    assert reason in caplog.text
    assert answering(traced) == 0
    assert reason in executable(traced)._refused
    for _ in range(MANY + 2):
        results = traced([x])
    with paddle.no_grad():
        expected = layer(x)
    wanted = expected[0] if isinstance(expected, tuple) else expected
    np.testing.assert_allclose(results[0], wanted.numpy(), atol=1e-5)


def test_one_slow_measurement_refuses_nothing(monkeypatch):
    seconds = iter([1.0, 2.0, 2.0, 1.0])
    monkeypatch.setattr(partitions, "timed", lambda run, feeds: (run(*feeds), next(seconds)))
    assert answering(trace(layer_of(lambda self, x: self.a(x), projections), ROWS)) == 1


def small(self):
    self.a = nn.Linear(4, 4)


NOT_FOR_IT = {
    "small": (lambda self, x: self.a(x), small, floats(2, 4)),
    "random": (lambda self, x: self.a(x) + paddle.rand([512]), projections, ROWS),
    "float64": (lambda self, x: self.a(x).astype("float64"), projections, ROWS),
    "a loop": (lambda self, x: paddle.static.nn.while_loop(lambda i, y: i < 3, lambda i, y: [i + 1, y * 2],
                                                            [ints(1, high=1), self.a(x)])[1], projections, ROWS),
    "a write": (lambda self, x: self.a(x).add_(1.0), projections, ROWS),
    "no weights": (lambda self, x: x @ x.t(), lambda self: None, floats(512, 512)),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_FOR_IT)
def test_graphs_that_are_not_for_it(name):
    forward, setup, x = NOT_FOR_IT[name]
    traced = trace(layer_of(forward, setup), x)
    assert not isinstance(traced.program.runnable(tuple(traced.program.fetch_names)), PartitionedExecutable)
    assert "compile_partitions" not in traced.program.pass_report


@pytest.mark.parametrize(
    "name", ["compile_partitions", "fold_batch_norm", "pack_convolutions", "convolve_linears", "pack_linears"]
)
def test_a_strategy_that_wants_the_layers_weights_gets_no_partitions(net, name):
    traced = trace(net, X)
    build = paddle.static.BuildStrategy()
    build.delete_pass(name)
    compiled = paddle.static.CompiledProgram(traced.program, build_strategy=build)
    assert "compile_partitions" not in compiled.report()
    assert "compile_partitions" in paddle.static.CompiledProgram(traced.program).report()


def test_a_plain_module_keeps_its_own_weights():
    module = torch.nn.Linear(512, 512)
    _, traced = paddle.jit.TracedLayer.trace(module, [torch.rand(8, 512)])
    assert "compile_partitions" not in traced.program.pass_report


def test_scripts_of_the_user_are_not_compiled_in_partitions(net):
    traced = trace(net, X)
    assert answering(traced) > 0
    assert torch._C._jit_llga_enabled() is False
    with quiet(), torch.no_grad():
        scripted = torch.jit.freeze(torch.jit.trace(torch.nn.Linear(512, 512).eval(), torch.rand(8, 512)))
        for _ in range(3):
            scripted(torch.rand(8, 512))
    kinds = {node.kind() for node in torch._C._last_executed_optimized_graph().nodes()}
    assert not any("oneDNN" in kind for kind in kinds)


def test_verify_looks_at_partitions_and_at_the_graph_for_other_sizes(net):
    traced = trace(net, X)
    report = paddle.static.CompiledProgram(traced.program).verify()
    assert max(probe.relative for probe in report.probes) < 1e-5


def test_partitions_that_write_into_a_feed_are_refused(monkeypatch):
    call = partitions.Partitions.__call__

    def writing(self, *feeds):
        results = call(self, *feeds)
        feeds[0].mul_(0.5)
        return results

    layer = layer_of(lambda self, x: self.a(x), projections)
    layer.eval()
    monkeypatch.setattr(partitions.Partitions, "__call__", writing)
    x = ROWS.clone()
    traced = trace(layer, x)
    assert executable(traced)._refused == "it writes into a feed or a weight"


def test_a_rare_size_builds_nothing(net):
    traced = trace(net, X)
    run, built = executable(traced), []
    lowered = run._lowered
    run._lowered = lambda: built.append(1) or lowered()
    for count in range(partitioned._RARE + 2):
        agree(traced, net, floats(3, 16, 20, 20))
        assert len(built) == max(0, count + 1 - partitioned._RARE)


def test_wrong_feeds_in_the_first_call_refuse_nothing():
    layer = layer_of(lambda self, x: self.a(x) if x.shape[0] % 2 == 0 else self.b(x), projections)
    layer.eval()
    _, traced = paddle.jit.TracedLayer.trace(layer, [ROWS], verify=False)
    with pytest.raises(paddle.errors.GuardError, match="FXT201"):
        traced([floats(7, 512)])
    assert executable(traced)._refused is None
    agree(traced, layer, ROWS)


def test_what_cannot_be_frozen_runs_as_it_was_traced(net, monkeypatch):
    def refuse(*arguments):
        raise RuntimeError("not enough memory")

    monkeypatch.setattr(freezing, "computed", refuse)
    traced = trace(net, X)
    agree(traced, net)
    assert executable(traced)._refused == "it cannot be frozen: not enough memory"


def test_guards_hold_without_being_in_the_partitions():
    def forward(self, x):
        y = self.b(F.relu(self.a(x)))
        y = y * 2 if y.shape[2] % 2 == 0 else -y
        return y * int(self.times)

    def setup(self):
        convolutions(self)
        self.register_buffer("times", paddle.to_tensor(3))

    layer = layer_of(forward, setup)
    layer.eval()
    traced = trace(layer, X)
    assert [guard.text for guard in traced.guards] == ["conv2d(relu(conv2d)).shape[2] % 2 == 0", "times == 3"]
    for _ in range(2):
        np.testing.assert_allclose(traced([X])[0], layer(X).detach().numpy(), rtol=1e-4, atol=1e-4)
    assert answering(traced) > 0
    with quiet():
        nodes = torch._C._last_executed_optimized_graph().nodes()
    assert not any(
        "RaiseException" in inner.kind() for node in nodes for block in node.blocks() for inner in block.nodes()
    )
    with pytest.raises(paddle.errors.GuardError, match=r"shape\[2\] % 2 == 0"):
        traced([floats(2, 16, 13, 12)])
    layer.times.set_value(paddle.to_tensor(4))
    with pytest.raises(paddle.errors.GuardError, match="times == 3"):
        traced([X])
    layer.times.set_value(paddle.to_tensor(3))
    np.testing.assert_allclose(traced([X])[0], layer(X).detach().numpy(), rtol=1e-4, atol=1e-4)

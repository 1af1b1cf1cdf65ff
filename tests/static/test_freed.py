"""What nobody holds is freed at once: no cycle keeps a model's memory until the garbage collector comes by."""

from __future__ import annotations

import gc
import weakref

import pytest
import torch

import fxtraced as paddle
from fxtraced import inference
from fxtraced.framework.memory import raise_if_out_of_memory
from tests.helpers import floats, layer_of, linear, trace

pytestmark = pytest.mark.usefixtures("with_and_without_native")


@pytest.fixture
def saved(tmp_path):
    layer = layer_of(lambda self, x: (self.fc(x), x), linear)
    trace(layer, floats(2, 4)).save_inference_model(str(tmp_path))
    return str(tmp_path)


@pytest.fixture
def no_collector(saved):
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def loaded(saved):
    executor = paddle.static.Executor()
    program, _, fetches = paddle.static.load_inference_model(saved, executor)
    return executor, program, fetches


def only_loaded(saved):
    executor, program, fetches = loaded(saved)
    return executor, program, program._module, fetches[0]


def run(saved):
    executor, program, _ = loaded(saved)
    executor.run(program, {"x": floats(2, 4)})
    return executor, program, program._module


def run_by_variables(saved):
    executor, program, fetches = loaded(saved)
    executor.run(program, {"x": floats(2, 4)}, fetches[1:])
    return executor, program, program._module


def run_compiled(saved):
    executor, program, _ = loaded(saved)
    compiled = paddle.static.CompiledProgram(program)
    executor.run(compiled, {"x": floats(2, 4)})
    return executor, program, compiled


def run_in_vain(saved):
    executor, program, _ = loaded(saved)
    x = floats(2, 5)
    for feed in ({"y": x}, {"x": "text"}, {"x": floats(2)}, {"x": x}):
        with pytest.raises(paddle.errors.FxtracedError):
            executor.run(program, feed)
    return executor, program, x


def predicted(saved):
    predictor = inference.create_predictor(inference.Config(saved))
    predictor.warm_up()
    predictor.self_test()
    predictor.run([floats(2, 4)])
    predictor.reload(saved)
    predictor.get_input_handle("x").copy_from_cpu(floats(2, 4).numpy())
    predictor.run()
    return predictor, predictor.clone(), predictor._cell.served.program


def batched(saved):
    predictor = inference.create_predictor(inference.Config(saved))
    with inference.Batcher(predictor) as batcher:
        batcher.run([floats(2, 4)])
    return predictor, batcher, predictor._cell.served.program


def loaded_as_a_layer(saved):
    layer = paddle.jit.load(saved)
    layer(floats(2, 4))
    return (layer,)


def traced(saved):
    static = trace(layer_of(lambda self, x: self.fc(x), linear), floats(2, 4))
    static([floats(2, 4)])
    paddle.static.Executor().run(static.program, {"x": floats(2, 4)})
    run = static.program.runnable(tuple(static.program.fetch_names))
    return static, static.program, run


def called_in_vain(saved):
    x = floats(2, 4)
    with pytest.raises(RuntimeError, match=r"in matmul\(x=float32\[2, 4\]"):
        paddle.matmul(x, floats(3, 4))
    return (x,)


def out_of_memory(saved):
    x = floats(2, 4)

    def fail(held):
        try:
            raise RuntimeError("CUDA out of memory")
        except RuntimeError as error:
            raise_if_out_of_memory(error, "a test")

    with pytest.raises(paddle.errors.OutOfMemoryError, match="FXT307 a test needs more memory"):
        fail(x)
    return (x,)


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize(
    "use",
    [
        only_loaded,
        run,
        run_by_variables,
        run_compiled,
        run_in_vain,
        predicted,
        batched,
        loaded_as_a_layer,
        traced,
        called_in_vain,
        out_of_memory,
    ],
)
def test_freed(use, saved):
    with torch.no_grad():
        held = [weakref.ref(x) for x in use(saved)]
    assert [x() for x in held] == [None] * len(held)


def resident():
    """The memory of this process in KiB."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


@pytest.mark.parametrize("target", ["portable", "cpu", "cuda"])
def test_a_save_leaves_nothing(target, tmp_path):
    """TorchScript keeps types and methods in a unit of the process: half a megabyte for a save of this network."""
    net = paddle.nn.Sequential(paddle.nn.Conv2D(3, 4, 3), paddle.nn.BatchNorm2D(4), paddle.nn.ReLU())
    net.eval()
    static = trace(net, floats(2, 3, 8, 8))

    def save(times):
        for _ in range(times):
            static.save_inference_model(str(tmp_path), target=target)
        gc.collect()
        return resident()

    save(10)
    before = save(1)
    assert save(20) - before < 20 * 100

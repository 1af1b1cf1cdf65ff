"""The engines of scripts/bench.py: each makes a function of NumPy arrays or tensors from a traced layer."""

from __future__ import annotations

import importlib.util
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from bench_children import cpp, cpp_cpu, cpp_predictor
from torch.utils.flop_counter import FlopCounterMode

import fxtraced as paddle
from fxtraced import sysconfig
from fxtraced.framework.native import VARIABLE, native_path
from fxtraced.tensor.tensor import plain

Run = Callable[[], list[Any]]


def eager(layer: Any, traced: Any, inputs: list[Any]) -> Run:
    """The layer itself, without gradients."""

    def run() -> list[Any]:
        with paddle.no_grad():
            return [layer(*inputs).numpy()]

    return run


def ours(layer: Any, traced: Any, inputs: list[Any]) -> Run:
    """The static graph as users call it, NumPy arrays and checks included."""
    return lambda: traced(inputs)


def native(layer: Any, traced: Any, inputs: list[Any]) -> Run:
    """The same with the native module, which is built where it was not."""
    with with_native():
        _, static = paddle.jit.TracedLayer.trace(layer, inputs)
        # What makes calls in one step is made by the calls before.
        for _ in range(3):
            static(inputs)
    return lambda: static(inputs)


@contextmanager
def with_native() -> Iterator[None]:
    """Graphs that are made within it use the native module, in a folder of the benchmark's own."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = os.path.join(tempfile.gettempdir(), f"fxtraced-bench-{os.getuid()}")
    try:
        path = native_path()
        if path is not None and not path.is_file():
            sysconfig.build_native(verbose=False)
        yield
    finally:
        os.environ[VARIABLE] = before or ""


def ours_in_bfloat16(layer: Any, traced: Any, inputs: list[Any]) -> Run:
    """The same in bfloat16, with live weights."""
    build = paddle.static.BuildStrategy()
    build.enable_mkldnn_bfloat16()
    traced.set_strategy(build)
    return lambda: traced(inputs)


def autocast(layer: Any, traced: Any, inputs: list[Any]) -> Run:
    """The layer itself in torch's automatic mixed precision, in bfloat16."""

    def run() -> list[Any]:
        with paddle.no_grad(), torch.autocast("cpu", torch.bfloat16):
            return [layer(*inputs).astype("float32").numpy()]

    return run


def predictor(layer: Any, traced: Any, inputs: list[Any]) -> Run:
    """A predictor in Python on the portable archive, in bfloat16."""
    with tempfile.TemporaryDirectory() as place:
        traced.save_inference_model(place)
        config = paddle.inference.Config(place)
        config.enable_mkldnn_bfloat16()
        served = paddle.inference.create_predictor(config)
    return lambda: [served.run(inputs)[0].numpy()]


def script(layer: Any, traced: Any, inputs: list[Any]) -> Run:
    """The scripted graph with the layer's own weights."""
    run = _scripted(traced)
    return lambda: [run(*inputs)[0].numpy()]


def freeze(layer: Any, traced: Any, inputs: list[Any]) -> Run:
    """torch's own freezing and optimize_for_inference of that."""
    module = _scripted(traced)._module.eval()
    frozen = torch.jit.optimize_for_inference(torch.jit.freeze(module))

    def run() -> list[Any]:
        with torch.no_grad():
            return [frozen(*inputs).numpy()]

    return run


def onnxruntime(layer: Any, traced: Any, inputs: list[Any]) -> Run:
    """ONNX Runtime on the exported graph."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = ort.InferenceSession(_onnx(traced, inputs), options, providers=["CPUExecutionProvider"])
    arrays = {x.name: value.numpy() for x, value in zip(session.get_inputs(), inputs, strict=True)}
    return lambda: session.run(None, arrays)


def openvino(layer: Any, traced: Any, inputs: list[Any], precision: str = "f32") -> Run:
    """OpenVINO on the exported graph, with the precision forced."""
    import openvino as ov

    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "model.onnx"
        path.write_bytes(_onnx(traced, inputs))
        settings = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": torch.get_num_threads()}
        compiled = ov.Core().compile_model(ov.Core().read_model(path), "CPU", settings)
    arrays = [x.numpy() for x in inputs]
    return lambda: [compiled(arrays)[0]]


def aotinductor(layer: Any, traced: Any, inputs: list[Any], in_bfloat16: bool = False) -> Run:
    """torch's compiler ahead of time, with the weights frozen into what it compiles; from Python."""
    feeds = tuple(map(plain, inputs))
    mixed = torch.autocast("cpu", torch.bfloat16, enabled=in_bfloat16)
    with tempfile.TemporaryDirectory() as place, torch.no_grad(), mixed:
        exported = torch.export.export(graph_module(traced), feeds)
        package = torch._inductor.aoti_compile_and_package(
            exported, package_path=f"{place}/model.pt2", inductor_configs={"freezing": True}
        )
        compiled = torch._inductor.aoti_load_package(package)

    def run() -> list[Any]:
        with torch.no_grad():
            result = compiled(*feeds)
        return [(result[0] if isinstance(result, list | tuple) else result).float().numpy()]

    return run


# By precision. cpp, cpp_cpu, cpp_predictor and paddle are processes of their own (bench_children.py). ONNX Runtime has
# no bfloat16 on CPUs.
ENGINES: dict[str, dict[str, Any]] = {
    "float32": {
        x.__name__: x
        for x in (eager, ours, native, cpp, cpp_cpu, cpp_predictor, script, freeze, aotinductor, onnxruntime, openvino)
    },
    "bfloat16": {
        "eager": eager,
        "autocast": autocast,
        "ours": ours_in_bfloat16,
        "predictor": predictor,
        "cpp_cpu": partial(cpp_cpu, dtype="bfloat16"),
        "cpp_predictor": partial(cpp_predictor, in_bfloat16=True),
        "aotinductor": partial(aotinductor, in_bfloat16=True),
        "openvino": partial(openvino, precision="bf16"),
    },
}


def available(name: str, precision: str) -> bool:
    """False for what this precision lacks, and for a peer that is not installed (pip install "fxtraced[bench]")."""
    if name != "paddle" and name not in ENGINES[precision]:
        return False
    return name not in ("onnxruntime", "openvino") or all(map(importlib.util.find_spec, (name, "onnxscript")))


def graph_module(traced: Any) -> torch.fx.GraphModule:
    """The recorded graph with its tensors, as other tools of torch read it."""
    program = traced.program
    trace = program.trace
    tensors = {path: plain(ref.get()) for path, ref in trace.state.items()}
    tensors.update((name, constant.tensor) for name, constant in trace.constants.items())
    return torch.fx.GraphModule(tensors, program.graph_of(tuple(program.fetch_names)))


def flop(traced: Any, inputs: list[Any]) -> int:
    """The floating point operations of a call in convolutions, products and attention, not in recurrent layers."""
    module, feeds = graph_module(traced), tuple(map(plain, inputs))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(*feeds)
    return counter.get_total_flops()


def product(precision: str) -> tuple[Callable[[], Any], int]:
    """A large product of oneDNN with packed weights, and its floating point operations: the limit's measure."""
    size = 1024
    x, weight = (torch.rand(size, size).to(getattr(torch, precision)) for _ in range(2))
    packed = torch.ops.mkldnn._reorder_linear_weight(weight, size)
    return lambda: torch.ops.mkldnn._linear_pointwise(x, packed, None, "none", [], ""), 2 * size**3


def _scripted(traced: Any) -> Any:
    return traced.program.plain_runnable(tuple(traced.program.fetch_names))


def _onnx(traced: Any, inputs: list[Any]) -> bytes:
    feeds = tuple(map(plain, inputs))
    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(place) / "model.onnx"
        torch.onnx.export(graph_module(traced), feeds, str(path), verbose=False, external_data=False)
        return path.read_bytes()

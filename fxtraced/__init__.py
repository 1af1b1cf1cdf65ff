"""fxtraced: Paddle's layers on PyTorch, traced into static graphs that libtorch loads.

import fxtraced as paddle

outs, static = paddle.jit.TracedLayer.trace(layer, [x])
static.save_inference_model("saved_infer_model")
"""

import gc
import importlib
import sys
from typing import TYPE_CHECKING, Any

# A full collection in the middle walks all of torch's objects and costs a third of this import.
_collecting = gc.isenabled()
gc.disable()

from fxtraced import device, errors, framework, jit, linalg, nn, optimizer, regularizer, static, tensor
from fxtraced.compat import install_as_paddle
from fxtraced.framework.dtype import (
    bfloat16,
    bool,
    complex64,
    complex128,
    dtype,
    finfo,
    float16,
    float32,
    float64,
    get_default_dtype,
    iinfo,
    int8,
    int16,
    int32,
    int64,
    set_default_dtype,
    uint8,
)
from fxtraced.framework.gradient import enable_grad, grad, is_grad_enabled, no_grad, set_grad_enabled
from fxtraced.framework.io import load, save
from fxtraced.framework.mode import disable_static, enable_static, in_dynamic_mode
from fxtraced.framework.place import (
    CPUPlace,
    CUDAPlace,
    get_device,
    is_compiled_with_cinn,
    is_compiled_with_cuda,
    is_compiled_with_custom_device,
    is_compiled_with_distribute,
    is_compiled_with_ipu,
    is_compiled_with_rocm,
    is_compiled_with_xpu,
    set_device,
)
from fxtraced.framework.random import get_rng_state, seed, set_rng_state
from fxtraced.framework.version import VERSION as __version__
from fxtraced.nn.layer.parameters import create_parameter
from fxtraced.nn.param_attr import ParamAttr
from fxtraced.tensor import *  # noqa: F403 - the functions of the tensor API are listed in fxtraced.tensor
from fxtraced.tensor import __all__ as _tensor_functions

if _collecting:
    gc.enable()

# Paddle has itself, too: some code says paddle.paddle where it means Tensor.
paddle = sys.modules[__name__]

# What few programs use is imported when it is asked for, so that `import fxtraced` stays quick.
_LATER = {
    "_legacy_C_ops": "fxtraced._legacy_C_ops",
    "amp": "fxtraced.amp",
    "autograd": "fxtraced.autograd",
    "base": "fxtraced.base",
    "common_ops_import": "fxtraced.common_ops_import",
    "distributed": "fxtraced.distributed",
    "distribution": "fxtraced.distribution",
    "fft": "fxtraced.fft",
    "hapi": "fxtraced.hapi",
    "incubate": "fxtraced.incubate",
    "inference": "fxtraced.inference",
    "io": "fxtraced.io",
    "metric": "fxtraced.metric",
    "profiler": "fxtraced.profiler",
    "signal": "fxtraced.signal",
    "sysconfig": "fxtraced.sysconfig",
    "utils": "fxtraced.utils",
    "version": "fxtraced.version",
    "vision": "fxtraced.vision",
    "DataParallel": "fxtraced.distributed.parallel.DataParallel",
    "summary": "fxtraced.hapi.model_summary.summary",
}

if TYPE_CHECKING:
    from fxtraced import amp, autograd, base, distributed, distribution, fft, hapi, incubate, inference, metric
    from fxtraced import io, profiler, signal, sysconfig, utils, version, vision
    from fxtraced import _legacy_C_ops as _legacy_C_ops
    from fxtraced import common_ops_import as common_ops_import
    from fxtraced.distributed.parallel import DataParallel
    from fxtraced.hapi.model_summary import summary
else:

    def __getattr__(name: str) -> Any:
        if name not in _LATER:
            raise AttributeError(f"module 'fxtraced' has no attribute {name!r}")
        path = _LATER[name]
        if path == f"fxtraced.{name}":
            return importlib.import_module(path)
        module, _, attribute = path.rpartition(".")
        globals()[name] = found = getattr(importlib.import_module(module), attribute)
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *_LATER})


__all__ = [
    "CPUPlace",
    "CUDAPlace",
    "DataParallel",
    "ParamAttr",
    "__version__",
    "amp",
    "autograd",
    "base",
    "bfloat16",
    "bool",
    "complex128",
    "complex64",
    "create_parameter",
    "device",
    "disable_static",
    "distributed",
    "distribution",
    "dtype",
    "enable_grad",
    "enable_static",
    "errors",
    "fft",
    "finfo",
    "float16",
    "float32",
    "float64",
    "framework",
    "get_default_dtype",
    "get_device",
    "get_rng_state",
    "grad",
    "hapi",
    "iinfo",
    "in_dynamic_mode",
    "incubate",
    "inference",
    "install_as_paddle",
    "int16",
    "int32",
    "int64",
    "int8",
    "io",
    "is_compiled_with_cinn",
    "is_compiled_with_cuda",
    "is_compiled_with_custom_device",
    "is_compiled_with_distribute",
    "is_compiled_with_ipu",
    "is_compiled_with_rocm",
    "is_compiled_with_xpu",
    "is_grad_enabled",
    "jit",
    "linalg",
    "load",
    "metric",
    "nn",
    "no_grad",
    "optimizer",
    "profiler",
    "regularizer",
    "save",
    "seed",
    "set_default_dtype",
    "set_device",
    "set_grad_enabled",
    "set_rng_state",
    "signal",
    "static",
    "summary",
    "sysconfig",
    "tensor",
    "uint8",
    "utils",
    "version",
    "vision",
    *_tensor_functions,
]

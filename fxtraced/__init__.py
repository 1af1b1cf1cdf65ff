"""fxtraced: Paddle's layers on PyTorch, traced into static graphs that libtorch loads.

import fxtraced as paddle

outs, static = paddle.jit.TracedLayer.trace(layer, [x])
static.save_inference_model("saved_infer_model")
"""

import gc

# A full collection in the middle walks all of torch's objects and costs a third of this import.
_collecting = gc.isenabled()
gc.disable()

from fxtraced import base, device, errors, inference, jit, linalg, nn, optimizer
from fxtraced import regularizer, static, sysconfig, tensor, vision
from fxtraced.base.param_attr import ParamAttr
from fxtraced.compat import install_as_paddle
from fxtraced.framework.dtype import (
    bfloat16,
    bool,
    complex64,
    complex128,
    dtype,
    float16,
    float32,
    float64,
    get_default_dtype,
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
    is_compiled_with_cuda,
    set_device,
)
from fxtraced.framework.random import get_rng_state, seed, set_rng_state
from fxtraced.framework.version import VERSION as __version__
from fxtraced.nn.layer.parameters import create_parameter
from fxtraced.tensor import *  # noqa: F403 - the functions of the tensor API are listed in fxtraced.tensor
from fxtraced.tensor import __all__ as _tensor_functions

if _collecting:
    gc.enable()

__all__ = [
    "CPUPlace",
    "CUDAPlace",
    "ParamAttr",
    "__version__",
    "base",
    "bfloat16",
    "bool",
    "complex64",
    "complex128",
    "create_parameter",
    "device",
    "disable_static",
    "dtype",
    "enable_grad",
    "enable_static",
    "errors",
    "float16",
    "float32",
    "float64",
    "get_default_dtype",
    "get_device",
    "get_rng_state",
    "grad",
    "in_dynamic_mode",
    "int8",
    "int16",
    "int32",
    "inference",
    "install_as_paddle",
    "int64",
    "is_compiled_with_cuda",
    "is_grad_enabled",
    "jit",
    "linalg",
    "load",
    "nn",
    "no_grad",
    "optimizer",
    "regularizer",
    "save",
    "seed",
    "set_default_dtype",
    "set_device",
    "set_grad_enabled",
    "set_rng_state",
    "static",
    "sysconfig",
    "tensor",
    "uint8",
    "vision",
    *_tensor_functions,
]

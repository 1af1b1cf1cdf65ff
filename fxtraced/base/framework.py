"""paddle.base.framework."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from fxtraced.framework.dtype import convert_dtype
from fxtraced.framework.mode import in_dynamic_mode
from fxtraced.framework.place import CPUPlace as CPUPlace
from fxtraced.framework.place import CUDAPlace as CUDAPlace
from fxtraced.framework.place import is_compiled_with_cinn as is_compiled_with_cinn
from fxtraced.framework.place import is_compiled_with_cuda as is_compiled_with_cuda
from fxtraced.framework.place import is_compiled_with_distribute as is_compiled_with_distribute
from fxtraced.framework.place import is_compiled_with_rocm as is_compiled_with_rocm
from fxtraced.framework.place import is_compiled_with_xpu as is_compiled_with_xpu
from fxtraced.static.program import Program as Program
from fxtraced.static.variable import Variable as Variable
from fxtraced.tensor.tensor import Parameter as Parameter
from fxtraced.utils.requirement import require_version as require_version

EagerParamBase = Parameter
in_dygraph_mode = in_dynamic_mode


def in_pir_mode() -> bool:
    """False: PIR is Paddle's."""
    return False


def in_dynamic_or_pir_mode() -> bool:
    """True unless enable_static() was called."""
    return in_dynamic_mode()


@contextmanager
def _stride_in_no_check_dy2st_diff() -> Iterator[None]:
    """Changes nothing: Paddle does not check in it that views are written as in a static program, which traces are."""
    yield


def convert_np_dtype_to_dtype_(np_dtype: Any) -> torch.dtype:
    """The dtype of a NumPy dtype or of a name."""
    return convert_dtype(np_dtype)

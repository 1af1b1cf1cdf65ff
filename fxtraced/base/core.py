"""paddle.base.core: what model code asks of Paddle's C++ core."""

from __future__ import annotations

from types import SimpleNamespace

import torch

from fxtraced.framework.place import CPUPlace as CPUPlace
from fxtraced.framework.place import CUDAPlace as CUDAPlace
from fxtraced.framework.place import is_compiled_with_cinn as is_compiled_with_cinn
from fxtraced.framework.place import is_compiled_with_cuda as is_compiled_with_cuda
from fxtraced.framework.place import is_compiled_with_custom_device as is_compiled_with_custom_device
from fxtraced.framework.place import is_compiled_with_rocm as is_compiled_with_rocm
from fxtraced.framework.place import is_compiled_with_xpu as is_compiled_with_xpu
from fxtraced.tensor.tensor import Tensor

eager = SimpleNamespace(Tensor=Tensor)


class VarDesc:
    """The dtypes by their old names."""

    class VarType:
        """VarType.FP32 is float32, and so on."""

        BOOL = torch.bool
        INT8 = torch.int8
        INT16 = torch.int16
        INT32 = torch.int32
        INT64 = torch.int64
        UINT8 = torch.uint8
        FP16 = torch.float16
        BF16 = torch.bfloat16
        FP32 = torch.float32
        FP64 = torch.float64
        COMPLEX64 = torch.complex64
        COMPLEX128 = torch.complex128

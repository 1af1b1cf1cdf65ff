"""Plain torch code in forward: what torch takes in Python and TorchScript does not take as it stands.

Each is traced with verification, which also runs the graph at another leading size, and is saved and loaded.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import fxtraced as paddle
from fxtraced.errors import LoweringError


class Called(nn.Module):
    def __init__(self, function: Callable[[Any], Any]):
        super().__init__()
        self._function = function

    def forward(self, x: Any) -> Any:
        return self._function(x)


def square_transposed_in_place(x: Any) -> Any:
    y = x.clone()
    rows = y.shape[0]
    y.t_()
    return y.reshape(y.shape[0], -1) * rows, y.shape[0] * x


def written(x: Any) -> Any:
    y = x.clone()
    y[y > 0.5] = 0
    y[..., [0, 2]] += 1
    y[True, 0] = 3
    y[..., x.sum() > 0, 1] = 4
    return y


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    # Ints where TorchScript wants floats
    "dropout": lambda x: F.dropout(x, 0),
    "leaky_relu": lambda x: F.leaky_relu(x, 0),
    "normalize": lambda x: F.normalize(x, 2),
    "cdist": lambda x: torch.cdist(x, x, 2),
    "layer_norm eps": lambda x: F.layer_norm(x, (3,), None, None, 1),
    "isclose": lambda x: torch.isclose(x, x + 0.5, 1, 0),
    "interpolate": lambda x: F.interpolate(x[None], scale_factor=2),
    "pad value": lambda x: F.pad(x, (1, x.shape[0]), value=1),
    "pad value from a size": lambda x: F.pad(x, (1, 2), value=x.shape[0]),
    "quantile": lambda x: torch.quantile(x, 0),
    # Arguments that TorchScript takes for something else
    "kept size": lambda x: F.adaptive_avg_pool2d(x[None], (2, None)),
    "kept size of maxima": lambda x: F.adaptive_max_pool2d(x[None], (None, 2), return_indices=True),
    "bits": lambda x: x.view(torch.int32),
    "bits of one": lambda x: x[0, 0].view(torch.int32),
    "full of True": lambda x: torch.full([2], True) & (x[0, 0] > 0),
    "full of an int": lambda x: torch.full((2,), 3) + x[0, 0],
    "literal of sizes": lambda x: x * torch.tensor([x.shape[0], 2, 3]),
    "literal of sizes and floats": lambda x: x * torch.tensor([[x.shape[0], 0.5, 3], [1, 2, 3.0]]).sum(),
    "literal of sizes and bools": lambda x: x * torch.tensor([x.shape[0], True, 0]),
    "literal with a dtype": lambda x: x * torch.tensor(x.shape[0], dtype=torch.float64),
    "shape as a tensor": lambda x: x[:, :2] * torch.as_tensor(x.shape),
    # Methods that TorchScript does not have
    "bool": lambda x: x.masked_fill(torch.triu(torch.ones(x.shape[0], 3), 1).bool(), -math.inf),
    "half": lambda x: x.half().float(),
    "byte": lambda x: x.byte(),
    "cfloat": lambda x: torch.view_as_real(x.cfloat()),
    "norm": lambda x: [x.norm(), x.norm(1), x.norm(dim=-1, keepdim=True)],
    "unique": lambda x: x.round().unique(dim=0),
    "new_tensor": lambda x: x * x.new_tensor([1, 2, 3]),
    "nonzero": lambda x: x[x.nonzero(as_tuple=True)],
    "numel": lambda x: x * torch.numel(x) + x.nelement(),
    "nbytes": lambda x: x * x.nbytes,
    # Sizes one by one
    "zeros": lambda x: x + torch.zeros(x.shape[0], 3),
    "ones": lambda x: x + torch.ones(*x.shape),
    "empty": lambda x: x + torch.empty(x.shape[0], 3).fill_(2),
    "rand": lambda x: x + torch.rand(x.shape[0], x.shape[1]),
    "randn": lambda x: x + torch.randn(x.shape[0], 3, dtype=torch.float64),
    "expand": lambda x: x[0].expand(x.shape[0], -1),
    "new_zeros": lambda x: x.new_zeros(x.shape[0], 2),
    "new_ones": lambda x: x.new_ones(x.shape),
    # Indices
    "x[True]": lambda x: x[True],
    "x[True, 0]": lambda x: x[True, 0],
    "x[:, False]": lambda x: x[:, False],
    "x[..., True]": lambda x: x[..., True],
    "x[one bool]": lambda x: x[x.sum() > 0],
    "x[..., list]": lambda x: x[..., [0, 1]],
    "x[..., tensor, :]": lambda x: x[None][..., torch.tensor([0, 1]), :],
    "x[..., mask]": lambda x: x[..., x > 0.5],
    "x[...]": lambda x: x[...],
    "x[0, ..., None, 1]": lambda x: x[0, ..., None, 1],
    "x[0, 0, ...]": lambda x: x[0, 0, ...],
    "writes": written,
    # Layouts that follow from sizes
    "stride": lambda x: torch.as_strided(x, (x.shape[0] * x.shape[1],), (1,)) * x.stride(0),
    "strides": lambda x: x.as_strided((x.size(0),), x.stride()[:1], x.storage_offset()),
    "transposed in place": lambda x: [x.clone().t_(), x.shape[0] * x],
    "transposed in place, sizes kept": square_transposed_in_place,
    "squeezed in place": lambda x: x.clone().unsqueeze_(0).squeeze_(),
    # NumPy on sizes
    "np.sqrt": lambda x: x / float(np.sqrt(x.shape[1])),
    "np.float32 * size": lambda x: x * (np.float32(2) * x.shape[0]),
    "size * np.float32": lambda x: x * (x.shape[0] * np.float32(2)),
    "np.int64 + size": lambda x: x[: np.int64(-2) + x.shape[0]],
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_torch_function(function: Callable[[Any], Any], tmp_path: Path) -> None:
    x = torch.rand(3, 3) if function is square_transposed_in_place else torch.rand(4, 3)
    _, traced = paddle.jit.TracedLayer.trace(Called(function), [x])
    assert traced.report is not None
    assert not any(probe.skipped.startswith("guarded") for probe in traced.report.probes)
    traced.save_inference_model(str(tmp_path))
    paddle.static.load_inference_model(str(tmp_path))


def test_the_number_of_parts_is_a_guard() -> None:
    _, traced = paddle.jit.TracedLayer.trace(Called(lambda x: sum(x.unbind(0))), [torch.rand(4, 3)])
    for rows in (1, 3, 5):
        with pytest.raises(paddle.errors.GuardError, match=r"len\(unbind\(x\)\) == 4"):
            traced([torch.rand(rows, 3)])


def test_bits_that_are_written_are_refused() -> None:
    with pytest.raises(LoweringError, match="FXT105 .*shares memory"):
        paddle.jit.TracedLayer.trace(Called(lambda x: x.clone().view(torch.int32).add_(1)), [torch.rand(4, 3)])


def test_torch_keeps_its_names() -> None:
    before = torch.zeros
    paddle.jit.TracedLayer.trace(Called(lambda x: x + torch.zeros(x.shape[0], 3)), [torch.rand(4, 3)])
    with pytest.raises(RuntimeError):
        paddle.jit.TracedLayer.trace(Called(lambda x: x @ torch.zeros(x.shape[0], 2)), [torch.rand(4, 3)])
    assert torch.zeros is before


def test_a_factory_that_forward_knows_by_another_name() -> None:
    zeros = torch.zeros
    # Before torch 2.13 its argument parser refuses the sizes itself.
    told = r"FXT104 .*one by one at .*test_torch_functions.py:\d+|invalid combination of arguments"
    with pytest.raises(TypeError, match=told):
        paddle.jit.TracedLayer.trace(Called(lambda x: x + zeros(x.shape[0], 3)), [torch.rand(4, 3)])

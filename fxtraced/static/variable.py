"""Variable: a named value of a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from fxtraced.framework.dtype import dtype_name

if TYPE_CHECKING:
    from fxtraced.static.program import Program


class Variable:
    """A feed, a fetch or an inner value of a program (paddle.static.Variable).

    name: how to feed or fetch it. shape: -1 where another size was tried and worked. dtype: a torch dtype.
    """

    def __init__(self, name: str, shape: tuple[int, ...], dtype: torch.dtype, program: Program):
        self.name = name
        self.shape = shape
        self.dtype = dtype
        self.program = program

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __repr__(self) -> str:
        return f"var {self.name} : {dtype_name(self.dtype)}{list(self.shape)}"

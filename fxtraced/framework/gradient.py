"""Gradient modes and gradients of outputs with respect to inputs."""

from __future__ import annotations

from typing import Any

import torch

no_grad = torch.no_grad
enable_grad = torch.enable_grad
is_grad_enabled = torch.is_grad_enabled
set_grad_enabled = torch.set_grad_enabled


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool = False,
    no_grad_vars: Any = None,
) -> list[Any]:
    """The gradients of the sum of outputs with respect to inputs, a list (paddle.grad).

    Raises ValueError for only_inputs=False and for no_grad_vars, which torch has not.
    """
    if not only_inputs or no_grad_vars is not None:
        raise ValueError("grad: only_inputs=False and no_grad_vars are not supported")
    return list(
        torch.autograd.grad(
            outputs,
            inputs,
            grad_outputs,
            retain_graph=retain_graph,
            create_graph=create_graph,
            allow_unused=allow_unused,
        )
    )

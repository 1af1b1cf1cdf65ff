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
    """The gradients of outputs with respect to inputs, a list (paddle.grad).

    grad_outputs: for each output its gradient, or None for ones; None alone means ones for all.
    Raises ValueError for an input that the outputs do not depend on, unless allow_unused gives None for it; for
    only_inputs=False; and for no_grad_vars, which torch has not.
    """
    if not only_inputs or no_grad_vars is not None:
        raise ValueError("grad: only_inputs=False and no_grad_vars are not supported")
    outputs, seeds = with_seeds(outputs, grad_outputs, "grad", "grad_outputs")
    inputs = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
    # torch would take its own function for one of tensors, and give it copies that the outputs do not depend on.
    with torch._C.DisableTorchFunctionSubclass():
        found = torch.autograd.grad(outputs, inputs, seeds, retain_graph, create_graph, allow_unused=True)
    for number, gradient in enumerate(found):
        if gradient is None and not allow_unused:
            raise ValueError(
                f"grad: inputs[{number}] does not appear in the graph of the outputs. "
                "Check it, or set allow_unused=True to get None for it."
            )
    # Of the class that torch functions make of the input.
    return [
        gradient if gradient is None else gradient.as_subclass(type(torch.detach(of)))
        for of, gradient in zip(inputs, found, strict=True)
    ]


def with_seeds(tensors: Any, gradients: Any, function: str, argument: str) -> tuple[list[Any], list[Any]]:
    """The tensors and their gradients as lists of the same length, with ones for None."""
    tensors = list(tensors) if isinstance(tensors, list | tuple) else [tensors]
    if gradients is None:
        gradients = [None] * len(tensors)
    elif not isinstance(gradients, list | tuple):
        gradients = [gradients]
    if len(gradients) != len(tensors):
        raise ValueError(f"{function}: {len(tensors)} tensors, but {len(gradients)} {argument}")
    return tensors, [torch.ones_like(t) if seed is None else seed for t, seed in zip(tensors, gradients, strict=True)]

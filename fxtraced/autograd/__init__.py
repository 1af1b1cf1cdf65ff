"""Gradients (paddle.autograd)."""

from fxtraced.autograd.backward_mode import backward
from fxtraced.autograd.py_layer import PyLayer, PyLayerContext
from fxtraced.autograd.saved_tensors_hooks import saved_tensors_hooks
from fxtraced.framework.gradient import enable_grad as enable_grad
from fxtraced.framework.gradient import grad as grad
from fxtraced.framework.gradient import is_grad_enabled as is_grad_enabled
from fxtraced.framework.gradient import no_grad as no_grad
from fxtraced.framework.gradient import set_grad_enabled as set_grad_enabled

__all__ = ["PyLayer", "PyLayerContext", "backward", "saved_tensors_hooks"]

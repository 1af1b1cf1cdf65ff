"""saved_tensors_hooks (paddle.autograd.saved_tensors_hooks)."""

from torch.autograd.graph import saved_tensors_hooks

__all__ = ["saved_tensors_hooks"]

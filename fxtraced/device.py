"""Devices (paddle.device)."""

from fxtraced.framework.place import get_device, is_compiled_with_cuda, set_device

__all__ = ["get_device", "is_compiled_with_cuda", "set_device"]

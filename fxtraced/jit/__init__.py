"""From layer to static graph."""

from fxtraced.jit.traced_layer import TracedLayer

__all__ = ["TracedLayer"]

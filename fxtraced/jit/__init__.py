"""From layer to static graph."""

from fxtraced.jit.api import load, not_to_static, save, to_static
from fxtraced.jit.traced_layer import TracedLayer
from fxtraced.jit.translated_layer import TranslatedLayer

__all__ = ["TracedLayer", "TranslatedLayer", "load", "not_to_static", "save", "to_static"]

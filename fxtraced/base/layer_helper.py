"""LayerHelper, which functions in repositories make before they ask whether the mode is dynamic."""

from __future__ import annotations

from typing import Any


class LayerHelper:
    """The name and the arguments of a function that builds a static program operation by operation.

    Only these are here: fxtraced makes static programs from layers. Everything else of Paddle's LayerHelper is an
    AttributeError that says so.
    """

    def __init__(self, layer_type: str, **kwargs: Any) -> None:
        self.layer_type = layer_type
        self.kwargs = kwargs
        self.name = kwargs.get("name") or layer_type

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"LayerHelper.{name}: fxtraced does not build static programs operation by operation. "
            "Use paddle.jit.TracedLayer.trace or paddle.jit.to_static on a layer.",
            name=name,
            obj=self,
        )

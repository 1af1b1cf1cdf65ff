"""ParamAttr: what a layer is told about a parameter that it makes."""

from __future__ import annotations

from typing import Any

from fxtraced.nn.initializer.initializer import Initializer
from fxtraced.regularizer import WeightDecayRegularizer


class ParamAttr:
    """Name, initializer, learning-rate factor, regularizer and trainability of a parameter (paddle.ParamAttr)."""

    def __init__(
        self,
        name: str | None = None,
        initializer: Initializer | None = None,
        learning_rate: float = 1.0,
        regularizer: WeightDecayRegularizer | None = None,
        trainable: bool = True,
        do_model_average: bool = True,
        need_clip: bool = True,
    ):
        self.name = name
        self.initializer = initializer
        self.learning_rate = learning_rate
        self.regularizer = regularizer
        self.trainable = trainable
        self.do_model_average = do_model_average
        self.need_clip = need_clip

    @staticmethod
    def _to_attr(arg: Any) -> Any:
        """A ParamAttr of what layers accept as weight_attr and bias_attr; False, which means no parameter, stays False.

        Raises TypeError for anything but None, bool, a name, an initializer, a regularizer and a ParamAttr.
        """
        if arg is None or arg is True:
            return ParamAttr()
        if arg is False or isinstance(arg, ParamAttr):
            return arg
        if isinstance(arg, str):
            return ParamAttr(name=arg)
        if isinstance(arg, Initializer):
            return ParamAttr(initializer=arg)
        if isinstance(arg, WeightDecayRegularizer):
            return ParamAttr(regularizer=arg)
        if isinstance(arg, list | tuple):
            return [ParamAttr._to_attr(item) for item in arg]
        raise TypeError(
            "a parameter attribute must be None, bool, str, Initializer, regularizer or ParamAttr, "
            f"but received {arg!r}"
        )


class WeightNormParamAttr(ParamAttr):
    """A ParamAttr that also names the axis of weight normalisation (paddle.static.WeightNormParamAttr).

    Differs from Paddle: the axis is kept, and normalising is left to nn.utils.weight_norm.
    """

    def __init__(self, dim: int | None = None, **attributes: Any):
        super().__init__(**attributes)
        self.dim = dim

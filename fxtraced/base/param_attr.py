"""paddle.base.param_attr."""

from fxtraced.nn.param_attr import ParamAttr, WeightNormParamAttr

__all__ = ["ParamAttr", "WeightNormParamAttr"]

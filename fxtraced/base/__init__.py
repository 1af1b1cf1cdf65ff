"""paddle.base: the old entry points that model code still imports."""

from fxtraced.base import dygraph as dygraph
from fxtraced.base.param_attr import ParamAttr, WeightNormParamAttr

__all__ = ["ParamAttr", "WeightNormParamAttr"]

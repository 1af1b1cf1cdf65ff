"""paddle.base: the old entry points that model code still imports."""

from fxtraced.base import core as core
from fxtraced.base import data_feeder as data_feeder
from fxtraced.base import dygraph as dygraph
from fxtraced.base import framework as framework
from fxtraced.base import unique_name as unique_name
from fxtraced.base.param_attr import ParamAttr, WeightNormParamAttr
from fxtraced.framework.place import CPUPlace as CPUPlace
from fxtraced.framework.place import CUDAPlace as CUDAPlace
from fxtraced.framework.place import is_compiled_with_cuda as is_compiled_with_cuda
from fxtraced.static.program import Program as Program

__all__ = ["ParamAttr", "WeightNormParamAttr"]

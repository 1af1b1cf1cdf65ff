"""paddle.common_ops_import: what Paddle's own functions, and copies of them in model code, import."""

from fxtraced.base.core import VarDesc as VarDesc
from fxtraced.base.data_feeder import check_dtype as check_dtype
from fxtraced.base.data_feeder import check_type as check_type
from fxtraced.base.data_feeder import check_variable_and_dtype as check_variable_and_dtype
from fxtraced.base.data_feeder import convert_dtype as convert_dtype
from fxtraced.base.framework import convert_np_dtype_to_dtype_ as convert_np_dtype_to_dtype_
from fxtraced.base.framework import in_dygraph_mode as in_dygraph_mode
from fxtraced.base.layer_helper import LayerHelper as LayerHelper
from fxtraced.nn.param_attr import ParamAttr as ParamAttr
from fxtraced.static.variable import Variable as Variable

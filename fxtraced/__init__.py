from fxtraced import device, errors, jit, nn, regularizer, static, sysconfig, tensor, vision
from fxtraced.framework.dtype import *
from fxtraced.framework.gradient import enable_grad, grad, is_grad_enabled, no_grad, set_grad_enabled
from fxtraced.framework.mode import disable_static, enable_static, in_dynamic_mode
from fxtraced.framework.place import *
from fxtraced.framework.random import get_rng_state, seed, set_rng_state
from fxtraced.framework.version import VERSION as __version__
from fxtraced.nn.param_attr import ParamAttr
from fxtraced.tensor import *  # noqa: F403

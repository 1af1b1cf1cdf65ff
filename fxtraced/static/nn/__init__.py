"""paddle.static.nn: control flow, which is the one part of it that works on eager tensors."""

from fxtraced.static.nn.control_flow import case, cond, switch_case, while_loop

__all__ = ["case", "cond", "switch_case", "while_loop"]

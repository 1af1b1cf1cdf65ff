"""paddle.nn.utils.weight_norm_hook."""

from fxtraced.nn.utils.reparametrize import remove_weight_norm, weight_norm

__all__ = ["remove_weight_norm", "weight_norm"]

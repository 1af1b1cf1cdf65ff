"""paddle.nn.utils.spectral_norm_hook."""

from fxtraced.nn.utils.reparametrize import spectral_norm

__all__ = ["spectral_norm"]

"""paddle.distributed.fleet: its utilities."""

from fxtraced.distributed.fleet import utils as utils

__all__ = ["utils"]

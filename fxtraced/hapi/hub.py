"""paddle.hapi.hub: the lookup of files."""

from fxtraced.utils.download import get_path_from_url

__all__ = ["get_path_from_url"]

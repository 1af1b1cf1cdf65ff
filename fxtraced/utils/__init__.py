"""Small helpers (paddle.utils)."""

from fxtraced.utils import download as download
from fxtraced.utils import unique_name as unique_name
from fxtraced.utils.layers_utils import flatten as flatten
from fxtraced.utils.layers_utils import is_sequence as is_sequence
from fxtraced.utils.layers_utils import map_structure as map_structure
from fxtraced.utils.layers_utils import pack_sequence_as as pack_sequence_as
from fxtraced.utils.layers_utils import to_sequence as to_sequence
from fxtraced.utils.lazy_import import try_import
from fxtraced.utils.requirement import require_version

__all__ = ["require_version", "try_import"]

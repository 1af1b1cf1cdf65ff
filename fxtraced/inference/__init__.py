"""Prediction from archives, with Paddle Inference's names."""

from fxtraced.inference.batching import Batcher
from fxtraced.inference.config import Config
from fxtraced.inference.handle import Handle
from fxtraced.inference.handle import Handle as Tensor
from fxtraced.inference.predictor import Predictor, PredictorPool, create_predictor
from fxtraced.inference.types import DataType, PlaceType, PrecisionType, get_num_bytes_of_data_type, get_version

__all__ = [
    "Batcher",
    "Config",
    "DataType",
    "Handle",
    "PlaceType",
    "PrecisionType",
    "Predictor",
    "PredictorPool",
    "Tensor",
    "create_predictor",
    "get_num_bytes_of_data_type",
    "get_version",
]

"""Prediction from archives, with Paddle Inference's names."""

from fxtraced.inference.config import Config
from fxtraced.inference.predictor import Handle, Predictor, create_predictor

__all__ = ["Config", "Handle", "Predictor", "create_predictor"]

"""Optimizers (paddle.optimizer) over torch tensors, with Paddle's formulas and state names."""

from fxtraced.optimizer import lr as lr
from fxtraced.optimizer.algorithms import SGD, Adadelta, Adagrad, Adam, Adamax, AdamW, Lamb, Momentum, RMSProp
from fxtraced.optimizer.lbfgs import LBFGS
from fxtraced.optimizer.optimizer import Optimizer

__all__ = ["LBFGS", "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Lamb", "Momentum", "Optimizer", "RMSProp"]

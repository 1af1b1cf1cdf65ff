"""paddle.incubate: of its fused layers and functions, those that model code uses."""

from fxtraced.incubate import nn as nn

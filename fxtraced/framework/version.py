"""The version of fxtraced."""

VERSION = "0.1.0"

"""paddle.hapi: summary, and the lookup of files."""

from fxtraced.hapi import hub as hub
from fxtraced.hapi.model_summary import summary

__all__ = ["summary"]

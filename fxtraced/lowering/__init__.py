"""The only door to TorchScript: graph to source text, source text to a scripted module that runs live."""

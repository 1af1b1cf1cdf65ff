"""fxtraced: Paddle's layers on PyTorch, traced into static graphs that libtorch loads."""

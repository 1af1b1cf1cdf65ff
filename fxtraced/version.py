"""The version of Paddle whose API this is (paddle.version). fxtraced's own is fxtraced.__version__."""

__all__ = ["cuda", "cudnn", "show"]

full_version = "2.6.2"
major, minor, patch = full_version.split(".")
rc = "0"


def cuda() -> str:
    """The CUDA version that torch was built with, "False" without."""
    import torch

    return torch.version.cuda or "False"


def cudnn() -> str:
    """The cuDNN version that torch was built with, "False" without."""
    import torch

    return str(torch.backends.cudnn.version() or "False")


def show() -> None:
    """Print the versions."""
    for name in ("full_version", "major", "minor", "patch", "rc"):
        print(f"{name}: {globals()[name]}")
    print(f"cuda: {cuda()}")
    print(f"cudnn: {cudnn()}")

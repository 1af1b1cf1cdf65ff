"""Static and dynamic mode: a flag, as Paddle's programs set and ask it."""

from __future__ import annotations

_static = False


def enable_static() -> None:
    """Enter static mode (paddle.enable_static): programs are run by an Executor.

    Differs from Paddle: layers and functions stay eager; a graph comes from TracedLayer.trace only.
    """
    global _static
    _static = True


def disable_static(place: object = None) -> None:
    """Return to dynamic mode (paddle.disable_static), optionally on a place."""
    global _static
    _static = False
    if place is not None:
        from fxtraced.framework import place as places

        device = places.convert_place(place)
        places.set_device("cpu" if device.type == "cpu" else f"gpu:{device.index}")


def in_dynamic_mode() -> bool:
    """True unless enable_static() was called (paddle.in_dynamic_mode)."""
    return not _static

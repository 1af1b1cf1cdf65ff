"""The plot of scripts/bench.py: bars in SVG, written line by line."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape

# Height of a bar's line and of a group's title, width of the names and of the bars, in pixels.
_LINE, _TITLE, _NAMES, _BARS, _MARGIN = 16, 26, 110, 520, 60
_OURS, _PEER, _EAGER = "#1f6feb", "#9aa4b2", "#4b5563"


@dataclass
class Bar:
    """An engine's ratio to eager: the median of all rounds between the quartiles."""

    engine: str
    middle: float
    low: float
    high: float


def plot(groups: dict[str, list[Bar]]) -> str:
    """An SVG image with a group of bars for each model; a longer bar is a faster engine."""
    longest = max(bar.middle for bars in groups.values() for bar in bars)
    scale = _BARS / longest
    height = sum(_TITLE + _LINE * len(bars) for bars in groups.values()) + 10
    width = _NAMES + _BARS + _MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif"'
        ' font-size="11">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    top = 0.0
    for title, bars in groups.items():
        top += _TITLE
        lines.append(f'<text x="4" y="{top - 7}" font-weight="bold">{escape(title)}</text>')
        for bar in bars:
            lines += _bar(bar, top, scale)
            top += _LINE
    return "\n".join([*lines, "</svg>", ""])


def _bar(bar: Bar, top: float, scale: float) -> list[str]:
    own = dict.fromkeys(("ours", "predictor", "cpp", "cpp_cpu", "cpp_predictor"), _OURS)
    color = {**own, "eager": _EAGER}.get(bar.engine, _PEER)
    middle = top + _LINE / 2
    end = _NAMES + bar.middle * scale
    # A quartile beyond the image says only that the rounds differed.
    low, high = (min(_NAMES + x * scale, _NAMES + _BARS + _MARGIN - 2) for x in (bar.low, bar.high))
    return [
        f'<text x="{_NAMES - 6}" y="{middle + 4}" text-anchor="end">{escape(bar.engine)}</text>',
        f'<rect x="{_NAMES}" y="{top + 2}" width="{bar.middle * scale:.1f}" height="{_LINE - 4}" fill="{color}"/>',
        f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}" stroke="black"/>',
        f'<text x="{max(end, high) + 4:.1f}" y="{middle + 4}">{bar.middle:.2f}</text>',
    ]

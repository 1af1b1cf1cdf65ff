"""A graph of operations as an SVG drawing: one row a step, arrows from results to their uses."""

from __future__ import annotations

from html import escape

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 150, 34, 26, 46, 20
_COLOURS = {"feed": "#d7ecd9", "fetch": "#f7e3c8", "state": "#e9e9ef"}


def drawing_of(operations: list[tuple[str, str, list[str]]]) -> str:
    """The SVG text for operations, each with its name, what it is, and the names that it uses; in order.

    What an operation is may be "feed", "fetch" or "state"; these have colours of their own.
    """
    rows: dict[str, int] = {}
    for name, _, used in operations:
        rows[name] = 1 + max((rows[x] for x in used if x in rows), default=-1)
    columns: dict[str, int] = {}
    filled: dict[int, int] = {}
    for name, row in rows.items():
        columns[name] = filled.get(row, 0)
        filled[row] = columns[name] + 1
    widest = max(filled.values(), default=1)

    def place(name: str) -> tuple[int, int]:
        # Rows are centred.
        offset = (widest - filled[rows[name]]) / 2
        x = _MARGIN + (columns[name] + offset) * (_WIDTH + _GAP_X)
        return round(x), _MARGIN + rows[name] * (_HEIGHT + _GAP_Y)

    arrows, boxes = [], []
    for name, kind, used in operations:
        x, y = place(name)
        for source in used:
            if source in rows:
                sx, sy = place(source)
                arrows.append(
                    f'<line x1="{sx + _WIDTH // 2}" y1="{sy + _HEIGHT}" x2="{x + _WIDTH // 2}" y2="{y}" '
                    'stroke="#888" marker-end="url(#tip)"/>'
                )
        boxes.append(
            f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="5" fill="{_COLOURS.get(kind, "#dce6f4")}" '
            f'stroke="#555"/><text x="{x + _WIDTH // 2}" y="{y + 15}" text-anchor="middle">{escape(kind[:24])}</text>'
            f'<text x="{x + _WIDTH // 2}" y="{y + 28}" text-anchor="middle" fill="#555">{escape(name[:24])}</text>'
        )
    width = 2 * _MARGIN + widest * (_WIDTH + _GAP_X)
    height = 2 * _MARGIN + (max(rows.values(), default=0) + 1) * (_HEIGHT + _GAP_Y)
    tip = (
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" fill="#888"/></marker></defs>'
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
            'font-size="11">',
            tip,
            *arrows,
            *boxes,
            "</svg>",
            "",
        ]
    )

"""The other spellings of what has rows: as a function, as a method, and in place as both.

One row of each, made from the first row that is a plain call on an input: paddle.clip(a, 0.2, 0.7) gives
a.clip(0.2, 0.7), [z := a.clone(), paddle.clip_(z, 0.2, 0.7), z] and [z := a.clone(), z.clip_(0.2, 0.7), z].
"""

import ast
from collections.abc import Iterator
from dataclasses import replace

import rows_tensor_creation
import rows_tensor_keywords
import rows_tensor_linalg
import rows_tensor_manipulation
import rows_tensor_math
import rows_tensor_search
from keywords import full_name
from rows import Row
from signatures import table

# Paddle names paddle.square_ and has no kernel for it.
PADDLES = table().keys() - {"paddle.square_"}
ROOMS = (
    rows_tensor_keywords, rows_tensor_math, rows_tensor_manipulation, rows_tensor_linalg, rows_tensor_search,
    rows_tensor_creation,
)  # fmt: skip


def plain_call(row: Row) -> tuple[str, str, str] | None:
    """(function, input, other arguments) of a row that is one call on an input; None for another row."""
    call = ast.parse(row.call, mode="eval").body
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    owner, arguments = full_name(call.func.value), call.args
    if owner in ("paddle", "paddle.linalg") and arguments:
        owner, arguments = full_name(arguments[0]), arguments[1:]
    if owner not in row.inputs:
        return None
    rest = [ast.unparse(part) for part in arguments]
    rest += [f"{part.arg}={ast.unparse(part.value)}" for part in call.keywords]
    return call.func.attr, str(owner), ", ".join(rest)


def spellings() -> Iterator[Row]:
    """A row for each function, method and in-place spelling of them that Paddle has."""
    done = set()
    for row in (row for room in ROOMS for row in room.ROWS):
        found = plain_call(row)
        if found is None or found[0] in done or row.xfail:
            continue
        name, tensor, rest = found
        done.add(name)
        given = f", {rest}" if rest else ""
        for api, call in (
            (f"paddle.{name}", f"paddle.{name}({tensor}{given})"),
            (f"paddle.linalg.{name}", f"paddle.linalg.{name}({tensor}{given})"),
            (f"paddle.Tensor.{name}", f"{tensor}.{name}({rest})"),
            (f"paddle.{name}_", f"[z := {tensor}.clone(), paddle.{name}_(z{given}), z]"),
            (f"paddle.Tensor.{name}_", f"[z := {tensor}.clone(), z.{name}_({rest}), z]"),
        ):
            if api in PADDLES and call != row.call:
                yield replace(row, call=call)


ROWS = list(spellings())

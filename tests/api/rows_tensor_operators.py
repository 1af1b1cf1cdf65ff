"""Python's operators: dtypes above all."""

from rows import boolean, f32, f64, i32, i64, row

FLOATS = (
    "a + b|a - b|a * b|a / b|a // b|a % b|a @ b|a == b|a != b|a < b|a <= b|a > b|a >= b|-a|abs(a.abs().tolist()[0])"
)
NUMBERS = (
    "a + 2|a - 2|a * 2|a / 2|a // 2|a % 2|a ** 2|2 + a|2 - a|2 * a|2 / (a + 7.5)|a > 1|a == 1|a + 1.5|1.5 - a|a * 0.3"
)
INTS = "a + b|a - b|a * b|a / b|a // b|a % b|a ** b|a & b|a \\| b|a ^ b|~a|a == b|a < b|-a"


def _split(text):
    return [part.replace("\0", "|") for part in text.replace("\\|", "\0").split("|")]


ROWS = [
    *[row(call, a=f32(3, low=0.5, high=9), b=f32(3, low=0.5, high=3)) for call in _split(FLOATS)],
    *[row(call, a=f32(3)) for call in _split(NUMBERS)],
    *[row(call, a=i64(3, low=-5)) for call in _split(NUMBERS)],
    *[row(call, a=i32(3, low=-5)) for call in _split(NUMBERS)],
    *[row(call, a=i64(3, low=-9, high=9), b=i64(3, low=1, high=4)) for call in _split(INTS)],
    *[row(call, a=f32(3), b=f64(3)) for call in ("a + b", "b + a", "a < b", "a * b.sum()")],
    *[
        row(call, a=f32(3, low=-9, high=9), b=i64(3, low=1))
        for call in ("a + b", "b + a", "a / b", "b / a", "b < a", "a % b", "a ** b")
    ],
    *[row(call, a=i32(3, low=1), b=i64(3, low=1)) for call in ("a + b", "b + a", "a / b", "a == b", "a // b")],
    *[
        row(call, a=boolean(4), b=boolean(4), c=f32(4))
        for call in (
            "a & b",
            "a | b",
            "a ^ b",
            "~a",
            "a == b",
            "a * c",
            "c * a",
            "a * 2.0",
            "1.0 - a",
            "a + 1",
            "1 - a",
        )
    ],
    *[row(call, a=boolean(4)) for call in ("a * 3", "a - 1", "-a", "a / 2", "a > 0", "a == 1", "a.sum() * 2")],
    row("a * np.array([1.0, 2.0, 3.0])", a=f32(3)),
    row("np.array([1.0, 2.0, 3.0]) * a", a=f32(3)),
    row("a * np.float64(2)", a=i64(3)),
    row("np.float64(2) * a", a=f32(3)),
    row("a ** 0.5", a=i64(3, low=1)),
    row("2 ** a", a=i64(3)),
    row("2.0 ** a", a=f32(3)),
    row("a / 2.5", a=i64(3)),
    row("a // 2.5", a=i64(3, low=-9)),
    row("a.astype('float16') + 1.5", a=f32(3), rtol=2e-3),
    row("a.astype('float16') / 3", a=f32(3), rtol=2e-3),
    row("a.astype('float16') + a", a=f32(3), rtol=2e-3),
    row("a.astype('uint8') + 1", a=i64(3)),
    row("a.astype('complex64') * (1 + 2j)", a=f32(3)),
    row("a * (1 + 2j)", a=f32(3)),
    row("a + [1, 2, 3]", a=f32(3)),
    row("a == None", a=f32(3)),
    row("[exec('c = a; a += 1', d := {'a': a * 1}), d['c'], d['a']][1:]", a=f32(3)),
    row("[float(a[0]), int(a[1] * 10), bool(a[0] > 0), len(a)]", a=f32(3)),
    row("list(range(10))[a]", a=i64(low=1)),
    row("[v for v in a]", a=f32(2, 2)),
]

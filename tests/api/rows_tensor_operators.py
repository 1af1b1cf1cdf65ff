"""Python's operators: dtypes above all."""

from rows import boolean, f32, f64, i32, i64, row

FLOATS = (
    "a + b|a - b|a * b|a / b|a // b|a % b|a @ b|a == b|a != b|a < b|a <= b|a > b|a >= b|-a|abs(a.abs().tolist()[0])"
)
NUMBERS = (
    "a + 2|a - 2|a * 2|a / 2|a // 2|a % 2|a ** 2|2 + a|2 - a|2 * a|2 / (a + 7.5)|a > 1|a == 1|a + 1.5|1.5 - a|a * 0.3"
)
INTS = "a + b|a - b|a * b|a / b|a // b|a % b|a ** b|a & b|a \\| b|a ^ b|~a|a == b|a < b|-a"

DUNDERS = "add radd sub rsub mul rmul truediv rtruediv floordiv mod pow rpow eq ne lt le gt ge"
REFLECTED = "2 - a|2 / a|2 ** a|2 * a|2 + a|2 < a|2 == a|2.5 - a|True + a"
STATEMENTS = "z += b|z -= b|z *= b|z /= b|z //= b|z %= b|z **= b|z += 2|z *= 0.5|z /= 2|z **= 2"
BITS = "z &= b|z \\|= b|z ^= b"


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
    *[
        row(f"a.__{name}__({value})", a=f32(3, low=0.5, high=3), b=f32(2, 3, low=0.5, high=3))
        for name in DUNDERS.split()
        for value in ("b", "0.17", "2")
    ],
    *[
        row(f"a.__{name}__({value})", a=i64(3, low=1, high=9))
        for name in DUNDERS.split()
        for value in ("0.17", "2", "True", "np.int64(3)", "np.array([1, 2, 3])")
    ],
    *[row(f"a.__{name}__(b)", a=i64(3), b=i64(3)) for name in "and or xor".split()],
    *[row(call, a=f32(2, 3), b=f32(3, 2)) for call in ("a.__matmul__(b)", "a @ b", "a.__neg__()")],
    *[row(f"a.__{name}__()", a=i64(3)) for name in "neg invert".split()],
    row("a.__len__()", a=f32(3)),
    row("a.__bool__()", a=f32(1)),
    row("[a.__int__(), a.__float__()]", a=f32(1, high=9)),
    *[row(call, a=sample) for call in _split(REFLECTED) for sample in (f32(3, low=0.5, high=3), i64(3, low=1, high=4))],
    *[
        row(f"[z := a.clone(), exec({text!r}, d := {{'z': z, 'b': b}}), d['z'], z][2:]", a=sample, b=sample)
        for text in _split(STATEMENTS)
        for sample in (f32(3, low=0.5, high=3), i64(3, low=1, high=4))
    ],
    *[
        row(f"[z := a.clone(), exec({text!r}, d := {{'z': z, 'b': b}}), d['z'], z][2:]", a=sample, b=sample)
        for text in _split(BITS)
        for sample in (boolean(4), i64(3, low=1, high=4))
    ],
]

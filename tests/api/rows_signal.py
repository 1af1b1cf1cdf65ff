"""paddle.signal."""

# ruff: noqa: E501

from rows import f32, f64, i64, row

X, LINE, WINDOW = f32(2, 40), f32(40), f32(8, low=0.5)
SPECTRUM, WHOLE = {"a": f32(2, 5, 12), "b": f32(2, 5, 12)}, {"a": f32(2, 8, 12), "b": f32(2, 8, 12)}
NEAR = {"rtol": 1e-4, "atol": 1e-5}

FRAMES = [
    row(f"paddle.signal.{call}", x=x)
    for x, calls in (
        (LINE, ("frame(x, 8, 4)", "frame(x, frame_length=7, hop_length=9, axis=0)", "frame(x, 41, 1)", "frame(x, 4, 0)", "frame(x, 4, 2, axis=1)")),
        (X, ("frame(x, 8, 4)", "frame(x, 5, 3, axis=-1)", "frame(x, 2, 1, axis=0)", "overlap_add(x, 3)", "overlap_add(x, hop_length=1, axis=0)", "overlap_add(x, 0)")),
        (f32(2, 3, 6, 5), ("overlap_add(x, 2)", "overlap_add(x, 8)", "overlap_add(x, 2, axis=0)", "frame(x, 3, 2)", "frame(x, 2, 1, 0)")),
        (i64(9), ("frame(x, 3, 2)",)),
        (i64(3, 4), ("overlap_add(x, 2)",)),
    )
    for call in calls
]  # fmt: skip
FORWARD = [
    row(f"paddle.signal.stft(x, {arguments})", x=X, w=WINDOW, **NEAR)
    for arguments in (
        "8", "8, 4", "n_fft=8, hop_length=3, window=w", "12, win_length=8, window=w", "8, center=False",
        "8, pad_mode='constant'", "8, window=w, normalized=True", "9, 2, onesided=False", "8, 2, 6", "50", "8, 4, 9",
    )
] + [
    row("paddle.signal.stft(x, 8)", x=LINE, **NEAR),
    row("x.stft(8, window=w)", x=LINE, w=WINDOW, **NEAR),
    row("paddle.signal.stft(x, 8, window=w)", x=f64(40), w=f64(8)),
    row("paddle.signal.stft(paddle.complex(a, b), 8, center=False, onesided=False)", a=X, b=f32(2, 40), **NEAR),
]  # fmt: skip
BACK = [
    row(f"paddle.signal.istft(paddle.complex(a, b), {arguments})", w=WINDOW, **SPECTRUM, **NEAR)
    for arguments in (
        "8", "8, 4", "n_fft=8, hop_length=3, window=w", "8, win_length=6", "8, window=w, normalized=True",
        "8, length=17", "8, center=False", "8, 2, center=False, length=20", "8, hop_length=9", "7",
    )
] + [
    row("paddle.signal.istft(paddle.complex(a, b), 8, onesided=False)", **WHOLE, **NEAR),
    row("paddle.signal.istft(paddle.complex(a, b), 8, onesided=False, return_complex=True)", **WHOLE, **NEAR),
    row("paddle.signal.istft(paddle.complex(a, b), 8, onesided=True, return_complex=True)", **SPECTRUM),
    row("paddle.signal.istft(paddle.complex(a, b)[0], 8)", **SPECTRUM, **NEAR),
    row("paddle.signal.istft(a, 8)", a=f32(5, 12)),
    row("paddle.signal.istft(paddle.signal.stft(x, 8, window=w), 8, window=w)", x=X, w=WINDOW, **NEAR),
]  # fmt: skip

ROWS = [*FRAMES, *FORWARD, *BACK]

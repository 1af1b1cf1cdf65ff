"""paddle.fft."""

from rows import Row, f32, f64, i64, row

REAL, IMAGINARY = f32(3, 4, 5), f32(3, 4, 5)
NEAR = {"rtol": 1e-4, "atol": 1e-5}


def complex_row(call: str) -> Row:
    """A row over the complex z of a drawn real and imaginary part."""
    return row(call.replace("z", "paddle.complex(a, b)"), a=REAL, b=IMAGINARY, **NEAR)


ONE = [
    row(f"paddle.fft.{name}(x{arguments})", x=REAL, **NEAR)
    for name in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
    for arguments in ("", ", 4", ", n=7, axis=1", ", axis=0, norm='ortho'", ", None, -2, 'forward'")
]
COMPLEX = [
    complex_row(f"paddle.fft.{name}(z{arguments})")
    for name in ("fft", "ifft", "irfft", "hfft")
    for arguments in ("", ", 3", ", n=6, axis=1, norm='ortho'", ", norm='forward'")
]
SEVERAL = [
    row(f"paddle.fft.{name}(x{arguments})", x=REAL, **NEAR)
    for name in ("fftn", "ifftn", "rfftn", "irfftn", "hfftn", "ihfftn")
    for arguments in ("", ", [4]", ", s=[2, 6], axes=[0, 2]", ", axes=[-1, 1], norm='ortho'", ", norm='forward'")
]
TWO = [
    row(f"paddle.fft.{name}(x{arguments})", x=REAL, **NEAR)
    for name in ("fft2", "ifft2", "rfft2", "irfft2", "hfft2", "ihfft2")
    for arguments in ("", ", [3, 4]", ", s=(5, 6), axes=(0, 1)", ", axes=[1, 0], norm='ortho'", ", norm='forward'")
]
COMPLEX_SEVERAL = [
    complex_row(f"paddle.fft.{name}(z{arguments})")
    for name in ("fftn", "ifftn", "irfftn", "hfftn", "fft2", "ifft2", "irfft2", "hfft2")
    for arguments in ("", ", norm='ortho'")
]
OTHERS = [
    row("paddle.fft.fft(x)", x=f64(4, 5)),
    row("paddle.fft.rfft2(x)", x=f64(4, 5)),
    row("paddle.fft.fft(x)", x=i64(6), rtol=1e-4, atol=1e-5),
    row("paddle.fft.rfft(x)", x=i64(6), rtol=1e-4, atol=1e-5),
    row("paddle.fft.fft(x, norm='wrong')", x=f32(4)),
    row("paddle.fft.fft(x, n=0)", x=f32(4)),
    row("paddle.fft.fft(x, axis=3)", x=f32(4)),
    row("paddle.fft.fft2(x)", x=f32(4)),
    row("paddle.fft.fft2(x, s=[2])", x=f32(4, 4)),
    row("paddle.fft.fftn(x, axes=[0, 5])", x=f32(4, 4)),
    *[
        row(f"paddle.fft.{name}({arguments})")
        for name in ("fftfreq", "rfftfreq")
        for arguments in ("5", "6", "6, 0.5", "7, d=2.0, dtype='float64'")
    ],
    *[
        row(f"paddle.fft.{name}(x{arguments})", x=REAL)
        for name in ("fftshift", "ifftshift")
        for arguments in ("", ", 1", ", axes=[0, 2]", ", axes=(2, 1)")
    ],
]

ROWS = [*ONE, *COMPLEX, *SEVERAL, *TWO, *COMPLEX_SEVERAL, *OTHERS]

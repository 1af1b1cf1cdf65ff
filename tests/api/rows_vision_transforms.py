"""paddle.vision.transforms: NumPy images are written out, as a row's inputs are tensors."""

# ruff: noqa: E501

from rows import f32, row

IMAGE = "(np.arange(7 * 9 * 3).reshape(7, 9, 3) * 37 % 256).astype('uint8')"
GRAY = "(np.arange(6 * 5).reshape(6, 5) * 11 % 256).astype('uint8')"
FLOATS = "np.linspace(-1, 2, 5 * 4 * 3).reshape(5, 4, 3)"
T = "paddle.vision.transforms"

ARRAYS = [
    row(f"{T}.{call}")
    for call in (
        f"to_tensor({IMAGE})", f"to_tensor({IMAGE}, 'HWC')", f"to_tensor({GRAY})", f"to_tensor({FLOATS})",
        f"to_tensor({FLOATS}.astype('float32'), data_format='HWC')", f"to_tensor({IMAGE}, 'CWH')", f"ToTensor()({IMAGE})",
        f"ToTensor('HWC')({GRAY})", f"normalize({IMAGE}, [120.0, 110.0, 100.0], [60.0, 50.0, 40.0], 'HWC')",
        f"normalize({IMAGE}, [120.0, 110.0, 100.0], [60.0, 50.0, 40.0], 'HWC', to_rgb=True)",
        f"normalize({FLOATS}, [0.5, 0.4, 0.3], [1.0, 2.0, 3.0], data_format='HWC')",
        f"normalize({IMAGE}.transpose(2, 0, 1), 120.0, 60.0)", f"Normalize()({IMAGE}.transpose(2, 0, 1))",
        f"Normalize(127.5, 127.5, 'HWC')({IMAGE})", f"Normalize([1.0, 2.0, 3.0], [3.0, 2.0, 1.0], 'HWC', True)({IMAGE})",
        f"Transpose()({IMAGE})", f"Transpose((1, 0, 2))({IMAGE})", f"Transpose()({GRAY})", f"center_crop({IMAGE}, 4)",
        f"center_crop({IMAGE}, (3, 6))", f"CenterCrop(5)({IMAGE})", f"CenterCrop((2, 3))({IMAGE})", f"crop({IMAGE}, 1, 2, 3, 4)",
        f"Compose([{T}.CenterCrop(4), {T}.ToTensor(), {T}.Normalize(0.5, 0.5)])({IMAGE})", f"resize({IMAGE}, [7])",
        f"erase({IMAGE}, 1, 2, 3, 4, 7)", f"RandomHorizontalFlip(0)({IMAGE})", f"RandomCrop((7, 9))({IMAGE})",
    )
]  # fmt: skip
TENSORS = [
    row(f"{T}.{call}", x=f32(3, 7, 9))
    for call in (
        "to_tensor(x)", "normalize(x, [0.1, 0.2, 0.3], [1.0, 2.0, 3.0])", "resize(x, (5, 12))", "resize(x, 4)",
        "resize(x, (14, 18), 'nearest')", "resize(x, (5, 5), interpolation='bicubic')", "center_crop(x, 4)", "crop(x, 1, 2, 3, 4)",
        "hflip(x)", "vflip(x)", "pad(x, 2)", "pad(x, [1, 2], 0.5)", "pad(x, [1, 2, 3, 4], padding_mode='reflect')",
        "pad(x, [1, 2, 3, 4], padding_mode='edge')", "Transpose((1, 2, 0))(x)", "Normalize(0.5, 2.0)(x)",
        "Resize(5)(x)", "CenterCrop((3, 4))(x)", "Pad(1)(x)", "adjust_brightness(x, 0.4)", "adjust_brightness(x, 1.7)",
        "adjust_brightness(x, -1.0)", "adjust_contrast(x, 0.4)", "adjust_contrast(x, 1.7)", "adjust_contrast(x, -1.0)",
        "to_grayscale(x)", "to_grayscale(x, 3)", "to_grayscale(x, 2)", "Grayscale(3)(x)", "erase(x, 1, 2, 3, 4, 0.5)",
        "erase(x, 1, 2, 30, 40, x[:, :6, :7])", "RandomHorizontalFlip(1)(x)", "RandomVerticalFlip(1.0)(x)",
        "RandomVerticalFlip(0)(x)", "RandomHorizontalFlip(2)", "RandomCrop((7, 9))(x)", "BrightnessTransform((0.4, 0.4))(x)",
        "adjust_hue(x, 0.3)", "adjust_hue(paddle.abs(x) / 8, 0.3)", "adjust_hue(paddle.abs(x) / 8, -0.5)", "adjust_hue(x[:1], 0.3)", "adjust_hue(x, 0.6)",
        "functional.adjust_saturation(x, 0.4)", "functional.adjust_saturation(x, 1.7)", "functional.adjust_saturation(x[:1], 0.3)",
        "functional.adjust_saturation(x, -1.0)", "HueTransform((0.2, 0.2))(x)", "SaturationTransform((0.4, 0.4))(x)", "HueTransform(-1)",
        "ColorJitter(0, 0, (0.4, 0.4), 0)(x)", "rotate(x, 25)", "rotate(x, -100, 'bilinear', True, None, (9, 8, 7))", "RandomRotation((25, 25))(x)",
        "RandomRotation(-1)", "BrightnessTransform(-1)", "BrightnessTransform('dark')", "ContrastTransform(0)(x)", "RandomResizedCrop(5, (2, 1))",
    )
]  # fmt: skip

ROWS = [*ARRAYS, *TENSORS]

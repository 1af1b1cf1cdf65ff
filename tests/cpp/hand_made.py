"""Archives for the C++ side: modules as fxtraced writes them, made by hand or not as they must be, and layers."""

import hashlib
import warnings

import torch

import fxtraced as paddle


class HandMade(torch.nn.Module):
    """What an archive must have, and no more."""

    fxtraced_format: int
    fxtraced_feed_names: list[str]
    fxtraced_feed_dtypes: list[str]
    fxtraced_feed_shapes: list[list[int]]
    fxtraced_fetch_names: list[str]

    def __init__(self, version=1):
        super().__init__()
        self.fc = torch.nn.Linear(8, 3)
        self.fxtraced_format = version
        self.fxtraced_feed_names = ["x", "mask"]
        self.fxtraced_feed_dtypes = ["float32", "int64"]
        self.fxtraced_feed_shapes = [[-1, 8], [-1]]
        self.fxtraced_fetch_names = ["logits", "sums"]

    def forward(self, x: torch.Tensor, mask: torch.Tensor):
        assert x.shape[0] != 13, "FXT201 model.py:3: `if n == 13` was traced with another size"
        y = self.fc(x)
        return y, (y * mask.unsqueeze(-1)).sum(0)


class Long(HandMade):
    """It tests more fetches than it has."""

    @torch.jit.export
    def fxtraced_self_test(self) -> list[float]:
        return [0.0, 0.0, 1.0]

    @torch.jit.export
    def fxtraced_sample(self) -> int:
        return 1


class Silent(torch.nn.Module):
    """Another method in the place of forward."""

    fxtraced_format: int
    fxtraced_feed_names: list[str]

    def __init__(self):
        super().__init__()
        self.fxtraced_format = 1
        self.fxtraced_feed_names = ["x"]
        self.fxtraced_feed_dtypes, self.fxtraced_feed_shapes = ["float32"], [[-1]]
        self.fxtraced_fetch_names = ["y"]

    @torch.jit.export
    def other(self, x: torch.Tensor):
        return x


class Same(HandMade):
    """It gives what it is given."""

    def forward(self, x: torch.Tensor, mask: torch.Tensor):
        return x, mask


class Target(HandMade):
    fxtraced_target: str

    def __init__(self):
        super().__init__()
        self.fxtraced_target = "tpu"


class Format(torch.nn.Module):
    fxtraced_format: str

    def __init__(self):
        super().__init__()
        self.fxtraced_format = "one"

    def forward(self, x: torch.Tensor):
        return x


class Constant(paddle.nn.Layer):
    """One value in the form of its input, of an odd width."""

    def __init__(self, value):
        super().__init__()
        self.register_buffer("value", paddle.to_tensor(value))

    def forward(self, x):
        if x.shape[1] % 2 == 1:
            return x * 0 + self.value
        return x


class Images(paddle.nn.Layer):
    """Compiled partitions pay here, and their relu makes 0 of not-a-number."""

    def __init__(self):
        super().__init__()
        nn = paddle.nn
        self.conv, self.norm, self.fc = nn.Conv2D(3, 32, 3), nn.BatchNorm2D(32), nn.Linear(32, 4)
        self.more = nn.Sequential(
            *(nn.Sequential(nn.Conv2D(32, 32, 3, padding=1), nn.BatchNorm2D(32), nn.ReLU()) for _ in range(5))
        )

    def forward(self, x):
        images = self.more(self.norm(self.conv(x)))
        return images, self.fc(images.mean([2, 3]))


class Meeting(Images):
    """What oneDNN's graph compiler would not end on."""

    def forward(self, x):
        y = self.conv(x)
        return self.norm(y) + y, y.mean([1, 2, 3])


class Branching(Images):
    def forward(self, x):
        y = self.conv(x)
        return paddle.static.nn.cond(y.mean() > 0, lambda: y + 1, lambda: y - 1)


class OneRow(paddle.nn.Layer):
    """Sums that oneDNN's kernel for one row would write past the end of its memory for."""

    def __init__(self):
        super().__init__()
        self.a, self.b = paddle.nn.Linear(512, 1100), paddle.nn.Linear(1100, 512)

    def forward(self, x):
        y = paddle.nn.functional.relu(self.a(x))
        return self.b(y) + x, paddle.addmm(x, y, self.b.weight)


def product():
    layer = paddle.nn.Linear(6, 2)
    layer.eval()
    return layer


def save_script(module, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript says that it is deprecated
        torch.jit.save(torch.jit.script(module), str(path))


def write(directory):
    """Their archives, each by its name; returns the module of model.pt."""
    module = HandMade().eval()
    save_script(module, directory / "model.pt")
    save_script(HandMade(version=2), directory / "newer.pt")
    save_script(torch.nn.Linear(2, 2), directory / "plain.pt")
    for made in (Long, Silent, Same, Target, Format):
        save_script(made().eval(), directory / f"{made.__name__.lower()}.pt")
    (directory / "empty.pt").touch()
    (directory / "text.pt").write_text("no archive")
    for name, layer, width in (("ones", Constant(1.0), 3), ("twos", Constant(2.0), 3), ("product", product(), 6)):
        static = paddle.jit.TracedLayer.trace(layer, [paddle.rand([4, width])])[1]
        static.save_inference_model(str(directory / name))
    for made in (Images, Meeting, Branching):
        layer = made()
        layer.eval()
        static = paddle.jit.TracedLayer.trace(layer, [paddle.rand([1, 3, 64, 64])])[1]
        static.save_inference_model(str(directory / made.__name__.lower()))
        if made is Images:
            static.save_inference_model(str(directory / "images_in_bfloat16"), dtype="bfloat16")
    layer = OneRow()
    layer.eval()
    static = paddle.jit.TracedLayer.trace(layer, [paddle.rand([1, 512])])[1]
    static.save_inference_model(str(directory / "one_row"))
    sealed = (directory / "product" / "model.pt").read_bytes()
    (directory / "product" / "hash.txt").write_text(hashlib.sha256(sealed[:-80]).hexdigest())
    return module

"""The sample in an archive, and the model's test of itself."""

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced.lowering.archive import read_manifest
from tests.helpers import floats, ints, layer_of, linear, trace

# torch says that TorchScript is deprecated
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit")


def saved(directory, layer, *inputs, **options):
    layer.eval()
    trace(layer, *inputs).save_inference_model(str(directory), **options)
    return torch.jit.load(str(directory / "model.pt"))


def two_outputs(self, x, ids):
    return self.fc(x), {"total": ids.sum(), "complex": paddle.fft.fft(x)}


def test_a_model_tests_itself_in_plain_torch(tmp_path):
    module = saved(tmp_path, layer_of(two_outputs, linear), floats(3, 4), ints(7))
    assert module.fxtraced_self_test() == [0.0, 0.0, 0.0]
    assert [tuple(x.shape) for x in module.fxtraced_sample()] == [(3, 4), (7,)]
    module.fc.weight.data.mul_(2)
    differences = module.fxtraced_self_test()
    assert differences[0] > 0.1
    assert differences[1:] == [0.0, 0.0]
    assert "is_complex" not in module.fxtraced_sample_results.code  # Netron 9.3.3 reads no file that has it


def test_the_sample_is_the_inputs_of_the_trace(tmp_path):
    x, ids = floats(3, 4), ints(7)
    module = saved(tmp_path, layer_of(two_outputs, linear), x, ids)
    assert torch.equal(module.fxtraced_sample()[0], torch.from_numpy(x.numpy()))
    assert torch.equal(module.fxtraced_sample()[1], torch.from_numpy(ids.numpy()))


def test_large_inputs_and_outputs_are_kept_in_part(tmp_path):
    module = saved(tmp_path, layer_of(lambda self, x: x * 2), floats(2, 3, 100, 100))
    assert module.fxtraced_sample()[0].shape == (2, 3, 100, 100)
    assert sum(x.numel() for x in module.fxtraced_sample_feeds) == 4096
    assert sum(x.numel() for x in module.fxtraced_sample_fetches) <= 1024
    assert module.fxtraced_self_test() == [0.0]
    assert (tmp_path / "model.pt").stat().st_size < 40_000


@pytest.mark.parametrize(
    "value",
    [np.zeros((0, 3), "float32"), np.array(2.5, "float32"), np.array([np.nan, np.inf, 1], "float32"), np.eye(3) > 0],
    ids=["empty", "scalar", "not finite", "bool"],
)
def test_odd_values(value, tmp_path):
    module = saved(tmp_path, layer_of(lambda self, x: x.clone()), paddle.to_tensor(value))
    assert module.fxtraced_self_test() == [0.0]


class TorchNorm(torch.nn.Module):
    """A norm that updates its statistics in inference mode, too; torch does not count these writes."""

    def __init__(self, function, **options):
        super().__init__()
        self.function, self.options = function, options
        self.register_buffer("mean", torch.zeros(3))
        self.register_buffer("variance", torch.ones(3))

    def forward(self, x):
        x = x.unsqueeze(-1).expand([2, 3, 4])
        if self.function in (torch.batch_norm, torch.instance_norm):
            return self.function(x, None, None, self.mean, self.variance, True, 0.1, 1e-5, False)
        return self.function(x, self.mean, self.variance, **self.options)


def count(self):
    self.register_buffer("seen", paddle.zeros([1]))


def counting(self, x):
    self.seen.add_(paddle.ones([1]))
    return x + self.seen


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (layer_of(lambda self, x: x + paddle.rand([2, 3])), "draws random numbers"),
        (layer_of(counting, count), "writes into seen"),
        (TorchNorm(torch.nn.functional.batch_norm, training=True), "batch_norm writes into mean"),
        (TorchNorm(torch.nn.functional.instance_norm), "instance_norm writes into mean"),
        (TorchNorm(torch.batch_norm), "batch_norm writes into mean"),
        (TorchNorm(torch.instance_norm), "instance_norm writes into mean"),
    ],
    ids=["random", "state", "statistics", "statistics of instances", "operator", "operator for instances"],
)
def test_no_sample_where_results_change(layer, reason, tmp_path):
    module = saved(tmp_path, layer, floats(2, 3))
    assert not hasattr(module, "fxtraced_self_test")
    assert reason in read_manifest(str(tmp_path / "model.pt"))["sample"]


def test_no_sample_when_none_is_wanted(tmp_path):
    module = saved(tmp_path, layer_of(lambda self, x: x + 1), floats(2, 3), sample=False)
    assert not hasattr(module, "fxtraced_sample_feeds")
    assert read_manifest(str(tmp_path / "model.pt"))["sample"] == "none was wanted"


def test_no_sample_where_repeated_values_fail(tmp_path):
    """A large matrix that repeats its first values has no inverse."""
    matrix = floats(256, 256) + 5 * paddle.eye(256)
    module = saved(tmp_path, layer_of(lambda self, x: paddle.linalg.inv(x)), matrix)
    assert not hasattr(module, "fxtraced_self_test")
    assert "fails on values that repeat" in read_manifest(str(tmp_path / "model.pt"))["sample"]


def convolved(self):
    self.conv, self.norm = paddle.nn.Conv2D(3, 4, 3), paddle.nn.BatchNorm2D(4)


def optimised(directory):
    saved(directory, layer_of(lambda self, x: self.norm(self.conv(x)), convolved), floats(1, 3, 6, 6))
    program = paddle.static.load_inference_model(str(directory))[0]
    program.optimise_for_cpu()
    return program


def test_an_optimised_model_tests_the_graph_that_it_runs(tmp_path):
    """Freezing calculates what depends on constants only, and the sample in the file is one."""
    program = optimised(tmp_path)
    assert program.self_test()[0] < 1e-5
    run = program._module._run
    program._module._run = lambda *feeds: [x * 2 for x in run(*feeds)]
    assert program.self_test() == [pytest.approx(1.0, rel=1e-3)]


def test_an_optimisation_that_changes_the_outputs_is_not_taken(tmp_path, monkeypatch):
    def wrong(frozen, *_, **__):
        return torch.jit.freeze(torch.jit.script(torch.nn.Softmax(-1)).eval())

    monkeypatch.setattr(torch.jit, "optimize_for_inference", wrong)
    program = optimised(tmp_path)
    assert program.self_test() == [0.0]
    assert "conv2d" in program._module.code()

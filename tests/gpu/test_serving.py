"""Predictors, batches and CUDA graphs on a GPU."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced import inference
from tests.helpers import floats, layer_of, linear, trace

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")

# Convolutions multiply in TF32 by default.
RTOL, ATOL = 1e-2, 1e-2
# About a tenth of a second of nothing, so that work which does not wait for it comes too early.
DELAY = 200_000_000


def save(directory, seed=0, **options):
    """A small convnet as an archive; the layer, on the CPU."""
    paddle.seed(seed)
    net = paddle.nn.Sequential(
        paddle.nn.Conv2D(3, 16, 3), paddle.nn.BatchNorm2D(16), paddle.nn.ReLU(), paddle.nn.Flatten(),
        paddle.nn.Linear(16 * 36, 4),
    )  # fmt: skip
    net.eval()
    trace(net, floats(2, 3, 8, 8)).save_inference_model(str(directory), **options)
    return net


def on_gpu(directory, precision=inference.PrecisionType.Float32):
    config = inference.Config(str(directory))
    config.enable_use_gpu(100, 0, precision)
    return inference.create_predictor(config)


def images(n, seed=0):
    return torch.from_numpy(floats(n, 3, 8, 8, seed=seed).numpy())


def close(result, expected):
    np.testing.assert_allclose(result.cpu().numpy(), expected.numpy(), rtol=RTOL, atol=ATOL)


@pytest.fixture
def net(tmp_path):
    return save(tmp_path / "a")


@pytest.fixture
def predictor(tmp_path, net):
    return on_gpu(tmp_path / "a")


def test_run_self_test_and_reload(tmp_path, net, predictor):
    x = images(5)
    result = predictor.run([x.cuda()])[0]
    assert result.device == torch.device("cuda", 0)
    close(result, net(x))
    assert max(predictor.self_test().values()) < 2e-2
    other = save(tmp_path / "b", seed=1)
    predictor.reload(str(tmp_path / "b"))
    close(predictor.run([x.cuda()])[0], other(x))


def test_handles(net, predictor):
    x = images(3)
    name = predictor.get_input_names()[0]
    for value in (x.numpy(), x.cuda(), x.pin_memory()):
        predictor.get_input_handle(name).share_external_data(value)
        predictor.run()
        result = predictor.get_output_handle(predictor.get_output_names()[0]).copy_to_cpu()
        np.testing.assert_allclose(result, net(x).numpy(), rtol=RTOL, atol=ATOL)


@pytest.mark.parametrize("precision", [inference.PrecisionType.Half, inference.PrecisionType.Bfloat16])
def test_mixed_precision(tmp_path, net, precision):
    predictor = on_gpu(tmp_path / "a", precision)
    x = images(4)
    result = predictor.run([x.cuda()])[0]
    assert result.dtype is torch.float32
    np.testing.assert_allclose(result.cpu().numpy(), net(x).numpy(), atol=0.1)
    predictor.self_test()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_archives_of_half_the_size(tmp_path, dtype):
    net = save(tmp_path, dtype=dtype)
    x = images(4)
    np.testing.assert_allclose(on_gpu(tmp_path).run([x.cuda()])[0].cpu().numpy(), net(x).numpy(), atol=0.1)


@pytest.mark.parametrize("dtype", [None, "float16", "bfloat16"])
def test_archives_for_gpus(tmp_path, dtype):
    """Channels last from the first convolution on, by cuDNN, in the archive's dtype; a CUDA graph holds them."""
    net = save(tmp_path, dtype=dtype, target="cuda")
    predictor = on_gpu(tmp_path)
    x = images(4)
    with torch.profiler.profile(record_shapes=True) as profile:
        result = predictor.run([x.cuda()])[0]
    np.testing.assert_allclose(result.cpu().numpy(), net(x).numpy(), atol=1e-2 if dtype is None else 0.1)
    assert any(event.key == "aten::cudnn_convolution" for event in profile.key_averages())
    predictor.self_test()
    predictor.enable_cuda_graph()
    np.testing.assert_allclose(predictor.run([x.cuda()])[0].cpu().numpy(), result.cpu().numpy(), atol=1e-2)
    assert predictor.cuda_graph_shapes() == [[[4, 3, 8, 8]]]


def test_attention_of_an_archive_for_gpus(tmp_path):
    """Not-a-number where the spelling gives it, by each kernel that torch may choose; and nothing waits."""
    from fxtraced.tensor.loops import attention_on_device

    generator = torch.Generator().manual_seed(0)
    for rows, width, masked in ((64, 64, False), (64, 64, True), (5, 4, True), (7, 72, False)):
        for dtype in (torch.float32, torch.float16):
            q, k, v = (torch.rand(2, 3, rows, width, generator=generator).cuda().to(dtype) for _ in range(3))
            mask = torch.zeros(2, 1, rows, rows, device="cuda", dtype=dtype) if masked else None
            q[0, 0, 1] = float("nan")
            if mask is not None:
                mask[0, 0, 2] = float("-inf")
            scores = q.float() @ k.float().transpose(-1, -2) * 0.5
            wanted = torch.softmax(scores if mask is None else scores + mask.float(), -1) @ v.float()
            torch.cuda.synchronize()
            torch.cuda.set_sync_debug_mode("error")
            try:
                got = attention_on_device(q, k, v, mask, 0.5)
            finally:
                torch.cuda.set_sync_debug_mode("default")
            assert torch.equal(got.isnan(), wanted.isnan())
            torch.testing.assert_close(got.float(), wanted, rtol=RTOL, atol=ATOL, equal_nan=True)


def test_pinned_feeds(tmp_path, net, predictor):
    x = images(4).pin_memory()
    close(predictor.run([x])[0], net(x))
    executor = paddle.static.Executor(paddle.CUDAPlace(0))
    program, feeds, fetches = paddle.static.load_inference_model(str(tmp_path / "a"), executor)
    (result,) = executor.run(program, {feeds[0]: x}, fetches, return_numpy=False)
    close(result, net(x))
    with pytest.raises(paddle.errors.FeedError, match="must be on cuda:0"):
        predictor.run([images(4)])


@pytest.mark.filterwarnings("ignore:Synchronization debug mode")
def test_nothing_waits(net, predictor):
    x = images(4).cuda()
    layer = save_free_layer().to("gpu")
    traced = trace(layer, floats(3, 4).cuda())
    y = floats(5, 4).cuda()
    for _ in range(4):
        predictor.run([x])
        traced([y], return_numpy=False)
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        predictor.run([x])
        traced([y], return_numpy=False)
    finally:
        torch.cuda.set_sync_debug_mode("default")


def save_free_layer():
    """A layer that makes tensors in forward: of sizes, of constants, of masks."""

    def forward(self, x):
        n = x.shape[0]
        return self.fc(paddle.tril(paddle.ones([n, n])) @ x) + paddle.to_tensor([1.0, 2.0, 3.0, 4.0]) * paddle.arange(4)

    return layer_of(forward, linear)


def late(x, stream):
    """x, calculated on a stream that is busy for a while first."""
    with torch.cuda.stream(stream):
        given = torch.zeros_like(x)
        torch.cuda._sleep(DELAY)
        given.copy_(x)
    return given


@pytest.mark.parametrize("graphs", [False, True])
def test_the_current_stream_is_used(net, predictor, graphs):
    if graphs:
        predictor.enable_cuda_graph()
    x = images(4).cuda()
    predictor.warm_up([list(x.shape)])
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    for _ in range(3):
        given = late(x, stream)
        with torch.cuda.stream(stream):
            (result,) = predictor.run([given])
        stream.synchronize()
        close(result, net(x.cpu()))


def test_a_batcher_keeps_streams_in_order(net, predictor):
    x = images(2).cuda()
    predictor.warm_up([list(x.shape)])
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with inference.Batcher(predictor, max_batch=8, max_wait=0.01) as batcher:
        for _ in range(3):
            given = late(x, stream)
            with torch.cuda.stream(stream):
                (result,) = batcher.run([given])
                del given
                total = result * 1.0
            stream.synchronize()
            close(total, net(x.cpu()))


def test_several_predictors_on_one_device(tmp_path, net, predictor):
    other = save(tmp_path / "b", seed=1)
    pairs = [(predictor, net), (on_gpu(tmp_path / "b"), other), (predictor.clone(), net)]
    pairs[1][0].enable_cuda_graph()
    predictor.enable_cuda_graph()
    wrong = []

    def ask(chosen, layer, seed):
        with torch.cuda.stream(torch.cuda.Stream()):
            for i in range(20):
                x = images(1 + i % 3, seed=seed + i)
                result = chosen.run([x.cuda()])[0].cpu().numpy()
                if not np.allclose(result, layer(x).numpy(), rtol=RTOL, atol=ATOL):
                    wrong.append((seed, i))

    threads = [threading.Thread(target=ask, args=(*pair, 100 * i)) for i, pair in enumerate(pairs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_out_of_memory(tmp_path):
    def forward(self, x):
        return (x.reshape([-1, 1]) + x.reshape([1, -1])).sum()

    traced = trace(layer_of(forward), floats(8))
    traced.save_inference_model(str(tmp_path))
    predictor = on_gpu(tmp_path)
    x, huge = floats(8).cuda(), torch.ones(3_000_000, device="cuda")
    expected = predictor.run([x])[0].item()
    before = torch.cuda.memory_allocated()
    for run in (predictor.run, traced):
        with pytest.raises(paddle.errors.OutOfMemoryError, match="FXT307 an operation .* needs more memory"):
            run([huge])
        assert torch.cuda.memory_allocated() == before
    assert predictor.run([x])[0].item() == expected


def test_an_input_that_does_not_fit(predictor):
    # 0.4 PB that are one number in the host's memory.
    executor = paddle.static.Executor(paddle.CUDAPlace(0))
    program = predictor._cell.served.program
    with pytest.raises(paddle.errors.OutOfMemoryError, match=r"FXT307 feed '.*' on cuda:0 needs more memory"):
        executor.run(program, {program.feed_names[0]: torch.zeros(1, 3, 8, 8).expand(10**12, -1, -1, -1)})


def test_cuda_graphs(tmp_path, net, predictor):
    predictor.enable_cuda_graph(max_shapes=2)
    kept = []
    for n in (2, 4, 2, 4, 2, 7):
        x = images(n, seed=len(kept))
        kept.append((predictor.run([x.cuda()])[0], net(x)))
    # Every result is memory of its own: a later call leaves it as it is.
    for result, expected in kept:
        close(result, expected)
    assert predictor.cuda_graph_shapes() == [[[2, 3, 8, 8]], [[4, 3, 8, 8]]]
    other = save(tmp_path / "b", seed=1)
    predictor.reload(str(tmp_path / "b"))
    assert predictor.cuda_graph_shapes() == []
    close(predictor.run([images(2).cuda()])[0], other(images(2)))
    assert predictor.cuda_graph_shapes() == [[[2, 3, 8, 8]]]


@pytest.mark.filterwarnings("ignore:Synchronization debug mode")
def test_a_replay_does_not_wait(predictor):
    predictor.enable_cuda_graph()
    x = images(4).cuda()
    predictor.run([x])
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        predictor.run([x])
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("precision", [inference.PrecisionType.Float32, inference.PrecisionType.Half])
def test_threads_share_a_graph(tmp_path, net, precision):
    predictor = on_gpu(tmp_path / "a", precision)
    predictor.enable_cuda_graph()
    wrong = []

    def ask(seed):
        with torch.cuda.stream(torch.cuda.Stream()):
            for i in range(50):
                x = images(2, seed=100 * seed + i)
                if not np.allclose(predictor.run([x.cuda()])[0].cpu().numpy(), net(x).numpy(), atol=0.1):
                    wrong.append((seed, i))

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert predictor.cuda_graph_shapes() == [[[2, 3, 8, 8]]]


def test_a_graph_outlives_its_model(tmp_path, net, predictor):
    """What a replaced model still calculates on the GPU is not overwritten."""
    predictor.enable_cuda_graph()
    x = images(4).cuda()
    predictor.run([x])
    save(tmp_path / "b", seed=1)
    torch.cuda._sleep(DELAY)
    (result,) = predictor.run([x])
    predictor.reload(str(tmp_path / "b"))
    for _ in range(20):
        torch.full_like(x, 7.0)
    close(result, net(x.cpu()))


def test_what_cannot_be_captured(tmp_path, net, predictor):
    """A capture that fails leaves the process as it was: the model runs as without, and others are captured."""

    def forward(self, x):
        return x[x > 0].sum().reshape([1]) + x.shape[0]

    trace(layer_of(forward), floats(2, 3)).save_inference_model(str(tmp_path / "masked"))
    masked = on_gpu(tmp_path / "masked")
    stream = torch.cuda.current_stream()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        masked.enable_cuda_graph()
        for n in (2, 4):
            x = floats(n, 3)
            close(masked.run([x.cuda()])[0], x[x > 0].sum().reshape([1]) + n)
    assert [str(x.message).partition(" ")[0] for x in said] in (["enable_cuda_graph"], ["enable_cuda_graph:"])
    assert masked.cuda_graph_shapes() == []
    assert torch.cuda.current_stream() == stream
    torch.rand(3, device="cuda")
    predictor.enable_cuda_graph()
    close(predictor.run([images(2).cuda()])[0], net(images(2)))
    assert predictor.cuda_graph_shapes() == [[[2, 3, 8, 8]]]


def test_an_archive_of_the_gpu_loads_where_no_gpu_is(tmp_path):
    net = layer_of(lambda self, x: self.fc(x), linear).to("gpu")
    x = floats(3, 4)
    trace(net, x.cuda()).save_inference_model(str(tmp_path / "saved"))
    program = (
        "import sys, numpy, warnings; warnings.simplefilter('ignore'); import fxtraced.inference as i\n"
        "import torch; assert not torch.cuda.is_available()\n"
        "p = i.create_predictor(i.Config(sys.argv[1])); p.self_test()\n"
        "numpy.save(sys.argv[3], p.run([torch.from_numpy(numpy.load(sys.argv[2]))])[0].numpy())\n"
    )
    np.save(tmp_path / "x.npy", x.numpy())
    arguments = [str(tmp_path / name) for name in ("saved", "x.npy", "y.npy")]
    subprocess.run(
        [sys.executable, "-c", program, *arguments], check=True, env={**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    )
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), net(x.cuda()).cpu().numpy(), rtol=1e-4, atol=1e-5)


def test_cpp(tmp_path, net):
    """The C++ programs on the GPU give what Python gives there."""
    from fxtraced import sysconfig

    x = images(3)
    torch.save([x], tmp_path / "feeds.pt")
    programs = sysconfig.build_examples(tmp_path / "build", verbose=False)
    command = [programs["predict"], tmp_path / "a" / "model.pt", tmp_path / "feeds.pt", tmp_path / "results.pt"]
    subprocess.run([*map(str, command), "--device", "cuda"], check=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (result,) = torch.load(tmp_path / "results.pt")
    close(result, net(x))

"""Batcher: requests of many threads as batches."""

import threading

import numpy as np
import pytest

import fxtraced as paddle
from fxtraced import inference
from tests.helpers import floats, layer_of, linear, trace


def predictor_of(directory, layer, *inputs):
    layer.eval()
    trace(layer, *inputs).save_inference_model(str(directory))
    return inference.create_predictor(inference.Config(str(directory)))


def two_inputs(self, x, y):
    return self.fc(x) + y, y * 2


@pytest.fixture
def served(tmp_path):
    """(layer, predictor, a list of the batch sizes that ran)."""
    layer = layer_of(two_inputs, linear)
    predictor = predictor_of(tmp_path, layer, floats(2, 4), floats(2, 4))
    sizes, run = [], predictor.run

    def counting(inputs):
        sizes.append(inputs[0].shape[0])
        return run(inputs)

    predictor.run = counting
    return layer, predictor, sizes


def test_requests_run_together(served):
    layer, predictor, sizes = served
    requests = [(floats(n, 4, seed=n), floats(n, 4, seed=n + 9)) for n in (1, 2, 1, 3, 1)]
    with inference.Batcher(predictor, max_batch=4, max_wait=0.5) as batcher:
        futures = [batcher.submit(list(request)) for request in requests]
        for future, request in zip(futures, requests, strict=True):
            for result, expected in zip(future.result(), layer(*request), strict=True):
                np.testing.assert_allclose(result.numpy(), expected.numpy(), rtol=1e-5, atol=1e-6)
    assert sizes == [4, 4]


def test_every_thread_gets_its_own_rows(served):
    layer, predictor, sizes = served
    wrong = []

    def ask(seed, batcher):
        for i in range(20):
            x, y = floats(1, 4, seed=seed * 100 + i), floats(1, 4, seed=seed)
            if not np.allclose(batcher.run([x, y])[0].numpy(), layer(x, y)[0].numpy(), atol=1e-5):
                wrong.append((seed, i))

    with inference.Batcher(predictor, max_batch=8, max_wait=0.01) as batcher:
        threads = [threading.Thread(target=ask, args=(seed, batcher)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong
    assert sum(sizes) == 160
    assert max(sizes) <= 8


def test_a_bad_request_does_not_spoil_the_others(tmp_path):
    def forward(self, x):
        if x.shape[1] % 2 == 0:
            return x.reshape([0, 2, -1])
        return x

    predictor = predictor_of(tmp_path, layer_of(forward), floats(2, 4))
    with inference.Batcher(predictor, max_batch=4, max_wait=0.2) as batcher:
        good, bad, more = (batcher.submit([floats(1, size)]) for size in (6, 5, 6))
        assert good.result()[0].shape == [1, 2, 3]
        with pytest.raises(paddle.errors.GuardError):
            bad.result()
        assert more.result()[0].shape == [1, 2, 3]


def test_a_cancelled_request(served):
    _, predictor, sizes = served
    with inference.Batcher(predictor, max_batch=8, max_wait=0.3) as batcher:
        first = batcher.submit([floats(1, 4), floats(1, 4)])
        second = batcher.submit([floats(1, 4), floats(1, 4)])
        assert second.cancel()
        first.result()
    assert sum(sizes) == 1


def test_close_answers_what_was_submitted(served):
    batcher = inference.Batcher(served[1], max_batch=2, max_wait=5)
    future = batcher.submit([floats(1, 4), floats(1, 4)])
    batcher.close()
    batcher.close()
    assert future.result()[0].shape == [1, 4]
    with pytest.raises(RuntimeError, match="the batcher is closed"):
        batcher.submit([floats(1, 4), floats(1, 4)])


def test_wrong_requests(served):
    with inference.Batcher(served[1]) as batcher:
        with pytest.raises(paddle.errors.FeedError, match=r"one size, but received \[\[1, 4\], \[2, 4\]\]"):
            batcher.submit([floats(1, 4), floats(2, 4)])
        with pytest.raises(paddle.errors.FeedError, match="has 2 inputs"):
            batcher.run([floats(1, 4)])
    with pytest.raises(ValueError, match="but received 0, 0.002"):
        inference.Batcher(served[1], max_batch=0)


def test_models_that_cannot_be_batched(tmp_path):
    predictor = predictor_of(tmp_path, layer_of(lambda self, x: x.sum()), floats(2, 4))
    with pytest.raises(paddle.errors.FeedError, match=r"the first axis of \['fetch_0'\] is not free"):
        inference.Batcher(predictor)


@pytest.mark.parametrize("inputs", [[np.ones((2, 4), "float32")] * 2, [None, floats(2, 4)], "ab", [[1.0]]], ids=repr)
def test_requests_of_no_tensors(served, inputs):
    with (
        inference.Batcher(served[1]) as batcher,
        pytest.raises(paddle.errors.FeedTypeError, match="FXT302 .* takes tensors, but received"),
    ):
        batcher.submit(inputs)


@pytest.mark.parametrize(("max_batch", "max_wait"), [(0, 0.0), (2, -1.0), (2, float("nan")), (2.5, 0.0), ("2", 0.0)])
def test_sizes_that_make_no_sense(served, max_batch, max_wait):
    with pytest.raises(
        ValueError, match="Batcher: max_batch must be a whole number of at least 1 and max_wait not neg"
    ):
        inference.Batcher(served[1], max_batch, max_wait)


def test_closed_by_whoever_gets_an_answer(served):
    """Its own thread calls back, and cannot wait for itself."""
    batcher, ended = inference.Batcher(served[1]), threading.Event()

    def end(future):
        batcher.close()
        ended.set()

    batcher.submit([floats(2, 4), floats(2, 4)]).add_done_callback(end)
    assert ended.wait(20)
    batcher.close()
    with pytest.raises(RuntimeError, match="the batcher is closed"):
        batcher.submit([floats(2, 4), floats(2, 4)])

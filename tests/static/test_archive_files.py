"""Archives as files: damaged, foreign, cut, half-written, and saved by several at once."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import zipfile

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced.framework import files
from fxtraced.framework.seal import seal
from fxtraced.lowering.archive import read_manifest
from fxtraced.static import io
from tests.helpers import floats, layer_of, linear, trace

SAVE_FOREVER = """
import sys, fxtraced as paddle
from tests.helpers import floats, layer_of, trace
traced = trace(layer_of(lambda self, x: x + 1), floats(2, 3))
print("ready", flush=True)
while True:
    traced.save_inference_model(sys.argv[1])
"""

# torch says that TorchScript is deprecated
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit")


def save_linear(directory):
    trace(layer_of(lambda self, x: self.fc(x), linear), floats(2, 4)).save_inference_model(str(directory))
    return directory / "model.pt"


def load(directory):
    return paddle.static.load_inference_model(str(directory))[0]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "no archive, or a damaged one: it has 0 bytes only"),
        (b"PK\x03\x04 rubbish", "no archive, or a damaged one"),
        (b"rubbish" * 100, "no archive, or a damaged one: its content hash is missing"),
        (None, "there is no model at .* save_inference_model writes DIRNAME/model.pt"),
    ],
)
def test_files_that_are_no_archive(content, text, tmp_path):
    if content is not None:
        (tmp_path / "model.pt").write_bytes(content)
    with pytest.raises(paddle.errors.ArchiveError, match=text):
        load(tmp_path)


def test_truncated_at_every_length(tmp_path):
    path = save_linear(tmp_path)
    content = path.read_bytes()
    for size in {*range(0, len(content), 211), *range(len(content) - 120, len(content))}:
        path.write_bytes(content[:size])
        with pytest.raises(paddle.errors.ArchiveError, match="FXT401"):
            load(tmp_path)


def test_every_flipped_bit_is_found(tmp_path):
    path = save_linear(tmp_path)
    content, chosen = path.read_bytes(), random.Random(0)
    for _ in range(200):
        flipped, bit = bytearray(content), chosen.randrange(len(content) * 8)
        flipped[bit // 8] ^= 1 << (bit % 8)
        path.write_bytes(flipped)
        with pytest.raises(paddle.errors.ArchiveError, match="FXT401"):
            load(tmp_path)


def test_a_damaged_file_says_so(tmp_path):
    path = save_linear(tmp_path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(paddle.errors.ArchiveError, match="is damaged: its content hash is .* and .* was written"):
        load(tmp_path)


def test_a_foreign_torchscript_file(tmp_path):
    torch.jit.save(torch.jit.script(torch.nn.ReLU()), str(tmp_path / "model.pt"))
    with pytest.raises(paddle.errors.ArchiveError, match="without a manifest.*torch.jit.load reads it"):
        load(tmp_path)


def test_a_zip_that_is_no_model(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.pt", "w") as archive:
        archive.writestr("notes.txt", "hello")
    with pytest.raises(paddle.errors.ArchiveError, match="without a manifest"):
        load(tmp_path)


@pytest.mark.parametrize("names", [["inference.pdmodel", "inference.pdiparams"], ["__model__"]])
def test_a_program_of_paddle(names, tmp_path):
    for name in names:
        (tmp_path / name).write_bytes(b"\x0a")
    with pytest.raises(paddle.errors.ArchiveError, match="a program that Paddle saved.*set_state_dict"):
        load(tmp_path)
    with pytest.raises(paddle.errors.ArchiveError, match="a program that Paddle saved|there is no model at"):
        load(tmp_path / "inference")


def test_a_newer_format(tmp_path, monkeypatch):
    import fxtraced.static.manifest

    monkeypatch.setattr(fxtraced.static.manifest, "FORMAT", 99)
    save_linear(tmp_path)
    monkeypatch.undo()
    with pytest.raises(paddle.errors.ArchiveError, match="has format 99"):
        load(tmp_path)


def with_manifest(path, change):
    """Write an archive anew, whole and sealed, with its manifest changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with open(path, "w+b") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name, content in parts.items():
                is_manifest = name.endswith("fxtraced_manifest.json")
                archive.writestr(name, change(json.loads(content)) if is_manifest else content)
        seal(file)


FEED = {"name": "x", "dtype": "float32", "shape": [2, 4]}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda m: b"{", "its manifest is no JSON: Expecting property name"),
        (lambda m: b"\xff", "its manifest is no JSON: "),
        (lambda m: "[1]", "its manifest is a list"),
        (lambda m: "null", "its manifest is a NoneType"),
        (lambda m: "{}", "it has no 'format'"),
        (lambda m: json.dumps({**m, "format": "1"}), "its 'format' is '1'"),
        (lambda m: json.dumps({**m, "feeds": {}}), "its 'feeds' is {}"),
        (lambda m: json.dumps({**m, "feeds": [1]}), "in its 'feeds', 1 has no name, dtype and shape"),
        (lambda m: json.dumps({**m, "feeds": [{**FEED, "dtype": "float99"}]}), "has no name, dtype and shape: unknown"),
        (lambda m: json.dumps({**m, "feeds": [{**FEED, "shape": "ab"}]}), "has no name, dtype and shape"),
        (lambda m: json.dumps({**m, "fetches": []}), r"its manifest names the fetches \[\], and its module"),
        (lambda m: json.dumps({**m, "feeds": [FEED, FEED]}), r"names the feeds \['x', 'x'\], and its module \['x'\]"),
        (lambda m: json.dumps({**m, "target": "tpu"}), "it was saved for target 'tpu'.* Upgrade fxtraced"),
    ],
)
def test_a_broken_description(change, text, tmp_path):
    path = save_linear(tmp_path)
    with_manifest(path, change)
    with pytest.raises(paddle.errors.ArchiveError, match=f"FXT401 .*{text}.*errors.md#fxt401"):
        load(tmp_path)


def named(name, factor):
    return trace(layer_of(lambda self, x: {name: x * factor}), floats(2, 3))


@pytest.mark.parametrize("open_files", ["have names", "have none"])
def test_a_model_that_is_replaced_while_it_is_loaded(tmp_path, monkeypatch, open_files):
    """Its description, its hash and what it calculates are of one file."""
    if open_files == "have none":
        monkeypatch.setattr(files, "OPEN_FILES", "/nowhere")
    elif not os.path.isdir(files.OPEN_FILES):
        pytest.skip("the system has no names for open files")
    first, second = named("first", 2.0), named("second", 3.0)
    second.save_inference_model(str(tmp_path / "second"))
    first.save_inference_model(str(tmp_path))
    read, left = io.read_manifest, [second]

    def reading(path, source):
        manifest = read(path, source)
        if left:
            left.pop().save_inference_model(str(tmp_path))
        return manifest

    monkeypatch.setattr(io, "read_manifest", reading)
    loaded, factor = ("first", 2) if open_files == "have names" else ("second", 3)
    path = str(tmp_path / "model.pt")
    before = read(path)
    program, feeds, _ = paddle.static.load_inference_model(str(tmp_path))
    assert program.fetch_names == [loaded]
    written = before if loaded == "first" else read(path)
    assert program.manifest["content_hash"] == written["content_hash"]
    x = floats(2, 3).numpy()
    np.testing.assert_array_equal(paddle.static.Executor().run(program, {feeds[0]: x})[0], x * np.float32(factor))
    left += [first, second] * 10
    if open_files == "have names":
        load(tmp_path)
        return
    with pytest.raises(paddle.errors.ArchiveError, match="FXT401 .*model.pt was replaced while it was loaded, 8 times"):
        load(tmp_path)


def test_the_manifest_is_read_without_the_model(tmp_path):
    path = save_linear(tmp_path)
    manifest = read_manifest(str(path))
    assert manifest["fetches"][0]["name"] == "fetch_0"
    with zipfile.ZipFile(path) as archive:
        name = next(x for x in archive.namelist() if x.endswith("fxtraced_manifest.json"))
        assert {**json.loads(archive.read(name)), "content_hash": manifest["content_hash"]} == manifest


def test_a_symbolic_link_stays(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "current").mkdir()
    (tmp_path / "current" / "model.pt").symlink_to(tmp_path / "models" / "first.pt")
    save_linear(tmp_path / "current")
    assert (tmp_path / "current" / "model.pt").is_symlink()
    assert (tmp_path / "models" / "first.pt").is_file()
    load(tmp_path / "current")


def test_a_save_that_fails_leaves_the_old_model(tmp_path):
    """A file size limit stands for a full disk."""
    path = save_linear(tmp_path)
    content = path.read_bytes()
    limited = """
import resource, signal, sys
from tests.static.test_archive_files import save_linear
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
save_linear(Path(sys.argv[1]))
"""
    done = subprocess.run([sys.executable, "-c", limited, str(tmp_path)], check=False, capture_output=True, text=True)
    assert "OSError: [Errno 27]" in done.stderr
    assert path.read_bytes() == content
    assert os.listdir(tmp_path) == ["model.pt"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills as POSIX does")
def test_killed_at_any_moment(tmp_path):
    """The file under the name is always whole: the model of before or of after."""
    chosen = random.Random(0)
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", SAVE_FOREVER, str(tmp_path)], stdout=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(chosen.uniform(0.05, 0.2))
        process.kill()
        process.wait()
        process.stdout.close()
        if (tmp_path / "model.pt").exists():
            assert load(tmp_path).fetch_names == ["fetch_0"]


def test_many_savers_and_readers(tmp_path):
    """Each reader sees one model or the other, never a mixture."""
    traces = [trace(layer_of(lambda self, x, k=k: x * 0 + k), floats(2, 3)) for k in range(2)]
    traces[0].save_inference_model(str(tmp_path))
    problems = []

    def save(traced):
        for _ in range(5):
            traced.save_inference_model(str(tmp_path))

    def read():
        executor = paddle.static.Executor()
        try:
            for _ in range(5):
                program, feeds, fetches = paddle.static.load_inference_model(str(tmp_path), executor)
                result = executor.run(program, {feeds[0]: np.ones((2, 3), "float32")}, fetches)[0]
                assert len(np.unique(result)) == 1, result
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=save, args=(traced,)) for traced in traces]
    threads += [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems, problems[0]
    assert os.listdir(tmp_path) == ["model.pt"]


def test_sublayers_of_one_form_share_a_type(tmp_path):
    """A type is a file in the archive: one each for 30 layers would be several per cent of a small model."""
    net = paddle.nn.Sequential(*(paddle.nn.Linear(128, 128) for _ in range(30)))
    net.eval()
    trace(net, floats(2, 128)).save_inference_model(str(tmp_path), sample=False)
    with zipfile.ZipFile(tmp_path / "model.pt") as archive:
        sources = [x for x in archive.namelist() if x.endswith(".py")]
    assert len(sources) == 1
    weights = sum(x.nbytes for x in net.parameters())
    assert weights < (tmp_path / "model.pt").stat().st_size < 1.01 * weights + 16384

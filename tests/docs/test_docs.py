"""The documents tell the truth: their programs run, their tables are the code's, their links lead somewhere."""

from __future__ import annotations

import enum
import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import fxtraced as paddle
from fxtraced import sysconfig
from tests.docs.documents import DOCUMENTS, ROOT, Block, Running, anchors, blocks, programs, section

ERRORS = ROOT / "docs" / "errors.md"
SOURCES = [*sorted((ROOT / "fxtraced").rglob("*.py")), *sorted((ROOT / "fxtraced").rglob("*.h"))]
# FXT000 is the base class's; nothing raises it.
CODES = sorted({code for path in SOURCES for code in re.findall(r"FXT\d{3}", path.read_text())} - {"FXT000"})
PROGRAMS = [program for document in DOCUMENTS for program in programs(document)]
LINKED = [*DOCUMENTS, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", ROOT / "fxtraced" / "cpp" / "README.md"]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program[0].place)
def test_python_does_what_the_document_says(program, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    running = Running()
    for block in program:
        running.run(block)


def test_the_commands_from_a_layer_to_an_archive(tmp_path, monkeypatch):
    """The block of bash, line by line, on the module that the document writes."""
    text = section(ROOT / "docs" / "command_line.md", "## From a layer to an archive")
    module, commands = (re.search(rf"```{kind}\n(.*?)```", text, re.DOTALL)[1] for kind in ("python", "bash"))
    monkeypatch.chdir(tmp_path)
    exec(module, {})
    paddle.seed(0)
    layer = paddle.nn.Sequential(paddle.nn.Embedding(100, 16), paddle.nn.Linear(16, 4))
    paddle.save(layer.state_dict(), "model.pdparams")
    for line in commands.splitlines():
        program, *arguments = shlex.split(line)
        assert program == "fxtraced"
        done = subprocess.run(
            [sys.executable, "-m", "fxtraced", *arguments], capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, ""), line


def test_every_code_has_a_section_and_every_section_a_code():
    sections = re.findall(r"^## (FXT\d{3})\b", ERRORS.read_text(), flags=re.MULTILINE)
    assert sections == CODES


@pytest.mark.parametrize("code", CODES)
def test_a_section_raises_its_error_and_repairs_it(code):
    text = section(ERRORS, f"## {code}")
    fences = re.findall(r"^```(python.*)$", text, flags=re.MULTILINE)
    assert fences[0] == f"python raises {code} fresh"
    assert set(fences[1:]) == {"python fresh"}
    for word in ("**What happened.**", "**Why.**", "**Remedy.**"):
        assert word in text


def test_the_sources_name_sections_that_exist():
    for path in SOURCES:
        # A long message may be split in the middle of the name.
        text = re.sub(r'"\s*f?"', "", path.read_text())
        for anchor in re.findall(r"docs/errors\.md#(\w+)", text):
            assert anchor in anchors(ERRORS), f"{path}: {anchor}"


@pytest.mark.parametrize("kind", ["BuildStrategy", "ExecutionStrategy"])
def test_the_tables_of_strategies_are_the_code(kind):
    def default(value):
        return f"{type(value).__name__}.{value.name}" if isinstance(value, enum.Enum) else repr(value)

    listed = {}
    for line in section(ROOT / "docs" / "strategies.md", f"## {kind}").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `"):
            listed[cells[0].strip("`")] = (cells[1].strip("`"), cells[2] if len(cells) > 2 else "")
    settings = getattr(paddle.static, kind).SETTINGS
    assert listed == {name: (default(s.default), s.meaning) for name, s in settings.items()}


def test_counts_of_the_api_are_reached():
    names = {"paddle": paddle.tensor, "paddle.nn": paddle.nn, "paddle.nn.functional": paddle.nn.functional}
    names |= {"paddle.optimizer": paddle.optimizer}
    names |= {f"paddle.vision.{name}": getattr(paddle.vision, name) for name in ("models", "transforms", "datasets")}
    rows = re.findall(r"^\| `([\w.]+)` \| .* \| (\d+) \|$", (ROOT / "docs" / "models.md").read_text(), re.MULTILINE)
    assert {name for name, _ in rows} == set(names)
    for name, count in rows:
        assert int(count) <= len(names[name].__all__), name


@pytest.mark.parametrize("document", LINKED, ids=lambda path: path.name)
def test_links_lead_somewhere(document):
    text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        assert path.exists(), f"{document.name}: {target}"
        assert not anchor or anchor in anchors(path), f"{document.name}: {target}"


def test_commands_name_what_exists():
    for document in DOCUMENTS:
        for block in blocks(document, "bash"):
            for name in re.findall(r"(?<![\w./])(?:scripts|tests|docs|fxtraced)/[\w./-]+", block.text):
                assert (ROOT / name).exists(), f"{block.place}: {name}"
            for module in re.findall(r"python -m ([\w.]+)", block.text):
                assert importlib.util.find_spec(module), f"{block.place}: {module}"


def test_no_document_has_a_block_without_a_language():
    known = {"python", "text", "bash", "cpp", "cmake", "json"}
    assert {block.language for document in DOCUMENTS for block in blocks(document)} <= known


# C++: every block of every document in one file, built as the README says.


def _one_file(cpp: list[Block]) -> str:
    """All blocks as one program: `app N` runs block N when it is a whole program; the others only compile."""
    includes = sorted({line for b in cpp for line in b.text.splitlines() if line.startswith("#include")})
    parts, cases = [], []
    for i, block in enumerate(cpp):
        body = "\n".join(line for line in block.text.splitlines() if not line.startswith("#include"))
        if "int main(" in body:
            body = body.replace("int main(", "int run(")
            cases.append(f"  if (number == {i}) return block_{i}::run();")
        else:
            given = ("fxtraced::Predictor&", "predictor"), ("const at::Tensor&", "x"), ("const at::Tensor&", "mask")
            signature = ", ".join(f"[[maybe_unused]] {kind} {name}" for kind, name in given)
            body = f"[[maybe_unused]] inline void fragment({signature}) {{\n{body}\n}}"
        parts.append(f"// {block.place}\nnamespace block_{i} {{\n{body}\n}}\n")
    main = ["int main(int, char** values) {", "  const int number = std::atoi(values[1]);", *cases, "  return 2;", "}"]
    return "\n".join([*includes, "#include <cstdlib>", *parts, *main, ""])


def _cmake(*arguments: object) -> None:
    done = subprocess.run(["cmake", *map(str, arguments)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """The built program of all C++ blocks, and the blocks. Without cmake or a compiler this fails."""
    cpp = [block for document in DOCUMENTS for block in blocks(document, "cpp")]
    whole, *others = [block for document in DOCUMENTS for block in blocks(document, "cmake")]
    directory: Path = tmp_path_factory.mktemp("app")
    (directory / "app.cpp").write_text(_one_file(cpp))
    (directory / "CMakeLists.txt").write_text(whole.text)
    options = [f"-Dfxtraced_DIR={sysconfig.get_cmake_dir()}", f"-DPython3_EXECUTABLE={sys.executable}"]
    _cmake("-S", directory, "-B", directory / "build", "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror", *options)
    _cmake("--build", directory / "build")
    for i, block in enumerate(others):
        other = directory / f"other_{i}"
        other.mkdir()
        (other / "app.cpp").write_text("int main() {}\n")
        (other / "CMakeLists.txt").write_text(block.text)
        _cmake("-S", other, "-B", other / "build", *options)
    return directory / "build" / "app", cpp


def test_cpp_runs_on_the_archive_of_the_readme(app, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    running = Running()
    for block in programs(ROOT / "README.md")[0]:
        running.run(block)
    binary, cpp = app
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    for number, block in enumerate(cpp):
        if block.document.name == "README.md":
            done = subprocess.run([binary, str(number)], check=False, capture_output=True, text=True, env=environment)
            assert done.returncode == 0, block.place + done.stderr
            assert done.stdout == "[1, 10]\n"

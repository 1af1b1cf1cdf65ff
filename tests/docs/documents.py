"""The documents as blocks of code, and running those of Python.

The word after ``` is the language; these may follow it:
    fresh           python: starts a program of its own; otherwise a block goes on where the one before ended
    paddle          python: is for real Paddle; fxtraced stands in for it
    raises FXT101   python: raises an error whose text starts with this code
    raised          text: is the whole text of the error that the block before raised
    printed         text: is what the block before printed; times and differences may be others
"""

from __future__ import annotations

import contextlib
import io
import linecache
import re
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fxtraced

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SOURCE_NAME = "net.py"


@dataclass(frozen=True)
class Block:
    """One fenced block: where it starts, its language, the words after the language, and its text."""

    document: Path
    line: int
    language: str
    words: list[str]
    text: str

    @property
    def place(self) -> str:
        return f"{self.document.relative_to(ROOT)}:{self.line}"

    @property
    def raises(self) -> str:
        """The code that this block promises to raise, or ""."""
        return self.words[self.words.index("raises") + 1] if "raises" in self.words else ""


def blocks(document: Path, *languages: str) -> list[Block]:
    """The fenced blocks of a document in order; of these languages only, when some are named."""
    found = []
    lines = document.read_text().splitlines()
    start = None
    for i, line in enumerate(lines):
        if not line.startswith("```"):
            continue
        if start is None:
            start = i
            continue
        language, *words = lines[start].removeprefix("```").split() or [""]
        found.append(Block(document, start + 1, language, words, "\n".join(lines[start + 1 : i]) + "\n"))
        start = None
    assert start is None, f"{document}: the block of line {start} is not closed"
    return [block for block in found if not languages or block.language in languages]


def programs(document: Path) -> list[list[Block]]:
    """The Python of a document as programs: lists of blocks, with the texts that say what they print or raise."""
    found: list[list[Block]] = []
    for block in blocks(document, "python", "text"):
        if block.language == "python" and (not found or "fresh" in block.words):
            found.append([])
        if block.language == "python" or {"raised", "printed"} & set(block.words):
            found[-1].append(block)
    return found


@dataclass
class Running:
    """A program while its blocks run one after the other, as if they stood in one file net.py."""

    namespace: dict[str, Any] = field(default_factory=lambda: {"__name__": "net"})
    lines: list[str] = field(default_factory=list)
    printed: str = ""
    raised: str = ""

    def run(self, block: Block) -> None:
        """Run a block of Python, or compare a text with what the block before did. Raises AssertionError."""
        if block.language == "text":
            expected = self.raised if "raised" in block.words else self.printed
            what = "raised" if "raised" in block.words else "printed"
            assert _comparable(block.text) == _comparable(expected), f"{block.place}: this was {what}:\n{expected}"
            return
        code = "\n" * len(self.lines) + block.text
        self.lines += block.text.splitlines()
        linecache.cache[SOURCE_NAME] = (0, None, [f"{line}\n" for line in self.lines], SOURCE_NAME)
        output, self.raised = io.StringIO(), ""
        with warnings.catch_warnings(), contextlib.redirect_stdout(output):
            try:
                if "paddle" in block.words:
                    sys.modules["paddle"] = fxtraced
                exec(compile(code, SOURCE_NAME, "exec"), self.namespace)
            except Exception as error:
                if not block.raises:
                    raise
                self.raised = str(error)
            finally:
                if "paddle" in block.words:
                    del sys.modules["paddle"]
        self.printed = output.getvalue()
        if block.raises:
            assert self.raised.startswith(block.raises), f"{block.place}: this was raised: {self.raised!r}"


def _comparable(text: str) -> str:
    text = re.sub(r"\d+\.\d+ s\b", "0.00 s", text.strip())
    return re.sub(r"difference \S+ absolute, \S+ relative", "difference 0 absolute, 0 relative", text)


def section(document: Path, heading: str) -> str:
    """The text under a heading, up to the next one of the same or a higher level."""
    level = len(heading) - len(heading.lstrip("#"))
    found = re.search(
        rf"^{re.escape(heading)}$\n(.*?)(?=^#{{1,{level}}} |\Z)", document.read_text(), flags=re.MULTILINE | re.DOTALL
    )
    assert found, f"{document.name} has no heading {heading!r}"
    return found.group(1)


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

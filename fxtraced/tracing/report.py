"""What a verification showed, as values and as a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


def shapes_text(shapes: dict[str, tuple[int, ...]]) -> str:
    """Shapes by name, as `x[2, 3], mask[2]`."""
    return ", ".join(f"{name}{list(shape)}" for name, shape in shapes.items())


@dataclass(frozen=True)
class Probe:
    """One comparison: its inputs' shapes, and the largest differences or why there was none to make.

    skipped: empty for a comparison that was made. seconds: what the layer's call, the graph's and the comparison took.
    """

    name: str
    shapes: dict[str, tuple[int, ...]]
    outputs: dict[str, tuple[int, ...]] = field(default_factory=dict)
    absolute: float = 0.0
    relative: float = 0.0
    skipped: str = ""
    seconds: float = 0.0

    @property
    def result(self) -> str:
        """The differences as a text, or why there are none."""
        return self.skipped or f"largest difference {self.absolute:.3g} absolute, {self.relative:.3g} relative"

    def __str__(self) -> str:
        return f"{self.name} on {shapes_text(self.shapes)}: {self.result}"


@dataclass(frozen=True)
class SizeFinding:
    """What is known of one dimension of a feed.

    verdict: "free" (a probe with another size passed), "guarded" (a guard asks about it, or stopped the probe), "fixed"
    (forward itself fails at another size) or "untested". tried: the other sizes that passed, with those it was tied to.
    why: the guards, or forward's error.
    """

    feed: str
    dim: int
    size: int
    verdict: str
    tried: tuple[int, ...] = ()
    tied: tuple[str, ...] = ()
    why: str = ""

    @property
    def name(self) -> str:
        """The dimension as forward would write it."""
        return f"{self.feed}.shape[{self.dim}]"

    def as_dict(self) -> dict[str, Any]:
        """For a manifest."""
        return {**vars(self), "tried": list(self.tried), "tied": list(self.tied)}

    def __str__(self) -> str:
        tried = f"works at {', '.join(map(str, self.tried))}" if self.tried else ""
        if self.tied:
            tried += f" together with {', '.join(self.tied)}"
        details = "; ".join(x for x in (tried, self.why) if x)
        return f"{self.verdict}: {details}" if details else self.verdict


@dataclass
class VerificationReport:
    """What the probes showed; printing it gives a line a probe and a line a dimension.

    sizes: a finding for each dimension of each feed.
    free: for each feed and fetch the dimensions that had another size in a probe that worked.
    unreached: the branches and loops that no probe took, so that nothing has checked them.
    seconds: what the verification took, with compiling the graph.
    """

    rtol: float
    atol: float
    probes: list[Probe] = field(default_factory=list)
    sizes: list[SizeFinding] = field(default_factory=list)
    free: dict[str, set[int]] = field(default_factory=dict)
    unreached: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, probe: Probe) -> None:
        """Take in a probe, with the dimensions that had another size in it than in the first one."""
        self.probes.append(probe)
        first = self.probes[0]
        if not probe.skipped:
            for before, now in ((first.shapes, probe.shapes), (first.outputs, probe.outputs)):
                for name, shape in before.items():
                    other = {i for i, (a, b) in enumerate(zip(shape, now[name], strict=True)) if a != b}
                    self.free.setdefault(name, set()).update(other)

    def shape_with_free_sizes(self, name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
        """shape with -1 for the dimensions of a feed or fetch that had another size in a probe that worked."""
        free = self.free.get(name, set())
        return tuple(-1 if i in free else size for i, size in enumerate(shape))

    def __str__(self) -> str:
        lines = [f"verified in {self.seconds:.2f} s, rtol {self.rtol:g}, atol {self.atol:g}"]
        lines += _columns([(probe.name, shapes_text(probe.shapes), probe.result) for probe in self.probes])
        lines += _columns([(f"{found.name} = {found.size}", str(found)) for found in self.sizes])
        lines += [f"  not checked, as no probe took it: {way}" for way in self.unreached]
        return "\n".join(lines)


def _columns(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  " + "  ".join(x.ljust(w) for x, w in zip(row, widths, strict=True)).rstrip() for row in rows]

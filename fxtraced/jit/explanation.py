"""What a user gets to read about a layer that is to become a static graph."""

from __future__ import annotations

from dataclasses import dataclass

from fxtraced.jit.conversion import Conversion
from fxtraced.tracing.explain import find_problems, problem_of
from fxtraced.tracing.guards import Guard
from fxtraced.tracing.refusals import Problem
from fxtraced.tracing.report import VerificationReport

_NEWLINE = "\n"


@dataclass(frozen=True)
class Findings:
    """What was found in one mode of a layer. report: None where a problem kept the graph from being verified.

    problems: in inference mode only those that training mode does not have as well.
    """

    mode: str
    problems: list[Problem]
    guards: list[Guard]
    report: VerificationReport | None

    def __str__(self) -> str:
        lines = [f"{self.mode}: {len(self.problems)} problem{'' if len(self.problems) == 1 else 's'}"]
        lines += [
            f"  {i}. {problem.text.replace(_NEWLINE, _NEWLINE + '   ')}" for i, problem in enumerate(self.problems, 1)
        ]
        lines += [f"guards: {len(self.guards)}", *(f"  {guard}" for guard in self.guards)]
        return "\n".join([*lines, str(self.report) if self.report else "not verified"])


@dataclass(frozen=True)
class Explanation:
    """Everything that a trace of a layer finds (TracedLayer.explain); printing it gives the whole of it.

    findings: those of the layer's own mode, and of inference mode where that is another one.
    """

    layer: str
    findings: list[Findings]

    @property
    def problems(self) -> list[Problem]:
        """What keeps the layer from becoming a static graph, in any of its modes."""
        return [problem for found in self.findings for problem in found.problems]

    @property
    def convertible(self) -> bool:
        """True when trace gives a graph and save_inference_model a file."""
        return not self.problems

    def __str__(self) -> str:
        verdict = "can be converted" if self.convertible else "cannot be converted"
        return "\n".join([f"{self.layer} {verdict}", *map(str, self.findings)])


def explanation(conversion: Conversion) -> Explanation:
    """Look at a layer in its own mode, and in inference mode."""
    training = conversion.is_training
    first = _findings(conversion, "training mode" if training else "inference mode")
    if not training:
        return Explanation(type(conversion.layer).__name__, [first])
    second = _findings(conversion.in_inference_mode(), "inference mode" + (", further" if first.problems else ""))
    known = [problem.text for problem in first.problems]
    second.problems[:] = [problem for problem in second.problems if problem.text not in known]
    return Explanation(type(conversion.layer).__name__, [first, second])


def _findings(conversion: Conversion, mode: str) -> Findings:
    conversion.before.restore()
    problems, guards = find_problems(conversion.layer, conversion.inputs)
    report = None
    if not problems:
        try:
            program = conversion.program()
            guards, report = program.guards, program.report
        except Exception as error:
            problems = [problem_of(error)]
    return Findings(mode, problems, guards, report)

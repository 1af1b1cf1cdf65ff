"""Reaching every branch and loop with probes: what no probe takes, nothing has checked."""

from __future__ import annotations

from dataclasses import replace

from fxtraced.tracing.comparer import Comparer
from fxtraced.tracing.probes import far_values
from fxtraced.tracing.regions import ways_of
from fxtraced.tracing.report import VerificationReport


def probe_ways(comparer: Comparer, report: VerificationReport) -> None:
    """Probe values far from the given ones while they take ways that no probe took; the report gets what is left over.

    Raises VerificationError on a difference.
    """
    ways, taken = ways_of(comparer.trace.graph)
    unreached = [way for way in ways if way not in taken | comparer.ways]
    for leaves in far_values(comparer.given().leaves) if unreached else ():
        case = comparer.case("", leaves)
        try:
            eager = comparer.eager(case)
        except Exception:
            continue
        reached = [way for way in unreached if way in eager.ways]
        if reached:
            case = replace(case, name=f"values for {', '.join(dict.fromkeys(way.role for way in reached))}")
            report.add(comparer.compare(case, eager, comparer.static(case)))
            unreached = [way for way in unreached if way not in reached]
        if not unreached:
            break
    report.unreached = [str(way) for way in unreached]

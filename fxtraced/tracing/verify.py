"""Verification: the static graph against fresh eager calls of its layer."""

from __future__ import annotations

import time

from fxtraced.tracing.comparer import Comparer, Run, headline
from fxtraced.tracing.probes import fresh_values
from fxtraced.tracing.report import Probe, VerificationReport
from fxtraced.tracing.size_search import SizeSearch
from fxtraced.tracing.ways import probe_ways


def verify(comparer: Comparer, given: Run | None, thorough: bool = False) -> VerificationReport:
    """Probe the given inputs, fresh values, and other sizes. Raises VerificationError on a difference.

    given: what the eager call of the trace gave, which is not made again then; None when it was of another mode or
    state. thorough: probe every dimension by itself, at a smaller and at a larger size.
    """
    started = time.perf_counter()
    report = VerificationReport(comparer.rtol, comparer.atol)
    case = comparer.given()
    report.add(comparer.compare(case, given or comparer.eager(case), comparer.static(case)))

    leaves = fresh_values(case.leaves)
    case = comparer.case("fresh values", leaves)
    try:
        eager = comparer.eager(case)
    except Exception as error:
        why = f"forward itself fails there: {headline(error)}"
        report.add(Probe(case.name, comparer.shapes(case), skipped=why))
        leaves = comparer.given().leaves
    else:
        report.add(comparer.compare(case, eager, comparer.static(case)))

    search = SizeSearch(comparer, report, leaves)
    search.one_at_a_time() if thorough else search.together()
    report.sizes = search.findings()
    probe_ways(comparer, report)
    report.seconds = time.perf_counter() - started
    return report

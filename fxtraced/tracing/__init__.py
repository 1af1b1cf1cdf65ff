"""The tracer: runs a layer once on traced values and records a graph with guards."""

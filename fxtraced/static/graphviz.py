"""A graph as Graphviz text, for BuildStrategy.debug_graphviz_path."""

from __future__ import annotations

from torch import fx


def write_graphviz(graph: fx.Graph, path: str) -> None:
    """Write graph to path in the DOT language. Raises OSError when the file cannot be written."""
    lines = ["digraph program {", "  node [shape=box];"]
    for node in graph.nodes:
        target = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))
        shape = f"\\n{list(node.meta['shape'])}" if "shape" in node.meta else ""
        lines.append(f'  "{node.name}" [label="{node.name}\\n{target}{shape}"];')
        lines += [f'  "{source.name}" -> "{node.name}";' for source in node.all_input_nodes]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join([*lines, "}", ""]))

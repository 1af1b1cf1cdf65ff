"""A graph as Graphviz text, for BuildStrategy.debug_graphviz_path."""

from __future__ import annotations

from torch import fx

from fxtraced.tracing.regions import regions_of


def write_graphviz(graph: fx.Graph, path: str) -> None:
    """Write graph to path in the DOT language. Raises OSError when the file cannot be written."""
    lines = ["digraph program {", "  node [shape=box];", *_statements(graph), "}", ""]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))


def _statements(graph: fx.Graph, prefix: str = "") -> list[str]:
    """Nodes and edges; a region of a branch or loop is a cluster, whose edges to its node are dashed."""
    lines = []
    for node in graph.nodes:
        target = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))
        shape = f"\\n{list(node.meta['shape'])}" if "shape" in node.meta else ""
        name = prefix + node.name
        lines.append(f'  "{name}" [label="{node.name}\\n{target}{shape}"];')
        lines += [f'  "{prefix}{source.name}" -> "{name}";' for source in node.all_input_nodes]
        for place, (region, _) in enumerate(regions_of(node)):
            inside = f"{name}/{place}/"
            lines += [f'  subgraph "cluster_{inside}" {{', f'  label="{region.way.title}";']
            lines += [*_statements(region.graph, inside), "  }"]
            lines.append(f'  "{inside}{region.graph.output_node().name}" -> "{name}" [style=dashed];')
    return lines

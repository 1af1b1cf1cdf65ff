"""Small graph-to-graph steps; `pipeline` orders them."""

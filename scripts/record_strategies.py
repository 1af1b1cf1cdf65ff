"""Record the attributes of BuildStrategy and ExecutionStrategy under real Paddle 2.6.2.

    python scripts/record_strategies.py

Writes tests/static/recorded/strategies.json: for each class its attributes with their defaults as text.
"""

import json
from pathlib import Path

import paddle

PLACE = Path(__file__).resolve().parents[1] / "tests" / "static" / "recorded" / "strategies.json"


def attributes(strategy):
    """The settable attributes of a strategy with their defaults; nested classes are left out."""
    names = [name for name in dir(strategy) if not name.startswith("_")]
    return {name: default(getattr(strategy, name)) for name in names if not isinstance(getattr(strategy, name), type)}


def default(value):
    """A default as text: enumerations by the name of their member."""
    return value.name if hasattr(value, "name") else repr(value)


if __name__ == "__main__":
    record = {
        kind.__name__: attributes(kind()) for kind in (paddle.static.BuildStrategy, paddle.static.ExecutionStrategy)
    }
    PLACE.parent.mkdir(parents=True, exist_ok=True)
    PLACE.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")
    print({kind: len(values) for kind, values in record.items()})

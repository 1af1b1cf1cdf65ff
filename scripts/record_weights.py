"""Record files of weights that real Paddle writes, and what real Paddle reads from those that fxtraced writes.

    python scripts/record_weights.py write DIRECTORY     # under fxtraced: its files
    python scripts/record_weights.py record DIRECTORY    # under paddlepaddle 2.6.2: its files, and what it reads

`record` writes Paddle's own files to tests/framework/recorded/, what they hold to written_by_paddle.json there, and
what Paddle reads from fxtraced's files in DIRECTORY to read_by_paddle.json.
"""

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE / "tests" / "framework"))

from weights import FILES, described  # noqa: E402

RECORDED = HERE / "tests" / "framework" / "recorded"


def write(paddle, directory):
    directory.mkdir(parents=True, exist_ok=True)
    for name, (made, protocol) in FILES.items():
        paddle.save(made(paddle), str(directory / name), protocol=protocol)


def write_static(paddle, path):
    """A nested dict of a static program's variables: Paddle writes these in a way of their own."""
    paddle.enable_static()
    main, start = paddle.static.Program(), paddle.static.Program()
    with paddle.static.program_guard(main, start):
        paddle.static.nn.fc(paddle.static.data("x", [None, 3]), 2, weight_attr=paddle.nn.initializer.Constant(0.25))
    paddle.static.Executor().run(start)
    paddle.save({"epoch": 1, "model": dict(main.state_dict())}, path)
    paddle.disable_static()


def read(paddle, directory, names):
    return {
        f"{name}{' as arrays' * as_arrays}": described(paddle.load(str(directory / name), return_numpy=as_arrays))
        for name in names
        for as_arrays in (False, True)
    }


def record(directory):
    import paddle

    write(paddle, RECORDED)
    write_static(paddle, str(RECORDED / "static.pdparams"))
    for name, where, names in (
        ("written_by_paddle", RECORDED, [*FILES, "static.pdparams"]),
        ("read_by_paddle", directory, FILES),
    ):
        text = json.dumps(read(paddle, where, names), indent=1, ensure_ascii=False)
        (RECORDED / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    task, target = sys.argv[1:]
    if task == "write":
        import fxtraced

        write(fxtraced, Path(target))
    else:
        record(Path(target))

"""`python -m fxtraced.sysconfig --cmake-dir` and its like print one path each; `--build-...` builds."""

from __future__ import annotations

import argparse
import sys

from fxtraced.framework.native import native_path
from fxtraced.sysconfig import build_examples, build_native, get_cmake_dir, get_cpp_dir, get_include, get_lib


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m fxtraced.sysconfig", description="Where fxtraced's C++ client lies."
    )
    paths = {"--include": get_include, "--cmake-dir": get_cmake_dir, "--cpp-dir": get_cpp_dir, "--lib": get_lib}
    chosen = parser.add_mutually_exclusive_group()
    for option, function in paths.items():
        chosen.add_argument(
            option, dest="path", action="store_const", const=function, help=(function.__doc__ or "").split("\n")[0]
        )
    chosen.add_argument("--build-examples", metavar="DIR", help="build the example programs in DIR")
    chosen.add_argument(
        "--build-native", action="store_true", help="build the native module, which makes graphs faster in Python"
    )
    given = parser.parse_args(arguments)
    if given.build_examples or given.build_native:
        try:
            for path in [build_native()] if given.build_native else build_examples(given.build_examples).values():
                print(path)
        except RuntimeError as error:
            print(error, file=sys.stderr)
            return 1
    elif given.path:
        print(given.path())
    else:
        for option, function in paths.items():
            print(f"{option[2:]}: {function()}")
        built = native_path()
        there = "none is wanted" if built is None else str(built) if built.is_file() else "not built"
        print(f"native module: {there}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

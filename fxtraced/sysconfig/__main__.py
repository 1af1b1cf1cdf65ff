"""`python -m fxtraced.sysconfig --cmake-dir` and its like print one path each; `--build-examples DIR` builds."""

from __future__ import annotations

import argparse
import sys

from fxtraced.sysconfig import build_examples, get_cmake_dir, get_cpp_dir, get_include, get_lib


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
    given = parser.parse_args(arguments)
    if given.build_examples:
        try:
            for program in build_examples(given.build_examples).values():
                print(program)
        except RuntimeError as error:
            print(error, file=sys.stderr)
            return 1
    elif given.path:
        print(given.path())
    else:
        for option, function in paths.items():
            print(f"{option[2:]}: {function()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

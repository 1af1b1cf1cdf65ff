"""`python -m fxtraced COMMAND`: the command line without the `fxtraced` script."""

import sys

from fxtraced.cli.main import main

if __name__ == "__main__":
    sys.exit(main())

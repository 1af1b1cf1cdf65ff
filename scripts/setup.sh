# Sourced by scripts/test and scripts/demo: a virtual environment in .venv with pinned packages.
# FXTRACED_PYTHON names another interpreter; the environment is made anew when its recipe changes.

say() { printf '\n== %s\n' "$*"; }
fail() { printf '\nFAILED: %s\n' "$*" >&2; exit 1; }

require_compiler() {
    command -v c++ >/dev/null || command -v g++ >/dev/null || command -v clang++ >/dev/null ||
        fail "no C++ compiler found (c++, g++ or clang++): install one, for example with 'apt-get install g++'"
}

# set_up EXTRAS: makes .venv, or leaves it when it was made from the same files.
set_up() {
    local extras=$1 python=${FXTRACED_PYTHON:-python3} recipe stamp=.venv/.fxtraced-recipe
    command -v "$python" >/dev/null || fail "$python not found"
    "$python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' ||
        fail "Python 3.10 to 3.13 is needed, $python is $("$python" --version)"
    recipe="$extras $("$python" --version) $(cat constraints.txt setup.cfg pyproject.toml | cksum)"
    if [ "$(cat "$stamp" 2>/dev/null)" = "$recipe" ]; then
        say "environment: .venv is up to date"
        return
    fi
    if [ ! -x .venv/bin/python ]; then
        say "environment: making .venv with $("$python" --version)"
        "$python" -m venv .venv || fail "python -m venv failed (on Debian: apt-get install python3-venv)"
    fi
    say "environment: installing torch (about a minute)"
    .venv/bin/python -m pip install --quiet --constraint constraints.txt torch || fail "pip could not install torch"
    say "environment: installing fxtraced[$extras]"
    .venv/bin/python -m pip install --quiet --constraint constraints.txt --editable ".[$extras]" || fail "pip could not install fxtraced"
    printf '%s' "$recipe" >"$stamp"
}

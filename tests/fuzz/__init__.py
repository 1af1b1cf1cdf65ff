"""Random small models against eager calls of themselves; see test_fuzz.py and scripts/fuzz."""

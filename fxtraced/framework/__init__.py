"""The ground floor: dtypes, places, modes, seeds and the exception family."""

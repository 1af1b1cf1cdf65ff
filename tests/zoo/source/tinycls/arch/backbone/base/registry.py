ACTIVATIONS = {}


def register(cls):
    ACTIVATIONS[cls.__name__.lower()] = cls
    return cls

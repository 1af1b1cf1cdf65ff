raise AssertionError("the packages around a model file import all other models")

"""ResNet-50 of the model zoo."""

NAME = "resnet50"


def make(paddle):
    return paddle.vision.models.resnet50(num_classes=100)


def inputs(np, batch=2):
    state = np.random.RandomState(50)
    return [state.standard_normal((batch, 3, 64, 64)).astype("float32")]

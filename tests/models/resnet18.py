"""ResNet-18 of the model zoo."""

NAME = "resnet18"


def make(paddle):
    return paddle.vision.models.resnet18(num_classes=100)


def inputs(np, batch=2):
    state = np.random.RandomState(18)
    return [state.standard_normal((batch, 3, 64, 64)).astype("float32")]

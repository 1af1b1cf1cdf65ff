"""A text line recogniser: convolutions, batch norms, squeeze-and-excitation, and [T, N, C] scores."""

NAME = "ocr"
OPTIMIZERS = ["SGD", "Adam"]


def make(paddle):
    nn, F = paddle.nn, paddle.nn.functional
    ParamAttr = paddle.ParamAttr

    class ConvBNLayer(nn.Layer):
        def __init__(self, in_channels, out_channels, kernel_size, stride=1, groups=1, act=None):
            super().__init__()
            self.conv = nn.Conv2D(
                in_channels=in_channels,
                out_channels=out_channels,
                kernel_size=kernel_size,
                stride=stride,
                padding=(kernel_size - 1) // 2,
                groups=groups,
                weight_attr=ParamAttr(initializer=nn.initializer.KaimingNormal()),
                bias_attr=False,
            )
            self.bn = nn.BatchNorm2D(out_channels, momentum=0.8)
            self.act = act

        def forward(self, x):
            x = self.bn(self.conv(x))
            if self.act == "relu":
                x = F.relu(x)
            elif self.act == "hardswish":
                x = F.hardswish(x)
            return x

    class SEModule(nn.Layer):
        def __init__(self, channel, reduction=4):
            super().__init__()
            self.avg_pool = nn.AdaptiveAvgPool2D(1)
            self.conv1 = nn.Conv2D(channel, channel // reduction, 1)
            self.conv2 = nn.Conv2D(channel // reduction, channel, 1)

        def forward(self, inputs):
            outputs = F.relu(self.conv1(self.avg_pool(inputs)))
            outputs = F.hardsigmoid(self.conv2(outputs), slope=0.2, offset=0.5)
            return inputs * outputs

    class Recogniser(nn.Layer):
        def __init__(self, num_classes=37):
            super().__init__()
            self.stem = ConvBNLayer(3, 16, 3, stride=2, act="hardswish")
            self.pool1 = nn.MaxPool2D(kernel_size=2, stride=2, padding=0)
            self.depthwise = ConvBNLayer(16, 16, 3, groups=16, act="relu")
            self.se = SEModule(16)
            self.pointwise = ConvBNLayer(16, 32, 1, act="hardswish")
            self.pool2 = nn.AvgPool2D(kernel_size=(2, 1), stride=(2, 1))
            self.last = ConvBNLayer(32, 48, 3, act="hardswish")
            self.fc = nn.Linear(48, num_classes)

        def forward(self, image):
            x = self.pool1(self.stem(image))
            x = self.pointwise(self.se(self.depthwise(x)))
            x = self.last(self.pool2(x))
            x = F.adaptive_avg_pool2d(x, output_size=[1, x.shape[3]])
            x = x.squeeze(axis=2)
            x = x.transpose([2, 0, 1])
            x = self.fc(x)
            if not self.training:
                x = F.softmax(x, axis=2)
            return x

    return Recogniser()


def inputs(np, batch=2):
    state = np.random.RandomState(4)
    return [state.uniform(-1, 1, (batch, 3, 32, 64)).astype("float32")]


def loss(paddle, outputs, np):
    steps, batch, classes = outputs.shape
    labels = np.random.RandomState(5).randint(0, classes, (steps, batch)).astype("int64")
    return paddle.nn.functional.cross_entropy(outputs, paddle.to_tensor(labels), axis=-1)

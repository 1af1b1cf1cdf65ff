"""A convolutional recurrent network that reads lines of text, trained with CTC."""

NAME = "crnn"
OPTIMIZERS = ["Adam"]


def make(paddle):
    nn, F = paddle.nn, paddle.nn.functional

    class CRNN(nn.Layer):
        def __init__(self, num_classes=23, hidden_size=16):
            super().__init__()
            self.backbone = nn.Sequential(
                nn.Conv2D(1, 8, 3, padding=1),
                nn.ReLU(),
                nn.MaxPool2D(2, 2),
                nn.Conv2D(8, 16, 3, padding=1, bias_attr=False),
                nn.BatchNorm2D(16),
                nn.ReLU(),
                nn.MaxPool2D((2, 1), (2, 1)),
                nn.Conv2D(16, 24, 3, stride=(2, 1), padding=1),
                nn.LeakyReLU(0.1),
                nn.AdaptiveAvgPool2D((1, None)),
            )
            self.rnn = nn.LSTM(24, hidden_size, num_layers=2, direction="bidirectional")
            self.fc = nn.Linear(hidden_size * 2, num_classes)

        def forward(self, image):
            x = self.backbone(image).squeeze(2).transpose([0, 2, 1])
            x, _ = self.rnn(x)
            x = self.fc(x)
            return x if self.training else F.softmax(x, axis=2)

    return CRNN()


def inputs(np, batch=3):
    return [np.random.RandomState(10).uniform(-1, 1, (batch, 1, 16, 40)).astype("float32")]


def loss(paddle, outputs, np):
    batch, steps, classes = outputs.shape
    labels = np.random.RandomState(11).randint(1, classes, (batch, 6)).astype("int32")
    lengths = np.array([6, 4, 5] * batch)[:batch].astype("int64")
    return paddle.nn.functional.ctc_loss(
        outputs.transpose([1, 0, 2]),
        paddle.to_tensor(labels),
        paddle.to_tensor(np.full([batch], steps, "int64")),
        paddle.to_tensor(lengths),
        blank=0,
    )

"""A sequence tagger: embedding, bidirectional LSTM and GRU, a linear layer a step."""

NAME = "tagger"
OPTIMIZERS = ["Adam"]


def make(paddle):
    nn = paddle.nn

    class Tagger(nn.Layer):
        def __init__(self, vocab_size=120, embed_dim=16, hidden_size=12, num_tags=7):
            super().__init__()
            self.embedding = nn.Embedding(vocab_size, embed_dim)
            self.lstm = nn.LSTM(embed_dim, hidden_size, num_layers=2, direction="bidirect")
            self.gru = nn.GRU(hidden_size * 2, hidden_size, direction="bidirectional")
            self.fc = nn.Linear(hidden_size * 4, num_tags, weight_attr=paddle.ParamAttr(learning_rate=0.5))

        def forward(self, tokens):
            x = self.embedding(tokens)
            y, _ = self.lstm(x)
            z, state = self.gru(y)
            features = paddle.concat([y, z], axis=-1)
            emission = self.fc(features)
            return emission, paddle.argmax(emission, axis=-1), paddle.transpose(state, perm=[1, 0, 2]).flatten(1)

    return Tagger()


def inputs(np, batch=3):
    state = np.random.RandomState(2)
    return [state.randint(0, 120, (batch, 10)).astype("int64")]


def loss(paddle, outputs, np):
    emission = outputs[0]
    labels = np.random.RandomState(3).randint(0, 7, tuple(emission.shape[:2])).astype("int64")
    return paddle.nn.functional.cross_entropy(emission.reshape([-1, 7]), paddle.to_tensor(labels).reshape([-1, 1]))

"""nn.Transformer with masks on given targets, and its decoder word by word with caches."""

NAME = "translator"


def make(paddle):
    nn = paddle.nn

    class Translator(nn.Layer):
        def __init__(self, words=60, dim=32, steps=4, start=1):
            super().__init__()
            self.steps, self.start, self.dim = steps, start, dim
            self.source = nn.Embedding(words, dim)
            self.target = nn.Embedding(words, dim)
            self.transformer = nn.Transformer(
                dim, 4, num_encoder_layers=2, num_decoder_layers=2, dim_feedforward=64, dropout=0.1
            )
            self.out = nn.Linear(dim, words)

        def embed(self, table, ids, first=0):
            length = ids.shape[1]
            position = paddle.arange(first, first + length, dtype="float32").unsqueeze(-1)
            rate = paddle.exp(paddle.arange(0, self.dim, 2, dtype="float32") * (-9.2103 / self.dim))
            angle = position * rate
            waves = paddle.stack([paddle.sin(angle), paddle.cos(angle)], axis=-1).reshape([length, self.dim])
            return table(ids) * 3.0 + waves

        def forward(self, source, target):
            padding = (source == 0).astype("float32").unsqueeze([1, 2]) * -1e9
            length = target.shape[1]
            later = paddle.triu(paddle.full([length, length], -1e9), diagonal=1)
            memory = self.transformer.encoder(self.embed(self.source, source), padding)
            hidden = self.transformer.decoder(self.embed(self.target, target), memory, later, padding)
            caches = self.transformer.decoder.gen_cache(memory)
            word = paddle.full([source.shape[0], 1], self.start, dtype="int64")
            words, scores = [], []
            for step in range(self.steps):
                y, caches = self.transformer.decoder(self.embed(self.target, word, step), memory, None, padding, caches)
                score = self.out(y)
                word = paddle.argmax(score, axis=-1)
                words.append(word)
                scores.append(score)
            return self.out(hidden), paddle.concat(words, axis=1), paddle.concat(scores, axis=1)

    return Translator()


def inputs(np, batch=3):
    state = np.random.RandomState(9)
    source = state.randint(1, 60, (batch, 9)).astype("int64")
    source[0, 6:] = 0
    return [source, state.randint(1, 60, (batch, 5)).astype("int64")]

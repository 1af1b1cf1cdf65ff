"""A sentence classifier: word and position embeddings, a transformer encoder, a pooled head."""

NAME = "text_classifier"


def make(paddle):
    nn = paddle.nn

    class TextClassifier(nn.Layer):
        def __init__(self, vocab_size=200, hidden_size=32, num_heads=4, num_layers=2, max_length=48, num_classes=5):
            super().__init__()
            self.pad_token_id = 0
            self.word_embeddings = nn.Embedding(vocab_size, hidden_size, padding_idx=self.pad_token_id)
            self.position_embeddings = self.create_parameter(
                shape=[1, max_length, hidden_size],
                default_initializer=nn.initializer.TruncatedNormal(std=0.02),
            )
            self.add_parameter("position_embeddings", self.position_embeddings)
            self.layer_norm = nn.LayerNorm(hidden_size, epsilon=1e-12)
            self.dropout = nn.Dropout(0.1)
            encoder_layer = nn.TransformerEncoderLayer(
                hidden_size, num_heads, 64, dropout=0.1, activation="gelu", attn_dropout=0.1, act_dropout=0
            )
            self.encoder = nn.TransformerEncoder(encoder_layer, num_layers)
            self.pooler = nn.Sequential(nn.Linear(hidden_size, hidden_size), nn.Tanh())
            self.classifier = nn.Linear(hidden_size, num_classes)

        def forward(self, input_ids, attention_mask=None):
            if attention_mask is None:
                attention_mask = paddle.unsqueeze(
                    (input_ids == self.pad_token_id).astype(paddle.get_default_dtype()) * -1e4, axis=[1, 2]
                )
            else:
                attention_mask = (1.0 - attention_mask.astype("float32").unsqueeze([1, 2])) * -1e4
            seq_length = input_ids.shape[1]
            x = self.word_embeddings(input_ids) + self.position_embeddings[:, :seq_length]
            x = self.dropout(self.layer_norm(x))
            x = self.encoder(x, attention_mask)
            return self.classifier(self.pooler(x[:, 0]))

    return TextClassifier()


def inputs(np, batch=3):
    state = np.random.RandomState(1)
    ids = state.randint(1, 200, (batch, 12)).astype("int64")
    ids[0, 9:] = 0
    ids[-1, 5:] = 0
    return [ids]

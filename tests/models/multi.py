"""Image patches attend to a query text: two inputs, a dict of three outputs."""

NAME = "multi"
OPTIMIZERS = ["SGD"]


def make(paddle):
    nn, F = paddle.nn, paddle.nn.functional

    class Attention(nn.Layer):
        def __init__(self, dim, num_heads=8):
            super().__init__()
            self.num_heads = num_heads
            self.scale = (dim // num_heads) ** -0.5
            self.q = nn.Linear(dim, dim)
            self.kv = nn.Linear(dim, dim * 2, bias_attr=False)
            self.proj = nn.Linear(dim, dim)

        def forward(self, query, memory):
            B, N, C = query.shape
            q = self.q(query).reshape([0, -1, 8, 8]).transpose([0, 2, 1, 3])
            kv = self.kv(memory).reshape([0, -1, 2, self.num_heads, C // self.num_heads]).transpose([2, 0, 3, 1, 4])
            k, v = kv[0], kv[1]
            attn = paddle.matmul(q, k, transpose_y=True) * self.scale
            attn = F.softmax(attn, axis=-1)
            x = paddle.matmul(attn, v).transpose([0, 2, 1, 3]).reshape([B, N, C])
            return self.proj(x), attn.mean(axis=1)

    class Multi(nn.Layer):
        def __init__(self, dim=64, num_classes=6):
            super().__init__()
            self.patch_embed = nn.Conv2D(3, dim, kernel_size=4, stride=4)
            self.cls_token = self.create_parameter(shape=[1, 1, dim], default_initializer=nn.initializer.Constant(0.0))
            self.text_proj = nn.Linear(16, dim)
            self.norm = nn.LayerNorm(dim)
            self.attention = Attention(dim)
            self.head = nn.Linear(dim * 2, num_classes)

        def forward(self, image, text):
            B = image.shape[0]
            patches = self.patch_embed(image).flatten(2).transpose([0, 2, 1])
            cls = paddle.expand(self.cls_token, [B, -1, -1])
            memory = self.norm(paddle.concat([cls, patches], axis=1))
            query = paddle.tanh(self.text_proj(text))
            hidden, attn = self.attention(query, memory)
            hidden = hidden + query
            pooled = paddle.concat([hidden.max(axis=1), hidden.mean(axis=1)], axis=-1)
            embedding = F.normalize(pooled, axis=-1)
            return {"logits": self.head(pooled), "embedding": embedding, "attention": attn}

    return Multi()


def inputs(np, batch=2):
    state = np.random.RandomState(6)
    image = state.uniform(-1, 1, (batch, 3, 16, 24)).astype("float32")
    text = state.standard_normal((batch, 5, 16)).astype("float32")
    return [image, text]


def loss(paddle, outputs, np):
    labels = np.random.RandomState(7).randint(0, 6, (outputs["logits"].shape[0],)).astype("int64")
    return paddle.nn.functional.cross_entropy(outputs["logits"], paddle.to_tensor(labels))

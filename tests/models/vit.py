"""A vision transformer: patches, a class token, positions that are interpolated to the image, pre-norm blocks."""

NAME = "vit"


def make(paddle):
    nn, F = paddle.nn, paddle.nn.functional
    normal = nn.initializer.TruncatedNormal(std=0.02)

    class Attention(nn.Layer):
        def __init__(self, dim, num_heads):
            super().__init__()
            self.num_heads = num_heads
            self.scale = (dim // num_heads) ** -0.5
            self.qkv = nn.Linear(dim, dim * 3)
            self.proj = nn.Linear(dim, dim)

        def forward(self, x):
            N, C = x.shape[1:]
            qkv = self.qkv(x).reshape((-1, N, 3, self.num_heads, C // self.num_heads)).transpose((2, 0, 3, 1, 4))
            q, k, v = qkv[0], qkv[1], qkv[2]
            attn = F.softmax(q.matmul(k.transpose((0, 1, 3, 2))) * self.scale, axis=-1)
            return self.proj(attn.matmul(v).transpose((0, 2, 1, 3)).reshape((-1, N, C)))

    class DropPath(nn.Layer):
        def __init__(self, rate):
            super().__init__()
            self.rate = rate

        def forward(self, x):
            if self.rate == 0.0 or not self.training:
                return x
            keep = 1 - self.rate
            shape = (paddle.shape(x)[0],) + (1,) * (x.ndim - 1)
            return x.divide(paddle.to_tensor(keep)) * paddle.floor(keep + paddle.rand(shape, dtype=x.dtype))

    class Block(nn.Layer):
        def __init__(self, dim, num_heads, rate):
            super().__init__()
            self.norm1 = nn.LayerNorm(dim, epsilon=1e-6)
            self.attn = Attention(dim, num_heads)
            self.drop_path = DropPath(rate)
            self.norm2 = nn.LayerNorm(dim, epsilon=1e-6)
            self.mlp = nn.Sequential(nn.Linear(dim, dim * 4), nn.GELU(), nn.Linear(dim * 4, dim))

        def forward(self, x):
            x = x + self.drop_path(self.attn(self.norm1(x)))
            return x + self.drop_path(self.mlp(self.norm2(x)))

    class VisionTransformer(nn.Layer):
        def __init__(self, image=32, patch=8, dim=48, depth=3, num_heads=4, num_classes=10):
            super().__init__()
            self.side = image // patch
            self.patch_embed = nn.Conv2D(3, dim, kernel_size=patch, stride=patch)
            self.cls_token = self.create_parameter(shape=(1, 1, dim), default_initializer=normal)
            self.pos_embed = self.create_parameter(shape=(1, self.side**2 + 1, dim), default_initializer=normal)
            rates = [float(r) for r in paddle.linspace(0, 0.1, depth)]
            self.blocks = nn.LayerList([Block(dim, num_heads, rate) for rate in rates])
            self.norm = nn.LayerNorm(dim, epsilon=1e-6)
            self.head = nn.Linear(dim, num_classes)

        def positions(self, height, width):
            grid = self.pos_embed[:, 1:].reshape([1, self.side, self.side, -1]).transpose([0, 3, 1, 2])
            grid = F.interpolate(grid, size=[height, width], mode="bicubic")
            return paddle.concat([self.pos_embed[:, :1], grid.flatten(2).transpose([0, 2, 1])], axis=1)

        def forward(self, image):
            x = self.patch_embed(image)
            B, _, H, W = x.shape
            x = x.flatten(2).transpose((0, 2, 1))
            x = paddle.concat((self.cls_token.expand((B, -1, -1)), x), axis=1) + self.positions(H, W)
            for block in self.blocks:
                x = block(x)
            x = self.norm(x)
            return self.head(x[:, 0]), x[:, 1:].mean(axis=1)

    return VisionTransformer()


def inputs(np, batch=2):
    return [np.random.RandomState(8).uniform(-1, 1, (batch, 3, 48, 64)).astype("float32")]

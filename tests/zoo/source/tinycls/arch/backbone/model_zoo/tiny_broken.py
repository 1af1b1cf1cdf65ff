import paddle

paddle.nn.NoSuchLayer(3)

"""paddle.io: datasets, samplers and the loader."""

# ruff: noqa: E501

from rows import row

IO = "paddle.io"
NUMBERED = f"type('Numbered', ({IO}.Dataset,), {{'__getitem__': lambda s, i: {{}}, '__len__': lambda s: 7}})()"
STREAM = f"type('Stream', ({IO}.IterableDataset,), {{'__iter__': lambda s: iter([np.float32(i) for i in range(5)])}})()"


def numbered(sample: str) -> str:
    """A dataset of seven samples, an expression in i."""
    return NUMBERED.replace("{}", sample, 1)


PAIR = f"{IO}.TensorDataset([paddle.arange(10.0).reshape([5, 2]), paddle.arange(5)])"
FIELDS = numbered("(np.float32(i), {'a': [i, float(i)]}, np.ones(2, 'float32') * i, paddle.to_tensor([i]), i > 2)")
CALLS = f"""
[{PAIR}[3], len({PAIR})]
{IO}.TensorDataset([paddle.ones([2]), paddle.ones([3])])
{IO}.Dataset()[0]
len({IO}.Dataset())
{STREAM}[0]
[[x for x in {STREAM}], [x for x in {IO}.ChainDataset([{STREAM}, {STREAM}])]]
{IO}.ComposeDataset([{PAIR}, {numbered("(i,)")}])
[{IO}.ComposeDataset([{PAIR}, {PAIR}])[2], len({IO}.ComposeDataset([{PAIR}]))]
{IO}.ComposeDataset([])
{IO}.ComposeDataset([{STREAM}])
[c := {IO}.ConcatDataset([{numbered("i")}, {numbered("i * i")}]), len(c), c[3], c[9], c[-1], c.cumulative_sizes][1:]
{IO}.ConcatDataset([])
[s := {IO}.Subset({numbered("i * i")}, [4, 2]), len(s), s[0], s[1]][1:]
[p := {IO}.random_split({numbered("i")}, [3, 4]), [len(x) for x in p], sorted(x[k] for x in p for k in range(len(x)))][1:]
{IO}.random_split({numbered("i")}, [3, 5])
{IO}.random_split({numbered("i")}, [3, 4], generator=3)[0].__len__()
[list({IO}.SequenceSampler(range(4))), len({IO}.SequenceSampler(range(4))), {IO}.Sampler(range(3)).data_source[2]]
list({IO}.Sampler(data_source=range(3)))
[np.random.seed(3), list({IO}.RandomSampler(range(6))), list({IO}.RandomSampler(range(6), True, 4)), sorted({IO}.SubsetRandomSampler([3, 5, 7]))][1:]
[np.random.seed(3), list({IO}.WeightedRandomSampler(np.array([0.1, 0.9, 0.3]), 5)), list({IO}.WeightedRandomSampler(np.array([0.1, 0.9, 0.3]), 2, False))][1:]
[list({IO}.RandomSampler(range(6), generator=iter([3, 1]))), len({IO}.RandomSampler(range(6), replacement=True, num_samples=9))]
{IO}.RandomSampler(range(6), num_samples=2)
{IO}.RandomSampler(range(3), True, 0)
{IO}.WeightedRandomSampler([1, 2], 0)
{IO}.SubsetRandomSampler([])
[list(b) for b in [{IO}.BatchSampler(range(7), batch_size=3), {IO}.BatchSampler(range(7), batch_size=3, drop_last=True), {IO}.BatchSampler(sampler={IO}.SequenceSampler(range(3)), batch_size=2)]]
[len({IO}.BatchSampler(range(7), batch_size=3)), len({IO}.BatchSampler(range(7), batch_size=3, drop_last=True))]
[np.random.seed(3), list({IO}.BatchSampler(range(7), shuffle=True, batch_size=2))][1]
{IO}.BatchSampler()
{IO}.BatchSampler(range(3), sampler=[1])
{IO}.BatchSampler(range(3), batch_size=0)
[[list({IO}.DistributedBatchSampler(range(9), 2, 2, rank, shuffle)) for rank in (0, 1)] for shuffle in (False, True)]
[[list({IO}.DistributedBatchSampler(range(9), 2, num_replicas=3, rank=rank, drop_last=True)), len({IO}.DistributedBatchSampler(range(9), 2, 3, rank))] for rank in (0, 1, 2)]
[d := {IO}.DistributedBatchSampler(range(7), 2, 2, 1, True), d.set_epoch(1), list(d), list(d)][2:]
list({IO}.DataLoader({PAIR}, batch_size=2))
list({IO}.DataLoader({PAIR}, batch_size=2, drop_last=True))
list({IO}.DataLoader({FIELDS}, batch_size=3))
[np.random.seed(3), list({IO}.DataLoader({PAIR}, batch_size=2, shuffle=True))][1]
list({IO}.DataLoader({numbered("{'a': i}")}, batch_size=4))
list({IO}.DataLoader({numbered("(i,)")}, batch_sampler={IO}.BatchSampler(range(7), batch_size=5)))
list({IO}.DataLoader({numbered("np.ones(2) * i")}, batch_size=None))
list({IO}.DataLoader({numbered("i")}, batch_size=3, collate_fn=lambda b: np.array(b) * 2))
list({IO}.DataLoader({numbered("i")}, feed_list=None, places=paddle.CPUPlace(), return_list=True, use_buffer_reader=False, prefetch_factor=4, use_shared_memory=False, timeout=0, worker_init_fn=None, persistent_workers=False))
list({IO}.DataLoader({numbered("i")}, batch_size=4)())
[[x for x in {IO}.DataLoader({STREAM}, batch_size=2)], [x for x in {IO}.DataLoader({STREAM}, batch_size=2, drop_last=True)]]
[len({IO}.DataLoader({PAIR}, batch_size=2)), len({IO}.DataLoader({PAIR}, batch_size=None)), len({IO}.DataLoader({PAIR}, batch_size=2, drop_last=True))]
len({IO}.DataLoader({STREAM}, batch_size=2))
{IO}.DataLoader({STREAM}, shuffle=True)
{IO}.DataLoader({PAIR}, num_workers=-1)
{IO}.DataLoader({PAIR}, batch_sampler=[[1]], batch_size=3)
{IO}.get_worker_info() is None
"""

ROWS = [row(call) for call in CALLS.strip().splitlines()]

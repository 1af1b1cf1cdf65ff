"""Optimizers (some steps on one parameter), their state, and the rates of schedulers."""

# ruff: noqa: E501

from rows import row

CUBE = (
    "p := paddle.create_parameter([3], 'float32', "
    "default_initializer=paddle.nn.initializer.Assign(np.array([1.0, -2.0, 0.5])))"
)
STEP = "(p * p * p).sum().backward(), o.step(), o.clear_grad()"
DECAYS = "weight_decay=paddle.regularizer.L1Decay(0.01)|weight_decay=paddle.regularizer.L2Decay(0.1)"
OPTIMIZERS = f"""
SGD(0.1, parameters=[p])
SGD(0.1, [p], weight_decay=0.1)
SGD(0.1, [p], grad_clip=paddle.nn.ClipGradByNorm(0.5))
SGD(0.1, [p], {DECAYS.split("|")[0]})
SGD(0.1, [p], {DECAYS.split("|")[1]})
SGD(paddle.optimizer.lr.StepDecay(0.1, 2), [p])
Momentum(0.1, 0.5, [p])
Momentum(0.1, 0.5, [p], True, 0.1)
Adam(0.1, 0.8, 0.9, 1e-6, [p])
Adam(learning_rate=0.1, parameters=[p], weight_decay=0.1, grad_clip=paddle.nn.ClipGradByValue(1.0))
AdamW(0.1, 0.8, 0.9, 1e-6, [p], 0.2)
AdamW(0.1, parameters=[p], weight_decay=0.2, apply_decay_param_fun=lambda name: False)
Adagrad(0.1, 1e-5, [p], initial_accumulator_value=0.2)
Adagrad(0.1, parameters=[p], weight_decay=0.1)
RMSProp(0.1, 0.9, 1e-5, 0.3, True, [p])
RMSProp(0.1, parameters=[p])
Adamax(0.1, 0.8, 0.9, 1e-6, [p])
Adadelta(0.5, 1e-5, 0.9, [p])
Lamb(0.1, 0.02, 0.8, 0.9, 1e-5, [p])
Lamb(0.1, parameters=[p], exclude_from_weight_decay_fn=lambda parameter: True)
Lamb(0.1, parameters=[p], always_adapt=True, multi_precision=True, grad_clip=paddle.nn.ClipGradByNorm(0.5))
SGD(0.1, [p], multi_precision=True)
Momentum(0.1, 0.5, [p], multi_precision=True, use_multi_tensor=True, grad_clip=paddle.nn.ClipGradByNorm(0.5))
Adam(0.1, parameters=[p], lazy_mode=True, multi_precision=True)
Adam(0.1, parameters=[p], use_multi_tensor=True)
AdamW(0.1, parameters=[p], lazy_mode=True, multi_precision=True, grad_clip=paddle.nn.ClipGradByNorm(0.5))
Adagrad(0.1, parameters=[p], grad_clip=paddle.nn.ClipGradByNorm(0.5))
RMSProp(0.1, parameters=[p], weight_decay=0.1, grad_clip=paddle.nn.ClipGradByNorm(0.5))
Adamax(0.1, parameters=[p], weight_decay=0.1, grad_clip=paddle.nn.ClipGradByNorm(0.5))
Adadelta(0.5, parameters=[p], weight_decay=0.1, grad_clip=paddle.nn.ClipGradByNorm(0.5))
""".strip().splitlines()
RATES = """
NoamDecay(64, 5, 2.0)
NoamDecay(d_model=64, warmup_steps=5, learning_rate=0.5, last_epoch=3)
PiecewiseDecay([3, 6], [0.1, 0.2, 0.3])
NaturalExpDecay(0.5, gamma=0.1)
InverseTimeDecay(0.5, 0.1, 2)
PolynomialDecay(0.5, 4, 0.1, 2.0, True)
LinearWarmup(0.5, 3, 0.0, 0.5)
ExponentialDecay(0.5, 0.9)
MultiStepDecay(0.5, [2, 5], 0.3)
StepDecay(0.5, 3, 0.5)
LambdaDecay(0.5, lambda epoch: 0.9 ** epoch)
MultiplicativeDecay(0.5, lambda epoch: 0.9)
CosineAnnealingDecay(0.5, 4, 0.01)
LinearLR(0.5, 5, 0.2, 0.9)
OneCycleLR(0.5, 20, 10.0, 0.01, 0.4)
CyclicLR(0.1, 0.5, 3, 2, 'triangular2')
CosineAnnealingWarmRestarts(0.5, 2, 2, 0.01)
""".strip().splitlines()
LR = "paddle.optimizer.lr"
SECANTS = """
LBFGS(parameters=[p])
LBFGS(1.0, 4, 3, 1e-3, 1e-4, 2, 'strong_wolfe', [p], 0.1, paddle.nn.ClipGradByNorm(0.5))
LBFGS(learning_rate=0.5, max_iter=3, history_size=1, line_search_fn='strong_wolfe', parameters=[p])
LBFGS(learning_rate=0.1, max_iter=8, max_eval=3, tolerance_grad=1.0, parameters=[p])
LBFGS(0.1, tolerance_change=0.1, parameters=[p], weight_decay=0.1, grad_clip=paddle.nn.ClipGradByNorm(0.5))
LBFGS(line_search_fn='armijo', parameters=[p])
""".strip().splitlines()
LOSS = "[o.clear_grad(), l := (p ** 4 + p).sum(), l.backward(), l][-1]"

ROWS = [
    *[
        row(f"[{CUBE}, o := paddle.optimizer.{call}, [[{STEP}, p.numpy()][3] for _ in range(4)], o.get_lr()][2:]")
        for call in OPTIMIZERS
    ],
    *[
        row(f"[{CUBE}, o := paddle.optimizer.{call}, [[float(o.step(lambda: {LOSS})), p.numpy()] for _ in range(3)], "
            "[o.state_dict()['state'][k] for k in ('func_evals', 'n_iter', 'prev_loss')]][2:]", rtol=1e-4, atol=1e-4)
        for call in SECANTS
    ],
    row(f"[{CUBE}, paddle.optimizer.LBFGS(parameters=[p]).minimize(p.sum())]"),
    *[row(f"[s := {LR}.{call}, [[s.step(), s(), s.last_lr, s.last_epoch][1:] for _ in range(12)]][1:]") for call in RATES],
    *[
        row(f"[s := {LR}.{call[:-1]}, last_epoch=2, verbose=True), [[s.step(), s()][1] for _ in range(4)]][1:]")
        for call in RATES
        if "last_epoch" not in call
    ],
    row(f"[s := {LR}.CyclicLR(0.1, 0.5, 2, exp_gamma=0.9, scale_fn=lambda x: 1 / (1 + x), scale_mode='iterations'), "
        "[[s.step(), s()][1] for _ in range(9)]][1:]"),
    row(f"[s := {LR}.CyclicLR(0.1, 0.5, 2, mode='exp_range', exp_gamma=0.9), [[s.step(), s()][1] for _ in range(9)]][1:]"),
    row(f"[s := {LR}.OneCycleLR(0.5, 20, anneal_strategy='linear', three_phase=True), "
        "[[s.step(), s()][1] for _ in range(9)]][1:]"),
    row(f"[s := {LR}.ReduceOnPlateau(0.5, factor=0.5, patience=0, epsilon=0.2, verbose=True), "
        "[[s.step(m), s()][1] for m in (1.0, 1.1, 1.1, 1.1, 1.1)]][1:]"),
    row(f"[s := {LR}.ReduceOnPlateau(0.5, 'max', 0.5, 1, 1e-3, 'abs', 1, 0.01), "
        "[[s.step(m), s()][1] for m in (1.0, 1.1, 1.1, 1.1, 1.1, 1.2, 1.0, 1.0, 1.0, 1.0)]][1:]"),
    row(f"[s := {LR}.ReduceOnPlateau(0.5, factor=0.5, patience=1), "
        "[[s.step(paddle.to_tensor(m)), s()][1] for m in (1.0, 1.1, 1.1, 1.1, 1.1, 1.2, 1.0, 1.0, 1.0, 1.0)]][1:]"),
    row(f"[s := {LR}.StepDecay(0.5, 2), [s.step() for _ in range(3)], list(s.state_dict().items()), s.state_keys(), s.keys][2:]"),
    row(f"[s := {LR}.StepDecay(0.5, 2), s.set_state_dict({{'last_epoch': 3, 'last_lr': 0.05}}), s.last_epoch, s.last_lr, "
        "s.step(), s()][2:]"),
    row(f"[s := {LR}.StepDecay(0.5, 2), s.set_dict({{'last_epoch': 3, 'last_lr': 0.05}}), s.last_epoch][2:]"),
    row(f"[s := {LR}.StepDecay(0.5, 2), s.step(7), s(), s.get_lr()][1:]"),
    row(f"{LR}.LRScheduler(0.5).step()"),
    row(f"{LR}.LRScheduler(0.5, last_epoch=2, verbose=True)"),
    row(f"{LR}.LRScheduler('a')"),
    row(f"[{CUBE}, o := paddle.optimizer.SGD(0.1, [p]), o.set_lr(0.2), o.get_lr(), {STEP}, p][3:]"),
    row(f"[{CUBE}, o := paddle.optimizer.SGD(0.1, [p]), o.set_lr_scheduler({LR}.StepDecay(0.4, 1)), o.get_lr()][3:]"),
    row(f"[{CUBE}, o := paddle.optimizer.SGD({LR}.StepDecay(0.4, 1), [p]), o.set_lr(0.2)]"),
    row(f"[{CUBE}, o := paddle.optimizer.SGD(0.1, [p]), l := (p * p).sum(), l.backward(), o.minimize(l), p][5:]"),
    row(f"[{CUBE}, o := paddle.optimizer.SGD(0.1, [p]), o.apply_gradients([(p, paddle.ones([3]))]), p][3:]"),
    row(f"[{CUBE}, o := paddle.optimizer.Momentum(0.1, 0.9, [p]), {STEP}, d := o.state_dict(), "
        "sorted(type(v).__name__ for v in d.values())][6:]"),
    row("paddle.optimizer.SGD('a', [])"),
    row(f"[{CUBE}, o := paddle.optimizer.SGD(0.1, [p]), (p * p).sum().backward(), paddle.optimizer.Optimizer.step(o), p, "
        "paddle.optimizer.Optimizer.get_lr(o), paddle.optimizer.Optimizer.set_lr(o, 0.3), o.get_lr(), "
        "paddle.optimizer.Optimizer.clear_grad(o, False), p.grad is None, "
        "paddle.optimizer.Optimizer.set_lr_scheduler(o, paddle.optimizer.lr.StepDecay(0.4, 1)), o.get_lr()][4:]"),
    row(f"[{CUBE}, o := paddle.optimizer.SGD(0.1, [p]), l := (p * p).sum(), l.backward(), "
        "paddle.optimizer.Optimizer.minimize(o, l, parameters=[p]), paddle.optimizer.Optimizer.apply_gradients(o, [(p, p * 1)]), p, "
        "paddle.optimizer.Optimizer.set_state_dict(o, paddle.optimizer.Optimizer.state_dict(o))][6:]"),
    row(f"[s := {LR}.StepDecay(0.5, 2), {LR}.LRScheduler.step(s), {LR}.LRScheduler.state_keys(s), "
        f"d := {LR}.LRScheduler.state_dict(s), {LR}.LRScheduler.set_state_dict(s, {{**d, 'last_epoch': 5}}), "
        f"s.last_epoch, {LR}.LRScheduler.set_dict(s, d), s.last_epoch][5:]"),
    row("[type('Half', (paddle.optimizer.lr.LRScheduler,), {'get_lr': lambda s: s.base_lr / (s.last_epoch + 1)})"
        "(0.5, last_epoch=1, verbose=True)()]"),
    row("[paddle.regularizer.L1Decay(0.5)._coeff, paddle.regularizer.L2Decay(0.25)._coeff]"),
]  # fmt: skip

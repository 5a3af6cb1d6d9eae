"""What is said before a training that is unlikely to be what was meant."""

import math

from keras_gen.reports import counted

_FEW, _FEW_ADVERSARIAL = 500, 2000  # steps below which samples or reconstructions of the smallest data sets are poor


def advice(model, epochs, batches):
    """Lines about batches larger than their data, and about steps that are clearly too few for that kind of model.

    `epochs` is the number in total, and `batches` the pipeline that `fit` gets.
    """
    return [line for line in (_on_batches(model, batches), _on_steps(model, epochs, batches)) if line]


def _on_batches(model, batches):
    updates = model.updates_per_step
    if batches.batch_size <= batches.size:
        return None
    each = f" for {updates} updates of a step" if updates > 1 else ""
    return (
        f"A batch of {batches.batch_size} images{each} is larger than the training set of {batches.size}: "
        "each epoch is one step."
    )


def _on_steps(model, epochs, batches):
    adversarial = len(model.players()) > 1
    least, kind = (_FEW_ADVERSARIAL, "an adversarial model") if adversarial else (_FEW, "this model")
    per_epoch = batches.batches(updates=model.updates_per_step, replicas=model.distribute_strategy.num_replicas_in_sync)
    if epochs * per_epoch >= least:
        return None
    steps = f"{counted(epochs * per_epoch, 'step')} ({counted(epochs, 'epoch')} of {per_epoch})"
    enough = f"{least:,} or more, by --epochs {math.ceil(least / per_epoch)} or a smaller --batch-size"
    return f"Training ends after {steps}. That is little: {kind} needs {enough}."

"""The fade from the networks of one stage of progressive growing to those of the next."""

import keras
from keras import ops

from keras_gen import checks
from keras_gen.models.growing import fades


class FadeSchedule(keras.callbacks.Callback):
    """Raise alpha of every `layers.FadeIn` linearly to 1, by the same amount in each step, over a number of epochs.

    alpha = min(1, t / (epochs * steps of an epoch)) after t steps, if it begins at 0

    It goes on from the alpha of the model, a saved variable: 0 in a model that `models.grown` returns. A resumed run
    therefore goes on within the fade, bit for bit. With several `steps_per_execution` all steps of an execution have
    the alpha of its first; for convolutional networks that number is 1 unless `compile` is given another.

    Args:
        epochs: Epochs from alpha = 0 to 1, a number >= 0, which need not be whole; 0 sets alpha to 1 at once.

    Raises:
        ValueError: As `fit` begins, if the model has no `layers.FadeIn`, or the number of steps is unknown.

    Example:

    >>> import numpy as np
    >>> from keras_gen import models, networks
    >>> def build(stage):
    ...     generator = networks.progressive_generator(4, (8, 8, 1), stage, (8, 4))
    ...     return {"generator": generator, "critic": networks.progressive_discriminator((8, 8, 1), stage, (8, 4))}
    >>> model = models.WGANGP(**build(0), latent_dim=4, n_critic=1)
    >>> model.compile()
    >>> model = models.grown(model, **build(1))
    >>> history = model.fit(-np.ones((64, 8, 8, 1)), epochs=1, callbacks=[FadeSchedule(2)], verbose=0)
    >>> float(model.generator.get_layer("stage_1_fade").alpha)
    0.5

    Reference:
        Karras et al., 2018, arXiv:1710.10196, section 2 and figure 2.
    """

    def __init__(self, epochs):
        super().__init__()
        self.epochs = checks.number("epochs", epochs)

    def on_train_begin(self, logs=None):
        self._fades, steps = fades(self.model), self.params.get("steps")
        if not self._fades:
            raise ValueError("`FadeSchedule` needs a model with layers.FadeIn. Received: a model without one")
        if steps is None:
            raise ValueError(
                "`FadeSchedule` needs the number of steps in an epoch. Expected: arrays, a dataset of known length or "
                "`steps_per_epoch`. Received: a dataset of unknown length"
            )
        self._steps = round(self.epochs * steps)
        if self._steps == 0:
            self._set(1.0)

    def on_train_batch_begin(self, batch, logs=None):
        self._first = batch

    def on_train_batch_end(self, batch, logs=None):
        done = min(batch, self.params["steps"] - 1) - self._first + 1  # the last execution may be shorter
        alpha = float(ops.convert_to_numpy(self._fades[0].alpha))
        if alpha < 1:  # the count of steps is read off alpha, which is rounded: no error adds up
            self._set(min(1.0, (round(alpha * self._steps) + done) / self._steps))

    def _set(self, alpha):
        for fade in self._fades:
            fade.alpha.assign(alpha)

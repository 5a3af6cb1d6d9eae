"""Quantities that depend on the number of finished epochs of a model: a resumed run continues where it stopped."""

import warnings

import keras

from keras_gen import checks
from keras_gen.layers.sparsity import KSparse
from keras_gen.training.tasks import require_task


class KLWarmup(keras.callbacks.Callback):
    """Raise a VAE's weight of the KL linearly from 0 to its `beta`: beta * min(1, e / epochs) in epoch e = 0, 1, ...

    Evaluation always uses `beta`: `val_loss` stays comparable.

    Args:
        epochs: Number of epochs until the full weight, an integer >= 1.

    Raises:
        ValueError: As `fit` begins, if the model has no `kl_weight`, or several importance samples.

    Example:

    >>> import numpy as np
    >>> from keras_gen import presets
    >>> vae = presets.build("vae", (8, 8, 1), width=0.1)
    >>> history = vae.fit(np.zeros((64, 8, 8, 1)), epochs=2, callbacks=[KLWarmup(4)], verbose=0)
    >>> float(vae.kl_weight)
    0.25

    Reference:
        Bowman et al., 2016, arXiv:1511.06349, section 3.1; Sønderby et al., 2016, arXiv:1602.02282, section 2.3.
    """

    def __init__(self, epochs):
        super().__init__()
        self.epochs = checks.integer("epochs", epochs)

    def on_train_begin(self, logs=None):
        require_task("`KLWarmup`", self.model, "likelihood")
        if self.model.importance_samples > 1:
            raise ValueError(
                "`KLWarmup` needs a loss with a separate KL. Expected: importance_samples=1. "
                f"Received: importance_samples={self.model.importance_samples}"
            )

    def on_epoch_begin(self, epoch, logs=None):
        self.model.kl_weight.assign(self.model.beta * min(1.0, self.model.epochs_completed / self.epochs))


class KSparseAnnealing(keras.callbacks.Callback):
    """Reduce the active units of every `layers.KSparse` linearly from its `first_k` to its `k`.

    The first epoch has `first_k` active units; epoch number `epochs` and all later ones have `k`.

    Args:
        epochs: Number of the first epoch with k units, an integer >= 2.

    Raises:
        ValueError: As `fit` begins, if the model has no `KSparse` layer with a `first_k`.

    Example:

    >>> import numpy as np
    >>> from keras_gen import layers, models, networks
    >>> sparse = layers.KSparse(2, first_k=8)
    >>> model = models.Autoencoder(*networks.mlp_autoencoder([16, 10], code_layer=sparse))
    >>> model.compile("adam")
    >>> history = model.fit(np.zeros((32, 16)), epochs=2, callbacks=[KSparseAnnealing(3)], verbose=0)
    >>> int(sparse.current_k)
    5

    Reference:
        Makhzani and Frey, 2014, k-sparse autoencoders, arXiv:1312.5663, section 4.2.1.
    """

    def __init__(self, epochs):
        super().__init__()
        self.epochs = checks.integer("epochs", epochs, minimum=2)

    def on_train_begin(self, logs=None):
        layers = [layer for layer in self.model._flatten_layers() if isinstance(layer, KSparse) and layer.first_k]
        if not layers:
            raise ValueError(
                "`KSparseAnnealing` needs a layers.KSparse with a `first_k`. Received: a model without one"
            )
        self.layers = layers

    def on_epoch_begin(self, epoch, logs=None):
        left = max(0.0, 1 - self.model.epochs_completed / (self.epochs - 1))
        for layer in self.layers:
            layer.current_k.assign(round(layer.k + (layer.first_k - layer.k) * left))


class LinearDecay(keras.callbacks.LearningRateScheduler):
    """Keep every learning rate constant for some epochs, then reduce it linearly to 0; it is logged as `learning_rate`.

    rate(e) = learning_rate * min(1, max(0, (constant_epochs + decay_epochs - e) / decay_epochs)) in epoch e = 0, 1, ...

    Args:
        learning_rate: The rate of the first epochs, of all players, a number > 0.
        constant_epochs: Epochs in which it is constant, an integer >= 0. Defaults to 100, as published for CycleGAN.
        decay_epochs: Epochs in which it falls, an integer >= 1. Defaults to 100, as published for CycleGAN.

    Example:

    >>> import numpy as np
    >>> from keras_gen import presets
    >>> vae = presets.build("vae", (8, 8, 1), width=0.1)
    >>> decay = LinearDecay(1e-3, constant_epochs=1, decay_epochs=2)
    >>> history = vae.fit(np.zeros((64, 8, 8, 1)), epochs=3, callbacks=[decay], verbose=0)
    >>> [round(rate, 6) for rate in history.history["learning_rate"]]
    [0.001, 0.001, 0.0005]

    Reference:
        Zhu et al., 2017, arXiv:1703.10593, section 7.1.
    """

    def __init__(self, learning_rate, constant_epochs=100, decay_epochs=100):
        self.learning_rate = checks.positive("learning_rate", learning_rate)
        self.constant_epochs = checks.integer("constant_epochs", constant_epochs, minimum=0)
        self.decay_epochs = checks.integer("decay_epochs", decay_epochs)
        super().__init__(self._rate)

    def on_train_begin(self, logs=None):
        self._warned = False

    def on_epoch_begin(self, epoch, logs=None):
        # Warn of epochs at a rate of 0 once, after other callbacks have restored the count of epochs
        asked = self.model.epochs_completed + (self.params.get("epochs") or 0) - epoch
        end = self.constant_epochs + self.decay_epochs
        if asked > end and not self._warned:
            warnings.warn(
                f"The learning rate is 0 from epoch {end + 1} on, of {asked}. Expected: constant_epochs + decay_epochs "
                f">= {asked}. Received: {self.constant_epochs} + {self.decay_epochs}",
                stacklevel=2,
            )
        self._warned = True
        super().on_epoch_begin(self.model.epochs_completed, logs)

    def on_epoch_end(self, epoch, logs=None):
        # One rate for all players; Keras would log it for each, under the name of the player's optimizer
        logs["learning_rate"] = float(self.model.optimizer.learning_rate)

    def _rate(self, epoch):
        left = self.constant_epochs + self.decay_epochs - epoch
        return self.learning_rate * min(1.0, max(0.0, left / self.decay_epochs))

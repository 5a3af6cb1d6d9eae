"""Layer by layer: a good start for the weights of a deep autoencoder."""

import math
import tempfile

import keras
import numpy as np

from keras_gen import checks
from keras_gen.callbacks.epoch_lines import progress
from keras_gen.data.datasets import batch_count, is_dataset, is_endless
from keras_gen.data.pipelines import Pipeline
from keras_gen.layers.corruption import MaskingNoise
from keras_gen.layers.tied import TiedDense
from keras_gen.models.autoencoder import Autoencoder
from keras_gen.seeds import seeded
from keras_gen.training.compilation import compiled_for
from keras_gen.training.data_adapter import is_array

_BATCH = 4096  # examples at a time in the passes that compute codes


class GreedyPretraining(keras.callbacks.Callback):
    """Pretrain an `Autoencoder` of mirrored dense layers before the first epoch in which `fit` trains it as a whole.

    Each layer in turn, from the input on, is trained together with its mirror image as an autoencoder of one hidden
    layer, on the codes of the layers below, which are computed once: in memory for arrays in memory; for a dataset or
    an array on disk, in a temporary file that is read batch by batch. The first layer is trained with the model's own
    reconstruction loss; the layers above, between codes, with the squared error.

    The number of finished layers is a saved variable of the model, so a resumed run does not pretrain again. All draws
    follow from the model's own saved seed. Pretraining begins after every callback's `on_train_begin`, so layers that
    `keras.callbacks.BackupAndRestore` restores count as done.

    Args:
        x: Array `(n, *shape)`, a `data.Pipeline` or a `tf.data.Dataset` that ends: the same as for `fit`.
        epochs: Integer >= 1, or a list with one per layer.
        batch_size: Integer >= 1, for arrays and for codes; a `data.Pipeline` keeps its own. Defaults to 100.
        learning_rate: Adam's, a number >= 0, or a list with one per layer. Defaults to 1e-3.
        corruption: Rate of the masking noise on a layer's input, in [0, 1), or a layer such as
            `keras.layers.GaussianNoise(0.1)`, or a list with one of these per layer. Defaults to 0.
        verbose: As in `keras.Model.fit`: each layer has a progress bar of its own, and with `"auto"`, if standard
            output is not a terminal, a line for each epoch. Defaults to `"auto"`.
        checkpoint: Path of a `.keras` file that the model is saved to after each layer, or `None`. Defaults to `None`.

    Attributes:
        histories: List with the history of each layer pretrained in this run, a dict from a name to a list.

    Raises:
        ValueError: As `fit` begins, if the model is not such an autoencoder, or if the pretraining diverges.

    Example:

    >>> from keras_gen import models, networks
    >>> x = np.random.default_rng(0).random((64, 16)).astype("float32")
    >>> model = models.Autoencoder(*networks.mlp_autoencoder([16, 8, 2], tied=True))
    >>> model.compile("adam")
    >>> pretraining = GreedyPretraining(x, epochs=2, corruption=0.2, verbose=0)
    >>> history = model.fit(x, epochs=1, callbacks=[pretraining], verbose=0)
    >>> [len(history["loss"]) for history in pretraining.histories]
    [2, 2]

    Reference:
        Bengio et al., 2007, Greedy layer-wise training of deep networks, section 3; with noise: Vincent et al., 2010,
        JMLR 11, section 3.5.
    """

    def __init__(self, x, epochs, batch_size=100, learning_rate=1e-3, corruption=0.0, verbose="auto", checkpoint=None):
        super().__init__()
        for value in _listed(epochs):
            checks.integer("epochs", value)
        for value in _listed(learning_rate):
            checks.number("learning_rate", value)
        for value in _listed(corruption):
            if not isinstance(value, keras.layers.Layer):
                checks.rate("corruption", value)
        if not (is_array(x) or isinstance(x, Pipeline) or is_dataset(x)):
            raise ValueError(
                "`x` must be examples without labels. Expected: an array, a data.Pipeline or a tf.data.Dataset. "
                f"Received: {type(x).__name__}"
            )
        if is_endless(x):
            raise ValueError("`x` must have an end. Expected: a dataset of one epoch. Received: an endless dataset")
        self.x, self.verbose, self.checkpoint = x, verbose, checkpoint
        self.batch_size = x.batch_size if isinstance(x, Pipeline) else checks.integer("batch_size", batch_size)
        self.epochs, self.learning_rate, self.corruption = epochs, learning_rate, corruption
        self.histories = []

    def __deepcopy__(self, memo):
        arguments = (self.epochs, self.batch_size, self.learning_rate, self.corruption, self.verbose, self.checkpoint)
        return type(self)(self.x, *arguments)

    def on_train_begin(self, logs=None):
        self._stack = mirrored_layers(self.model)
        names = ("epochs", "learning_rate", "corruption")
        self._per_layer = [_one_each(name, getattr(self, name), self._stack) for name in names]
        if is_array(self.x):
            self.model.data_description.check(self.x)

    def on_epoch_begin(self, epoch, logs=None):
        stack, done = self._stack, int(keras.ops.convert_to_numpy(self.model.pretrained_layers))
        if done == len(stack):
            return
        epochs, rates, corruptions = self._per_layer
        data = self.x
        for number, pair in enumerate(stack):
            single = self._single(number, pair, corruptions[number])
            if number >= done:
                steps = self._steps(data, epochs[number])
                single.compile(keras.optimizers.Adam(rates[number]))
                with compiled_for(single, steps):
                    self._fit(single, data, epochs[number], f"layer {number + 1} of {len(stack)}")
                _copy_weights((single.encoder.get_layer("below"), single.decoder.get_layer("above")), pair)
                self.model.pretrained_layers.assign(number + 1)
                if self.checkpoint is not None:
                    self.model.save(self.checkpoint)
            if number + 1 < len(stack):
                data = _codes(single, data)

    def _single(self, number, pair, corruption):
        """The autoencoder of one hidden layer, with the current weights of the pair of layers."""
        wide = self.model.example_shape if number == 0 else (pair[0].kernel.shape[0],)
        tied = {"source": "below"} if isinstance(pair[1], TiedDense) else {}
        below = type(pair[0]).from_config({**pair[0].get_config(), "name": "below"})
        above = type(pair[1]).from_config({**pair[1].get_config(), **tied, "name": "above"})
        inputs = hidden = keras.Input(wide)
        if len(wide) > 1:
            hidden = keras.layers.Flatten()(hidden)
        encoder = keras.Model(inputs, below(hidden), name="encoder")
        code = keras.Input(encoder.output_shape[1:])
        outputs = above(code)
        decoder = keras.Model(code, keras.layers.Reshape(wide)(outputs) if len(wide) > 1 else outputs, name="decoder")
        reconstruction = self.model.reconstruction if number == 0 else "squared_error"
        single = Autoencoder(encoder, decoder, reconstruction, corruption=self._corruption(corruption, number))
        single.order_seed = (self.model.order_seed + 1 + number) % 2**31
        _copy_weights(pair, (below, above))
        return single

    def _steps(self, data, epochs):
        if is_array(data):
            batches = math.ceil(len(data) / self.batch_size)
        else:
            batches = data.batches() if isinstance(data, Pipeline) else batch_count(data)
        return None if batches is None else batches * epochs

    def _corruption(self, corruption, number):
        """A layer for this pretraining, whose draws follow from the model's seed unless it has its own."""
        seed = (self.model.order_seed + number) % 2**31
        if not isinstance(corruption, keras.layers.Layer):
            return MaskingNoise(corruption, seed=seed)
        config = corruption.get_config()
        with seeded(seed):  # for layers inside the corruption, which draw their seeds when they are made
            if config.get("seed", seed) is None:
                config = {**config, "seed": seed}
            return type(corruption).from_config(config)

    def _fit(self, single, data, epochs, title):
        options = {"batch_size": self.batch_size} if is_array(data) else {}
        if self.verbose not in (0, "0"):
            print(f"Pretraining {title}: {tuple(single.example_shape)} to {tuple(single.code_shape)}")
        place = int(data.epoch.numpy()) if isinstance(data, Pipeline) else None
        verbose, lines = progress(self.verbose)
        history = single.fit(data, epochs=epochs, verbose=verbose, callbacks=lines, **options).history
        if not np.isfinite(history["loss"]).all():
            raise ValueError(
                f"Pretraining of {title} diverged. Expected: a lower learning rate. "
                f"Received: loss={history['loss'][-1]}"
            )
        self.histories.append(history)
        if place is not None:  # the same pipeline may be what `fit` trains the whole on
            data.epoch.assign(place)


def mirrored_layers(model):
    """The pairs (layer of the encoder, its mirror image in the decoder) of an `Autoencoder`, from the input on.

    A `ValueError` says that the networks hold other layers, or are not mirror images of each other.
    """
    if not isinstance(model, Autoencoder):
        raise ValueError(f"`GreedyPretraining` needs an Autoencoder. Received: {type(model).__name__}")
    sides = []
    for network in (model.encoder, model.decoder):
        passive = (keras.layers.InputLayer, keras.layers.Flatten, keras.layers.Reshape)
        # A functional model's `layers` leave out arithmetic and `keras.ops`, its `operations` do not
        operations = getattr(network, "operations", network.layers)
        layers = [layer for layer in operations if not isinstance(layer, passive)]
        others = [layer.name for layer in layers if not isinstance(layer, (keras.layers.Dense, TiedDense))]
        if others:
            raise ValueError(f"`GreedyPretraining` needs an autoencoder of dense layers only. Received: also {others}")
        sides.append(layers)
    down = [layer.kernel.shape for layer in sides[0]]
    up = [
        layer.source.kernel.shape if isinstance(layer, TiedDense) else layer.kernel.shape[::-1]
        for layer in reversed(sides[1])
    ]
    if down != up:
        raise ValueError(
            "`GreedyPretraining` needs a decoder that mirrors the encoder. "
            f"Expected: kernels of shapes {down}. Received: {up}, from the output back"
        )
    pairs = list(zip(sides[0], reversed(sides[1]), strict=True))
    crossed = [above.name for below, above in pairs if isinstance(above, TiedDense) and above.source is not below]
    if crossed:
        raise ValueError(
            "`GreedyPretraining` needs each tied layer to be tied to its mirror image. "
            f"Received: {crossed}, tied to other layers"
        )
    return pairs


def _listed(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _one_each(name, value, stack):
    values = list(value) if isinstance(value, (list, tuple)) else [value] * len(stack)
    if len(values) != len(stack):
        raise ValueError(f"`{name}` must have one entry per layer. Expected: {len(stack)}. Received: {values}")
    return values


def _copy_weights(sources, targets):
    for source, target in zip(sources, targets, strict=True):
        target.set_weights(source.get_weights())


def _codes(single, data):
    """The codes of all examples in the order of the data, in memory if the data are, otherwise in a file.

    The file has no name, so that it takes no place when the codes are no longer used, or the process is killed.
    """
    if is_array(data) and not isinstance(data, np.memmap):
        return single.encode(data)
    if is_array(data):
        batches = (data[i : i + _BATCH] for i in range(0, len(data), _BATCH))
    else:
        batches = data.dataset(training=False) if isinstance(data, Pipeline) else data
    with tempfile.TemporaryFile() as file:
        for batch in batches:
            x = np.asarray(single.data_description.parts(batch)["x"])
            single.encoder.predict_on_batch(x).astype("float32").tofile(file)
        return np.memmap(file, "float32", "r").reshape(-1, *single.code_shape)

"""The autoencoder and its classical variants, each an argument."""

import math
import typing

import keras
from keras import ops

from keras_gen import checks
from keras_gen.layers.sampling import draw_by_replica
from keras_gen.layers.sparsity import KLSparsity
from keras_gen.layers.tied import tie
from keras_gen.losses.penalties import jacobian_penalty, single_dense
from keras_gen.losses.tensors import mask_over
from keras_gen.models.batches import weighted_mean
from keras_gen.models.classifier import Classifier
from keras_gen.models.encoder_decoder import EncoderDecoder
from keras_gen.training.introspection import last_activations
from keras_gen.training.player import Player

_WIDEST_JACOBIAN = 256  # code units; each needs a backward pass through the encoder
Reconstruction = typing.Literal["squared_error", "bernoulli"]


@keras.saving.register_keras_serializable(package="keras_gen")
class Autoencoder(EncoderDecoder):
    """Autoencoder: an encoder f and a decoder g that reconstruct examples from their codes.

    It minimises the mean over the batch of

        L(x, g(f(corrupted x))) + sparsity(f(corrupted x)) + contraction * ||d f / d x||^2,

    where L is the squared error, or the negative log-likelihood of a Bernoulli distribution, summed over an example's
    dimensions. It is denoising with `corruption`, sparse with `sparsity` or a `layers.KSparse` in the encoder,
    contractive with `contraction`, stacked and tied with the networks of `networks.mlp_autoencoder(..., tied=True)` and
    `callbacks.GreedyPretraining`. Evaluation uses clean inputs. Logged: `loss`, `reconstruction` (L) and the penalties
    that are used, `sparsity` and `contraction`.

    Args:
        encoder: Keras model from `(batch, *shape)` to `(batch, *code)`.
        decoder: Keras model from `(batch, *code)` to `(batch, *shape)`: values, or logits for `"bernoulli"`. Its tied
            layers take the encoder's kernels.
        reconstruction: Loss of the reconstruction: `"squared_error"`, or `"bernoulli"`, the cross-entropy, for data in
            [0, 1]. Defaults to `"squared_error"`.
        corruption: Layer that acts on the input in training, such as `layers.MaskingNoise(0.3)`. Defaults to `None`.
        sparsity: Penalty on the code, `layers.L1Sparsity`, or `layers.KLSparsity` of a code in (0, 1), or any
            serialisable callable from the code to a scalar. It is computed over the whole batch, without sample
            weights. Defaults to `None`.
        contraction: Weight of the squared Frobenius norm of the code's Jacobian at the clean input, which makes the
            code change little with the input; a number >= 0, for an encoder of one dense layer, or of at most 256 code
            units. Defaults to 0.
        **kwargs: `name` and `dtype` of a Keras model.

    Example:

    >>> import numpy as np
    >>> from keras_gen import layers, networks
    >>> networks = networks.mlp_autoencoder([(8, 8, 1), 32, 4], tied=True)
    >>> model = Autoencoder(*networks, corruption=layers.MaskingNoise(0.3))
    >>> model.compile("adam")
    >>> history = model.fit(np.zeros((64, 8, 8, 1)), verbose=0)
    >>> model.encode(np.zeros((3, 8, 8, 1))).shape
    (3, 4)

    Reference:
        Hinton and Salakhutdinov, 2006, Science 313; corruption: Vincent et al., 2010, JMLR 11, equation 11;
        contraction: Rifai et al., 2011, equation 2; sparsity: Ng, CS294A lecture notes, 2011, section 3.
    """

    def __init__(
        self,
        encoder,
        decoder,
        reconstruction: Reconstruction = "squared_error",
        corruption=None,
        sparsity=None,
        contraction=0.0,
        **kwargs,
    ):
        checks.choice("reconstruction", reconstruction, typing.get_args(Reconstruction))
        checks.number("contraction", contraction)
        if corruption is not None and not isinstance(corruption, keras.layers.Layer):
            raise ValueError(f"`corruption` must be a Keras layer, or None. Received: {corruption!r}")
        if sparsity is not None and not callable(sparsity):
            raise ValueError(f"`sparsity` must be a penalty such as layers.L1Sparsity. Received: {sparsity!r}")
        used = {"reconstruction": True, "sparsity": sparsity is not None, "contraction": contraction}
        log_names = tuple(name for name in used if used[name])
        super().__init__(encoder, decoder, reconstruction, ("code",), log_names, **kwargs)
        tie(decoder, encoder)
        if corruption is not None:
            draw_by_replica(corruption)
        self.corruption, self.sparsity, self.contraction = corruption, sparsity, contraction
        self._check_penalties()
        self.pretrained_layers = self.add_weight(
            name="pretrained_layers", shape=(), dtype="int32", initializer="zeros", trainable=False
        )

    def players(self):
        return (Player("autoencoder", (self.encoder, self.decoder), self.objective),)

    def call(self, x, training=False):
        """Reconstruct `x`: values or probabilities, never logits."""
        return self.decoded(self.decoder(self.encoder(x, training=training), training=training))

    def objective(self, batch, training):
        """The loss of a batch and its parts, as a dict of scalars: the sum, `reconstruction` and the used penalties."""
        x = batch["x"]
        corrupted = x if self.corruption is None else self.corruption(x, training=training)
        code = self.encoder(corrupted, training=training)  # (batch, *code)
        outputs = self.decoder(code, training=training)  # (batch, *shape)
        errors = self.reconstruction_loss(batch["target"], outputs, self.mask_of(x, outputs))  # (batch,)
        parts = {"reconstruction": weighted_mean(errors, batch)}
        if self.sparsity is not None:
            parts["sparsity"] = ops.cast(self.sparsity(code), "float32")
        if self.contraction:
            parts["contraction"] = self.contraction * weighted_mean(jacobian_penalty(self.encoder, x), batch)
        return {"objective": sum(parts.values()), **parts}

    def to_classifier(self, num_classes):
        """An uncompiled `Classifier` of at least two classes that starts from a copy of the present encoder.

        Training it does not change the autoencoder.
        """
        checks.integer("num_classes", num_classes, minimum=2)
        encoder = keras.models.clone_model(self.encoder)
        encoder.set_weights(self.encoder.get_weights())
        code = encoder.outputs[0]
        if len(code.shape) > 2:
            code = keras.layers.Flatten()(code)
        logits = keras.layers.Dense(num_classes)(code)
        return Classifier(keras.Model(encoder.inputs[0], logits, name="classifier"), self.value_range)

    def _check_penalties(self):
        last = last_activations(self.encoder)[0]
        if isinstance(self.sparsity, KLSparsity) and last not in ("sigmoid", "hard_sigmoid", "softmax"):
            raise ValueError(
                "`sparsity` by KL needs codes in (0, 1). Expected: an encoder whose last activation is 'sigmoid'. "
                f"Received: {last!r}"
            )
        if not self.contraction or single_dense(self.encoder) is not None:
            return
        if None in (*self.code_shape, *self.example_shape):
            raise ValueError(
                "`contraction` needs a fixed number of code units, one backward pass for each. Expected: shapes "
                f"without None. Received: examples {self.example_shape}, codes {self.code_shape}"
            )
        units = math.prod(self.code_shape)
        if units > _WIDEST_JACOBIAN:
            raise ValueError(
                f"`contraction` needs one dense layer, or at most {_WIDEST_JACOBIAN} code units. "
                f"Received: an encoder of several layers with {units} code units"
            )


@keras.saving.register_keras_serializable(package="keras_gen")
class IncompleteAutoencoder(Autoencoder):
    """Autoencoder for examples with missing entries (NaN): the squared error is summed over observed entries only.

    Args:
        encoder: As in `Autoencoder`; it must accept NaN, for example by beginning with `layers.MissingIndicator`.
        decoder: As in `Autoencoder`.
        **kwargs: As in `Autoencoder`, such as `corruption=layers.MaskingNoise(0.3, value=float("nan"))`.

    Example:

    >>> import numpy as np
    >>> from keras_gen import layers, networks
    >>> inputs = keras.Input((4,))
    >>> code = keras.layers.Dense(2)(layers.MissingIndicator()(inputs))
    >>> model = IncompleteAutoencoder(keras.Model(inputs, code), networks.mlp_decoder(2, (), (4,)))
    >>> bool(np.isfinite(model.reconstruct(np.array([[1.0, np.nan, 0.0, np.nan]]))).all())
    True

    Reference:
        Nazabal et al., 2020, arXiv:1807.03653, equation 4 (the sum over observed entries).
    """

    allow_nan = True

    def require_predictions(self):
        raise ValueError(
            "`metrics` cannot skip missing entries. Expected: no metrics; `reconstruction` is logged, for the "
            f"observed entries. Received: metrics of {type(self).__name__}"
        )

    def reconstruction_loss(self, target, outputs, mask=None):
        observed = ops.logical_not(ops.isnan(target))
        if mask is not None:
            observed = ops.logical_and(observed, mask_over(target, mask))
        return super().reconstruction_loss(target, outputs, observed)

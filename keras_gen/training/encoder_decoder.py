"""What autoencoders of every kind share: two networks that fit each other, a likelihood, and methods on numpy."""

import keras
import numpy as np
from keras import ops

from keras_gen import checks
from keras_gen.losses.likelihood import bernoulli_nll, gaussian_nll, squared_error
from keras_gen.training.generative_model import GenerativeModel
from keras_gen.training.introspection import last_activations, shapes, value_range

# Activations whose values do not reach from far below zero to far above
_NO_LOGITS = ("sigmoid", "hard_sigmoid", "softmax", "tanh", "relu", "relu6", "softplus", "silu", "gelu", "elu", "selu")
_BATCH = 1024  # examples at a time in the methods that take and return numpy


class EncoderDecoder(GenerativeModel):
    """A `GenerativeModel` of an encoder and a decoder.

    Args:
        encoder: Keras model from `(batch, *shape)` to the code, or to `heads` tensors of the code's shape.
        decoder: Keras model from the code to logits `(batch, *shape)` (Bernoulli), to values (squared error), or to a
            mean or `[mean, log_var]` (Gaussian).
        reconstruction: `"bernoulli"`, `"squared_error"` or `"gaussian"`.
        heads: Tuple of the names of the encoder's outputs, as many as it must have.
        log_names: As in `GenerativeModel`.
        **kwargs: `name` and `dtype` of a Keras model.

    Raises:
        ValueError: If the networks' shapes do not fit each other.
    """

    tasks = frozenset({"encode", "reconstruct"})

    def __init__(self, encoder, decoder, reconstruction, heads, log_names, **kwargs):
        super().__init__(log_names=log_names, **kwargs)
        self.encoder, self.decoder, self.reconstruction = encoder, decoder, reconstruction
        self.example_shape, self.code_shape = self._checked_shapes(heads)

    def reconstruction_loss(self, x, outputs):
        """The negative log-likelihood, or the squared error, of each example: float32 tensor `(batch,)`."""
        if self.reconstruction == "squared_error":
            return squared_error(x, outputs)
        if self.reconstruction == "bernoulli":
            return bernoulli_nll(x, outputs)
        return gaussian_nll(x, *outputs) if isinstance(outputs, (list, tuple)) else gaussian_nll(x, outputs)

    def decoded(self, outputs):
        """Probabilities or means from what the decoder gives."""
        if self.reconstruction == "bernoulli":
            return ops.sigmoid(outputs)
        return outputs[0] if isinstance(outputs, (list, tuple)) else outputs

    # numpy in, numpy out

    def encoder_outputs(self, x):
        """The encoder's outputs for examples `(n, *shape)`: a tuple of float32 arrays, one an output."""
        self.check_data(x)
        parts = [keras.tree.flatten(_called(self.encoder, x[i : i + _BATCH])) for i in range(0, len(x), _BATCH)]
        return tuple(np.concatenate(part).astype("float32") for part in zip(*parts, strict=True))

    def encode(self, x):
        """Each example's code, of a probabilistic one its mean: array `(n, *shape)` -> float32 array `(n, *code)`."""
        return self.encoder_outputs(x)[0]

    def decode(self, z):
        """Probabilities or means of the examples that codes stand for.

        Args:
            z: Array `(n, *code)`.

        Returns:
            float32 array `(n, *shape)`.

        Raises:
            ValueError: If `z` is empty, not finite or of another shape.
        """
        checks.array("z", z, shape=self.code_shape)
        z = np.asarray(z, "float32")
        parts = [self.decoded(self.decoder(z[i : i + _BATCH], training=False)) for i in range(0, len(z), _BATCH)]
        return np.concatenate([ops.convert_to_numpy(part) for part in parts]).astype("float32")

    def reconstruct(self, x):
        """Each example decoded from its code: array `(n, *shape)` -> float32 array of the same shape."""
        return self.decode(self.encode(x))

    # The door

    def check_data(self, x, y=None):
        checks.array("x", x, self.example_shape, self._range(), self.takes_nan)

    def limits(self):
        return {"x": None if self.takes_nan else self._range()}

    def _range(self):
        """The range that the likelihood or the decoder's last activation holds the data to, or `None`."""
        return (0, 1) if self.reconstruction == "bernoulli" else value_range(self.decoder)

    def _checked_shapes(self, heads):
        (example, *more), codes = shapes("encoder", self.encoder)
        (code, *more_codes), outputs = shapes("decoder", self.decoder)
        if more or len(codes) != len(heads) or len(set(codes)) != 1:
            wanted = f"one {heads[0]}" if len(heads) == 1 else f"[{', '.join(heads)}] of equal shape"
            raise ValueError(
                f"`encoder` must map one input to {wanted}. Received: outputs of shapes {codes}, without the batch axis"
            )
        if more_codes or code != codes[0]:
            raise ValueError(
                f"`decoder` must take the encoder's code. Expected: input of shape {codes[0]}. Received: {code}"
            )
        allowed = 2 if self.reconstruction == "gaussian" else 1
        if any(shape != example for shape in outputs) or len(outputs) > allowed:
            expected = f"{example}" if allowed == 1 else f"{example}, once (mean) or twice (mean, log_var)"
            raise ValueError(
                f"`decoder` must give the encoder's input shape. Expected: {expected}. Received: {outputs}"
            )
        last = last_activations(self.decoder)[0]
        if self.reconstruction == "bernoulli" and last in _NO_LOGITS:
            raise ValueError(
                "`decoder` must end in logits with a Bernoulli likelihood. Expected: a last layer without activation. "
                f"Received: activation {last!r}"
            )
        return example, code


def _called(network, batch):
    """What a network gives for numpy, as numpy; at once, for of a few large batches a graph would cost more."""
    return keras.tree.map_structure(ops.convert_to_numpy, network(np.asarray(batch, "float32"), training=False))

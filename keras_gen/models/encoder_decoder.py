"""Base of all autoencoders: an encoder and a decoder that fit each other, a likelihood, and methods on numpy."""

import dataclasses

import keras
import numpy as np
from keras import ops

from keras_gen import checks
from keras_gen.losses.likelihood import bernoulli_nll, gaussian_nll, squared_error
from keras_gen.models.batches import by_batch
from keras_gen.training.data_description import Component, DataDescription
from keras_gen.training.generative_model import GenerativeModel
from keras_gen.training.introspection import ACTIVATIONS, last_activations, output_range, shapes

_BATCH = 1024  # examples at a time in the methods that take and return numpy


class EncoderDecoder(GenerativeModel):
    """A `GenerativeModel` of an encoder and a decoder.

    The targets of the reconstruction are the examples themselves, or a `y` of their shape: `fit(noisy, clean)`. Steps
    that are masked (by a Keras mask that reaches the decoder's output, or by a `Masking` layer of the encoder) do not
    count.

    Args:
        encoder: Keras model from `(batch, *shape)` to the code, or to tensors of the code's shape, one per head.
        decoder: Keras model from the code to logits `(batch, *shape)` (Bernoulli), to values (squared error), or to a
            mean or `[mean, log_var]` (Gaussian).
        reconstruction: `"bernoulli"`, `"squared_error"` or `"gaussian"`.
        heads: Tuple of the names of the encoder's outputs.
        log_names: As in `GenerativeModel`.
        **kwargs: `name` and `dtype` of a Keras model.
    """

    tasks = frozenset({"encode", "reconstruct", "autoencode"})
    latent_range = None  # the pair (lowest, highest) of codes, which is not known
    allow_nan = False  # whether NaN stands for a missing value
    condition = None  # the component, or several, that both networks also take, in place of a target

    def __init__(self, encoder, decoder, reconstruction, heads, log_names, /, **kwargs):
        conditions = [component.shape for component in DataDescription(y=self.condition).y_components]
        example_shape, code_shape = _checked_shapes(encoder, decoder, reconstruction, heads, conditions)
        value_range = (0, 1) if reconstruction == "bernoulli" else output_range(decoder)
        x = Component("x", example_shape, value_range, allow_nan=self.allow_nan)
        target = dataclasses.replace(x, name="target", optional=True)
        description = DataDescription(x, self.condition or target, sample_weight=True)
        super().__init__(description, log_names, **kwargs)
        self.encoder, self.decoder, self.reconstruction = encoder, decoder, reconstruction
        self.code_shape = code_shape

    def conditioned(self, tensor, batch):
        """What a network takes for a tensor: the tensor, and in a conditional model the conditions of a batch."""
        return tensor

    def target_of(self, batch):
        """What the reconstruction is compared with: the target of a batch, or its examples."""
        return batch.get("target", batch["x"])

    def reconstruction_loss(self, target, outputs, mask=None):
        """The negative log-likelihood, or the squared error, of each example: float32 tensor `(batch,)`."""
        if self.reconstruction == "squared_error":
            return squared_error(target, outputs, mask=mask)
        if self.reconstruction == "bernoulli":
            return bernoulli_nll(target, outputs, mask=mask)
        outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
        return gaussian_nll(target, *outputs, mask=mask)

    def mask_of(self, x, outputs):
        """The Keras mask `(batch, steps)` of the decoder's outputs, or else of the examples; `None` without one."""
        first = outputs[0] if isinstance(outputs, (list, tuple)) else outputs
        mask = keras.src.backend.get_keras_mask(first)
        if mask is not None:
            return mask
        for layer in self.encoder._flatten_layers():
            if isinstance(layer, keras.layers.Masking) and layer.input is self.encoder.inputs[0]:
                return layer.compute_mask(x)
        return None

    def decoded(self, outputs):
        """Probabilities or means from the decoder's outputs."""
        if self.reconstruction == "bernoulli":
            return ops.sigmoid(outputs)
        return outputs[0] if isinstance(outputs, (list, tuple)) else outputs

    def predicted(self, batch, *outputs, training):
        # Without noise and updates of statistics: a metric must not change the training
        return self.target_of(batch), self(self.conditioned(batch["x"], batch), training=False)

    def from_latents(self, z, *conditions):
        """Tensors of probabilities or means from tensors of codes `(n, *code)`, as `decode` gives them."""
        return self.decoded(self.decoder([z, *conditions] if conditions else z, training=False))

    # numpy in, numpy out

    def encoder_outputs(self, x):
        """The encoder's outputs for examples `(n, *shape)`: a tuple of float32 arrays."""
        self.data_description.check(x)
        return tuple(by_batch(lambda rows: self.encoder(np.asarray(rows, "float32"), training=False), _BATCH, x))

    def encode(self, x):
        """Each example's code, or a probabilistic code's mean: array `(n, *shape)` -> float32 array `(n, *code)`."""
        return self.encoder_outputs(x)[0]

    def decode(self, z):
        """Decode codes to probabilities or means: finite array `(n, *code)` -> float32 array `(n, *shape)`."""
        checks.array("z", z, shape=self.code_shape)
        z = np.asarray(z, "float32")
        return by_batch(self.from_latents, _BATCH, z)[0]

    def reconstruct(self, x):
        """Decode each example's code: array `(n, *shape)` -> float32 array of the same shape."""
        return self.decode(self.encode(x))


def _checked_shapes(encoder, decoder, reconstruction, heads, conditions):
    (example, *more), codes = shapes("encoder", encoder)
    taken, outputs = shapes("decoder", decoder)
    if more != conditions or len(codes) != len(heads) or len(set(codes)) != 1:
        wanted = f"one {heads[0]}" if len(heads) == 1 else f"[{', '.join(heads)}] of equal shape"
        raise ValueError(
            f"`encoder` must map {'an example and its condition' if conditions else 'one input'} to {wanted}. "
            f"Received: inputs of shapes {[example, *more]}, outputs of shapes {codes}"
        )
    if taken[1:] != conditions or not checks.shapes_agree(codes[0], taken[0]):
        raise ValueError(
            f"`decoder` must take the encoder's code{' and condition' if conditions else ''}. "
            f"Expected: inputs of shapes {[codes[0], *conditions]}. Received: {taken}"
        )
    allowed = 2 if reconstruction == "gaussian" else 1
    if any(not checks.shapes_agree(shape, example) for shape in outputs) or len(outputs) > allowed:
        expected = f"{example}" if allowed == 1 else f"{example}, once (mean) or twice (mean, log_var)"
        raise ValueError(f"`decoder` must give the encoder's input shape. Expected: {expected}. Received: {outputs}")
    last = last_activations(decoder)[0]
    if reconstruction == "bernoulli" and last in ACTIVATIONS:
        raise ValueError(
            "`decoder` must end in logits with a Bernoulli likelihood. Expected: a last layer without activation. "
            f"Received: activation {last!r}"
        )
    return example, codes[0]

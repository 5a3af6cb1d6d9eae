"""Losses of the discriminator and of the generator in an adversarial game, as functions of the discriminator's logits.

Real and generated logits are averaged separately, so `real_logits` and `fake_logits` may differ in shape: in the number
of examples, and in the number of logits per example.
"""

import math
import typing

from keras import ops

from keras_gen import checks

_LINEAR_ABOVE = 20.0  # beyond it exp(logit) would overflow float32


def minimax_discriminator_loss(real_logits, fake_logits, label_smoothing=0.0):
    """Cross-entropy of the discriminator's classification into real and generated.

    -mean((1 - s) log D(x) + s log(1 - D(x))) - mean(log(1 - D(G(z)))),    D = sigmoid(logit)

    With s = 0 the optimal D is p / (p + q), and the loss is log 4 if p = q. The minimax, the non-saturating and the
    maximum-likelihood game differ in the generator's loss only: their discriminators share this function.

    Args:
        real_logits, fake_logits: Tensors of any shape, the logits of real and of generated examples.
        label_smoothing: s, a number in [0, 1): the label of real examples is 1 - s, of generated ones 0. Defaults to 0.

    Returns:
        float32 scalar, >= 0.

    Example:

    >>> loss = minimax_discriminator_loss(ops.zeros((4, 1)), ops.zeros((4, 1)))
    >>> round(float(loss) - math.log(4), 6)
    0.0

    Reference:
        Goodfellow et al., 2014, arXiv:1406.2661, equation 1; s: Salimans et al., 2016, arXiv:1606.03498, section 3.4.
    """
    real_logits, fake_logits = _float32(real_logits), _float32(fake_logits)
    real = ops.softplus(-real_logits)
    if label_smoothing:
        real = (1 - label_smoothing) * real + label_smoothing * ops.softplus(real_logits)
    return ops.mean(real) + ops.mean(ops.softplus(fake_logits))


non_saturating_discriminator_loss = maximum_likelihood_discriminator_loss = minimax_discriminator_loss


def minimax_generator_loss(fake_logits):
    """The generator's loss of the zero-sum game: mean(log(1 - D(G(z)))), D = sigmoid(logit).

    Its gradient vanishes where the discriminator is confident.

    Args:
        fake_logits: Tensor of any shape, the logits of generated examples.

    Returns:
        float32 scalar, <= 0.

    Example:

    >>> round(float(minimax_generator_loss(ops.zeros((4, 1)))), 4)
    -0.6931

    Reference:
        Goodfellow et al., 2014, arXiv:1406.2661, equation 1.
    """
    return -ops.mean(ops.softplus(_float32(fake_logits)))


def non_saturating_generator_loss(fake_logits):
    """Cross-entropy of generated examples with the label of real ones: -mean(log D(G(z))), D = sigmoid(logit).

    Args:
        fake_logits: Tensor of any shape, the logits of generated examples.

    Returns:
        float32 scalar, >= 0.

    Example:

    >>> round(float(non_saturating_generator_loss(ops.zeros((4, 1)))), 4)
    0.6931

    Reference:
        Goodfellow et al., 2014, arXiv:1406.2661, section 3.
    """
    return ops.mean(ops.softplus(-_float32(fake_logits)))


def maximum_likelihood_generator_loss(fake_logits):
    """The loss whose gradient, for an optimal discriminator, is that of the likelihood: -mean(exp(logit)).

    Above a logit of 20 it continues along its tangent, so it stays finite.

    Args:
        fake_logits: Tensor of any shape, the logits of generated examples.

    Returns:
        float32 scalar, <= 0.

    Example:

    >>> float(maximum_likelihood_generator_loss(ops.zeros((4, 1))))
    -1.0

    Reference:
        Goodfellow, 2014, arXiv:1412.6515, section 2; 2016, NIPS tutorial, arXiv:1701.00160, section 3.2.5:
        exp(logit) = D / (1 - D).
    """
    fake_logits = _float32(fake_logits)
    beyond = ops.maximum(fake_logits - _LINEAR_ABOVE, 0.0)
    return -ops.mean(ops.exp(ops.minimum(fake_logits, _LINEAR_ABOVE)) + math.exp(_LINEAR_ABOVE) * beyond)


def least_squares_discriminator_loss(real_logits, fake_logits):
    """Squared distance of the outputs from the labels 1 and 0: mean((real - 1)^2) + mean(fake^2).

    Args:
        real_logits, fake_logits: Tensors of any shape, the outputs for real and for generated examples.

    Returns:
        float32 scalar, >= 0.

    Example:

    >>> float(least_squares_discriminator_loss(ops.ones((4, 1)), ops.ones((4, 1))))
    1.0

    Reference:
        Mao et al., 2017, arXiv:1611.04076, equation 9, without the halves.
    """
    return ops.mean(ops.square(_float32(real_logits) - 1.0)) + ops.mean(ops.square(_float32(fake_logits)))


def least_squares_generator_loss(fake_logits):
    """Squared distance of the outputs from the label of real ones: mean((fake - 1)^2).

    Args:
        fake_logits: Tensor of any shape, the outputs for generated examples.

    Returns:
        float32 scalar, >= 0.

    Example:

    >>> float(least_squares_generator_loss(ops.zeros((4, 1))))
    1.0

    Reference:
        Mao et al., 2017, arXiv:1611.04076, equation 9, without the half.
    """
    return ops.mean(ops.square(_float32(fake_logits) - 1.0))


def hinge_discriminator_loss(real_logits, fake_logits):
    """Hinge loss of the discriminator: mean(max(0, 1 - real)) + mean(max(0, 1 + fake)).

    Args:
        real_logits, fake_logits: Tensors of any shape, the outputs for real and for generated examples.

    Returns:
        float32 scalar, >= 0.

    Example:

    >>> float(hinge_discriminator_loss(ops.zeros((4, 1)), ops.zeros((4, 1))))
    2.0

    Reference:
        Miyato et al., 2018, arXiv:1802.05957, equation 16; Lim and Ye, 2017, arXiv:1705.02894.
    """
    return ops.mean(ops.relu(1.0 - _float32(real_logits))) + ops.mean(ops.relu(1.0 + _float32(fake_logits)))


def wasserstein_discriminator_loss(real_logits, fake_logits):
    """Minus the critic's estimate of the Wasserstein distance: mean(fake) - mean(real).

    Args:
        real_logits, fake_logits: Tensors of any shape, the critic's values for real and for generated examples.

    Returns:
        float32 scalar.

    Example:

    >>> float(wasserstein_discriminator_loss(ops.ones((4, 1)), ops.zeros((4, 1))))
    -1.0

    Reference:
        Arjovsky, Chintala and Bottou, 2017, arXiv:1701.07875, equation 2 and algorithm 1.
    """
    return ops.mean(_float32(fake_logits)) - ops.mean(_float32(real_logits))


def wasserstein_generator_loss(fake_logits):
    """The generator's loss against a critic or a hinge discriminator: -mean(fake).

    Args:
        fake_logits: Tensor of any shape, the critic's values for generated examples.

    Returns:
        float32 scalar.

    Example:

    >>> float(wasserstein_generator_loss(ops.ones((4, 1))))
    -1.0

    Reference:
        Arjovsky, Chintala and Bottou, 2017, arXiv:1701.07875, algorithm 1; hinge: Miyato et al., 2018,
        arXiv:1802.05957, equation 17.
    """
    return -ops.mean(_float32(fake_logits))


hinge_generator_loss = wasserstein_generator_loss


def _float32(logits):
    return ops.cast(logits, "float32")


def adversarial_pair(adversarial_loss):
    """The pair (discriminator's loss, generator's loss) of an `adversarial_loss` as `models.GAN` takes it."""
    if isinstance(adversarial_loss, str):
        return ADVERSARIAL_LOSSES[checks.choice("adversarial_loss", adversarial_loss, ADVERSARIAL_LOSSES)]
    pair = adversarial_loss
    if not isinstance(pair, (list, tuple)):
        pair = [getattr(adversarial_loss, name, None) for name in ("discriminator_loss", "generator_loss")]
    if len(pair) != 2 or not all(callable(loss) for loss in pair):
        raise ValueError(
            "`adversarial_loss` must be a name, a pair of callables or an object with two methods. Expected: one of "
            f"{sorted(ADVERSARIAL_LOSSES)}, or (discriminator_loss(real_logits, fake_logits), "
            f"generator_loss(fake_logits)). Received: {adversarial_loss!r}"
        )
    if not isinstance(adversarial_loss, (list, tuple)) and not hasattr(type(adversarial_loss), "from_config"):
        raise ValueError(
            "`adversarial_loss` must be an object that Keras can save. Expected: the methods `get_config` and "
            f"`from_config`. Received: a {type(adversarial_loss).__name__} without `from_config`"
        )
    return tuple(pair)


ADVERSARIAL_LOSSES = {  # by name the pair (the discriminator's, the generator's)
    "non_saturating": (non_saturating_discriminator_loss, non_saturating_generator_loss),
    "minimax": (minimax_discriminator_loss, minimax_generator_loss),
    "maximum_likelihood": (maximum_likelihood_discriminator_loss, maximum_likelihood_generator_loss),
    "least_squares": (least_squares_discriminator_loss, least_squares_generator_loss),
    "hinge": (hinge_discriminator_loss, hinge_generator_loss),
}
AdversarialLoss = typing.Literal[tuple(ADVERSARIAL_LOSSES)]

"""The contrastive loss, which compares each example of a batch with the conditions of all."""

from keras import ops


def contrastive_loss(conditions, logits):
    """Contrastive loss of a batch's matching logits: each example is to prefer its own condition, and the reverse.

    loss_i = -1/2 sum_j p_ij (log softmax_j(s_ij) + log softmax_j(s_ji)),    p_ij = [c_i = c_j] / sum_k [c_i = c_k]

    The arguments are in the order in which Keras calls a loss, so that `compile(loss=losses.contrastive_loss)` works.

    Args:
        conditions: Tensor `(batch,)` or `(batch, width)`, labels or a caption's tokens; examples of equal conditions
            match each other.
        logits: Tensor `(batch, batch)`, s_ij of example i and condition j.

    Returns:
        Tensor `(batch,)`.

    Example:

    >>> from keras_gen import losses
    >>> [round(float(loss), 2) for loss in losses.contrastive_loss([0, 1], [[0.0, 0.0], [0.0, 0.0]])]
    [0.69, 0.69]

    Reference:
        Radford et al., 2021, arXiv:2103.00020, figure 3; equal conditions: Khosla et al., 2020, arXiv:2004.11362,
        equation 2.
    """
    logits = ops.cast(logits, "float32")  # (batch, batch)
    conditions = ops.convert_to_tensor(conditions)
    conditions = ops.reshape(conditions, (ops.shape(conditions)[0], -1))
    equal = ops.all(ops.equal(conditions[:, None], conditions[None]), axis=-1)  # (batch, batch)
    wanted = ops.cast(equal, "float32")
    wanted = wanted / ops.sum(wanted, axis=1, keepdims=True)
    rows, columns = ops.log_softmax(logits, axis=1), ops.log_softmax(ops.transpose(logits), axis=1)
    return -0.5 * ops.sum(wanted * (rows + columns), axis=1)

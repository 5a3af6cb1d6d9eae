"""What models can do with numpy arrays, as their classes declare it in `tasks`."""

TASKS = {  # by name what a model that has the task offers
    "encode": "encode(x), decode(z)",
    "reconstruct": "reconstruct(x)",
    "sample": "sample(n, seed), draw_latents(n, seed), generate(z)",
    "translate": "translate(x, to), cycle(x, via)",
    "classify": "classify(x), probabilities(x)",
    "likelihood": "log_weights(x, samples, seed), kl_per_dimension(x)",
}


def can(model, task):
    """Whether a model has declared a task; a model of plain Keras has none.

    Args:
        model: A Keras model.
        task: One of `TASKS`.

    Returns:
        A truth value.

    Example:

    >>> import keras
    >>> can(keras.Sequential(), "sample")
    False
    """
    return task in getattr(model, "tasks", ())


def require_task(user, model, task):
    """Raise a `ValueError` unless a model has declared a task.

    Args:
        user: What needs the task, for the message, such as `"`EvaluateSamples`"`.
        model: A Keras model.
        task: One of `TASKS`.

    Example:

    >>> import keras
    >>> require_task("`Codes`", keras.Sequential(), "encode")
    Traceback (most recent call last):
    ValueError: `Codes` needs a model with the task 'encode'. Expected: encode(x), decode(z). Received: Sequential
    """
    if not can(model, task):
        raise ValueError(
            f"{user} needs a model with the task '{task}'. Expected: {TASKS[task]}. Received: {type(model).__name__}"
        )

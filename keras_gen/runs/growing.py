"""Training of a progressively grown GAN, stage after stage."""

import numpy as np

from keras_gen import checks
from keras_gen.callbacks.fade_schedule import FadeSchedule
from keras_gen.models.growing import fades, grown
from keras_gen.networks.progressive import progressive_shapes
from keras_gen.seeds import seeded


def grow(model, build, x, y=None, *, epochs, fade_epochs, callbacks=(), **options):
    """Train a GAN on small images, then grow it and train it on larger ones, until it has the size of the data.

    Each stage trains for `epochs` epochs on the images averaged to its size; in the first `fade_epochs` of them the new
    layers are faded in. A model that was saved during a stage goes on within it, bit for bit as if it had not been
    interrupted: the epochs that it has completed count, and the weights of new layers are drawn from the seed that it
    saves.

    In contrast to the publication, real images are not blended with their halved size during a fade.

    Args:
        model: A compiled GAN of this library, of the size of any stage in `networks.progressive_shapes`. It is not the
            model that is returned, unless it has the last stage's size.
        build: Callable that takes the number of a stage and returns a dict of its networks, under the names of the
            model's arguments, such as `generator` and `critic`; as `models.grown` takes them.
        x: Array `(n, height, width, channels)`, in the model's range.
        y: Labels or other conditions for `fit`. Defaults to `None`.
        epochs: Epochs of each stage, an integer >= 1.
        fade_epochs: Epochs of each fade, a number in [0, `epochs`].
        callbacks: Callbacks of every `fit`, as there. Defaults to ().
        **options: Further arguments of `fit`, such as `batch_size` and `verbose`.

    Returns:
        The pair (model, histories): the trained model of the last stage, and a list with what each `fit` logged, a dict
        from a name to a list.

    Raises:
        ValueError: If the model's images are not of a stage's size, or an argument is out of range.

    Example:

    >>> from keras_gen import models, networks
    >>> def build(stage):
    ...     generator = networks.progressive_generator(4, (8, 8, 1), stage, (8, 4))
    ...     return {"generator": generator, "critic": networks.progressive_discriminator((8, 8, 1), stage, (8, 4))}
    >>> model = models.WGANGP(**build(0), latent_dim=4, n_critic=1)
    >>> model.compile()
    >>> model, histories = grow(model, build, -np.ones((64, 8, 8, 1)), epochs=2, fade_epochs=1, verbose=0)
    >>> model.example_shape, [len(history["loss"]) for history in histories]
    ((8, 8, 1), [2, 2])

    Reference:
        Karras et al., 2018, arXiv:1710.10196, section 2 and appendix A.
    """
    checks.images("x", x, model.value_range)
    checks.integer("epochs", epochs)
    if checks.number("fade_epochs", fade_epochs) > epochs:
        raise ValueError(
            f"`fade_epochs` must leave a fade within its stage. Expected: at most epochs={epochs}. "
            f"Received: fade_epochs={fade_epochs}"
        )
    shapes = progressive_shapes(x.shape[1:])
    if model.example_shape not in shapes:
        raise ValueError(
            "`model` must generate images of a stage, not beyond the data's size. "
            f"Expected: one of {shapes}. Received: {model.example_shape}"
        )
    stage, histories = shapes.index(model.example_shape), []
    left = (stage + 1) * epochs - model.epochs_completed
    while True:
        if left > 0:
            own = [FadeSchedule(fade_epochs)] if fades(model) else []
            given = {"epochs": min(left, epochs), "callbacks": [*own, callbacks], **options}
            histories.append(model.fit(averaged(x, shapes[stage]), y, **given).history)
        if stage + 1 == len(shapes):
            return model, histories
        stage, left = stage + 1, epochs
        with seeded((model.order_seed + stage) % 2**31):
            networks = build(stage)
        model = grown(model, **networks)


def averaged(x, shape):
    """Images `(n, height, width, channels)` averaged in blocks to a shape whose sides divide theirs, as float32."""
    n, height, width, channels = x.shape
    rows, columns = shape[:2]
    blocks = np.asarray(x, "float32").reshape(n, rows, height // rows, columns, width // columns, channels)
    return blocks.mean(axis=(2, 4))

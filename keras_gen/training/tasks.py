"""What models can do, mostly with numpy arrays, as their classes declare it in `tasks`.

`from_latents` maps tensors to tensors, for gradients on latents, whose values are in `latent_range`.
"""

TASKS = {  # the methods of a model that has declared the task
    "encode": "encode(x), decode(z), from_latents(z), latent_range",
    "reconstruct": "reconstruct(x)",
    "autoencode": "model(x), which is the reconstruction that it is trained for",
    "sample": "sample(n, seed), draw_latents(n, seed), generate(z), from_latents(z), latent_range",
    "translate": "translate(x, to), generators()",
    "cycle": "translate(x, to='x'), cycle(x, via)",
    "classify": "classify(x), probabilities(x), network, which gives logits",
    "likelihood": "log_weights(x, samples, seed), kl_per_dimension(x)",
}

_EXAMPLES = {  # for messages
    "encode": "an autoencoder, a VAE, a BiGAN",
    "reconstruct": "an autoencoder, a VAE, a BiGAN",
    "autoencode": "an autoencoder, a VAE",
    "sample": "a VAE, a GAN",
    "translate": "a CycleGAN, a Pix2Pix",
    "cycle": "a CycleGAN",
    "classify": "a classifier",
    "likelihood": "a VAE",
}


def has_task(model, task):
    """Whether a model has declared a task, one of `TASKS`; a model of plain Keras has none."""
    return task in getattr(model, "tasks", ())


def require_task(user, model, task):
    """Raise a `ValueError` unless a model has declared a task, which `user`, the name in the message, needs."""
    if has_task(model, task):
        return
    if has_task(type(model), task):  # its own conditions leave the task out
        raise ValueError(
            f"{user} cannot give the model its conditions. Expected: classes alone, or in Python {task}(..., "
            f"labels={model.data_description.y_names}). Received: a {type(model).__name__} of "
            f"{model.data_description.y_names}"
        )
    raise ValueError(
        f"{user} needs a model with the task '{task}'. Expected: {_EXAMPLES[task]} or another model with "
        f"{TASKS[task]}. Received: {type(model).__name__}"
    )

"""What belongs to the training of some models, not to the models: options that become callbacks."""

from keras_gen import callbacks, presets


def variational(folder, batches, kl_warmup=0, sample_every=0):
    """Callbacks of variational autoencoders.

    Args:
        folder: The run's folder.
        batches: The `data.Pipeline` that is trained on.
        kl_warmup: Epochs until the KL has its full weight; 0: from the start.
        sample_every: Epochs between pictures of samples; 0: none.
    """
    return [
        *([callbacks.KLWarmup(kl_warmup)] if kl_warmup else []),
        *([callbacks.SampleImages(folder, sample_every)] if sample_every else []),
    ]


def pretraining(folder, batches, pretrain_epochs=10, pretrain_noise=0.2):
    """Callbacks of stacked autoencoders.

    Args:
        folder: The run's folder.
        batches: The `data.Pipeline` that is trained on.
        pretrain_epochs: Epochs of greedy pretraining, a layer; 0: none.
        pretrain_noise: Rate of the masking noise on each layer's input in pretraining.
    """
    if not pretrain_epochs:
        return []
    path = callbacks.RunFolder(folder).model_path
    return [callbacks.GreedyPretraining(batches, pretrain_epochs, noise=pretrain_noise, checkpoint=path)]


def adversarial(folder, batches, sample_every=0):
    """Callbacks of adversarial networks.

    Args:
        folder: The run's folder.
        batches: The `data.Pipeline` that is trained on.
        sample_every: Epochs between pictures of samples; 0: none.
    """
    return [callbacks.SampleImages(folder, sample_every)] if sample_every else []


EXTRAS = {
    **dict.fromkeys(("vae", "convolutional-vae", "burda-vae"), variational),
    "stacked": pretraining,
    **dict.fromkeys(presets.ADVERSARIAL, adversarial),
}

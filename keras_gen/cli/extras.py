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


def translating(folder, batches, shown, learning_rate=2e-4, constant_epochs=100, decay_epochs=100, picture_every=0):
    """Callbacks of CycleGANs.

    Args:
        folder: The run's folder.
        batches: The `data.UnpairedPipeline` that is trained on.
        shown: The pair of arrays that pictures show.
        learning_rate: Adam's, of all networks.
        constant_epochs: Epochs in which the learning rate stays.
        decay_epochs: Epochs after these in which it falls to 0.
        picture_every: Epochs between pictures of translations; 0: at the end.
    """
    decay = callbacks.LinearDecay(learning_rate, constant_epochs, decay_epochs)
    return [decay, *([callbacks.TranslationImages(folder, *shown, picture_every)] if picture_every else [])]


EXTRAS = {
    **dict.fromkeys(("vae", "convolutional-vae", "burda-vae"), variational),
    "stacked": pretraining,
    **dict.fromkeys(("gan", "dcgan", "conditional-gan", "wgan", "wgan-gp"), adversarial),
    **dict.fromkeys(presets.presets_for("translate"), translating),
}

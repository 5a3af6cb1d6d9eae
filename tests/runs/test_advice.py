import pytest

from keras_gen.runs import Settings, train


def printed(name, epochs, batch_size, tmp_path, capsys):
    """The lines that a training prints that ends with its first epoch."""
    options = {"width": 0.02, "minutes": 1e-6, "doctor": False}
    train(Settings(name, epochs=epochs, batch_size=batch_size, options=options), tmp_path)
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("name", "epochs", "message"),
    [
        ("convolutional-autoencoder", 1, "2 steps (1 epoch of 2). That is little: this model needs 500 or more"),
        ("convolutional-autoencoder", 249, "498 steps (249 epochs of 2). "),
        ("convolutional-autoencoder", 250, None),
        ("gan", 999, "1998 steps (999 epochs of 2). That is little: an adversarial model needs 2,000 or more"),
        ("gan", 1000, None),
        ("wgan", 999, "1998 steps (999 epochs of 2)"),  # of five updates each
    ],
)
def test_too_few_steps_are_announced_with_the_epochs_that_make_enough(name, epochs, message, tmp_path, capsys):
    first = printed(name, epochs, 144 if name == "wgan" else 720, tmp_path, capsys)[0]
    assert first.startswith(f"Training ends after {message}" if message else "Epoch 1/")
    epochs = 250 if name.startswith("conv") else 1000
    assert not message or first.endswith(f" by --epochs {epochs} or a smaller --batch-size.")


@pytest.mark.parametrize(
    ("name", "batch_size", "message"),
    [
        ("autoencoder", 1437, None),
        (
            "autoencoder",
            1438,
            "A batch of 1438 images is larger than the training set of 1437: each epoch is one step.",
        ),
        ("wgan", 287, None),
        (
            "wgan",
            288,
            "A batch of 1440 images for 5 updates of a step is larger than the training set of 1437: e",
        ),
    ],
)
def test_a_batch_that_is_larger_than_the_set_is_announced(name, batch_size, message, tmp_path, capsys):
    first = printed(name, 2000, batch_size, tmp_path, capsys)[0]
    assert first.startswith(message or "Epoch 1/")

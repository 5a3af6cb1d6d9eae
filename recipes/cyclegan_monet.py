"""Photographs as paintings by Monet and back: a CycleGAN at 128x128, on folders of images or a named set.

python recipes/cyclegan_monet.py [--x FOLDER --y FOLDER --test-x FOLDER --test-y FOLDER]
python recipes/cyclegan_monet.py --identity-weight 0 --x cycle_gan/summer2winter_yosemite:trainA ...  # other images

The generators are the published ones with one exception: their last layer also sees the image, because normalisation
removes its brightness and contrast (`--no-skip`: as published). Without folders the images are `cycle_gan/monet2photo`
of tensorflow-datasets.

Args:
    x, y: Training images: a folder, or a tensorflow-datasets set and its split.
    test_x, test_y: Test images, in the same forms.
    size: Side in pixels that images are resized to, divisible by 4.
    blocks: Residual blocks of a generator.
    skip: Whether the generators' last layers see the image itself.
    upsampling: How the generators double the sides, as in `networks.resnet_generator`.
    cycle_weight: Weight of the cycle-consistency loss; 10 is published.
    identity_weight: Weight of the identity loss; 5 is published for paintings.
    steps: Updates in an epoch; 0: one per image.
"""

import numpy as np

from keras_gen import callbacks, metrics, plots, presets
from keras_gen.cli.recipe import Finding, Outcome, Timer, recipe
from keras_gen.data import unpaired
from keras_gen.metrics import features


@recipe
def main(
    out, x="cycle_gan/monet2photo:trainB", y="cycle_gan/monet2photo:trainA", test_x="cycle_gan/monet2photo:testB",
    test_y="cycle_gan/monet2photo:testA", size=128, epochs=40, minutes=60.0, batch_size=1, filters=32, blocks=6,
    skip=True, upsampling="transposed", cycle_weight=10.0, identity_weight=5.0, learning_rate=2e-4, steps=300,
    precision="mixed_bfloat16", seed=0, width=1.0,
):  # fmt: skip
    pairs = unpaired(x, y, size, batch_size, seed=seed, steps=steps or None)
    tests = unpaired(test_x, test_y, size, batch_size)
    options = {"filters": filters, "blocks": blocks, "skip": skip, "upsampling": upsampling, "width": width}
    options |= {"cycle_weight": cycle_weight, "identity_weight": identity_weight, "learning_rate": learning_rate}
    model = presets.build("cyclegan", pairs.shapes[0], **options)
    before = model.evaluate(tests, verbose=0, return_dict=True)["cycle"]
    images_x, images_y = (source.rows(np.arange(source.size)).numpy() for source in tests.sources)
    shown = images_x[:6], images_y[:6]
    watchers = [
        callbacks.LinearDecay(learning_rate, epochs // 2, epochs - epochs // 2),
        callbacks.TranslationImages(out / "epochs", *shown, every=max(1, epochs // 20)),
        callbacks.StopAfter(60 * minutes),
    ]
    with Timer() as timer:
        history = model.fit(pairs, epochs=epochs, callbacks=watchers, verbose=2).history
    after = model.evaluate(tests, verbose=0, return_dict=True)["cycle"]
    # Generators that change nothing have no cycle error: translations must also come nearer to the other set
    n = min(len(images_x), len(images_y))
    (mmd,) = metrics.by_name("mmd", images_y, features.identity(), (-1, 1), n)
    translations = model.translate(images_x), model.translate(images_y, to="x")
    untranslated, translated = (mmd.score(images[:n]) for images in (images_x, translations[0]))
    findings = [
        Finding("cycle error of test images, of a range of 2, before training", before),
        Finding("the same after training", after, at_most=before / 4, reference="a quarter of it"),
        Finding(f"{mmd.name}, test images of x to those of y", untranslated),
        Finding("the same of their translations", translated, at_most=untranslated),
        *(
            Finding(f"phase variance of flat regions, {what}", metrics.phase_variance(images, 4, 16, flattest=0.2))
            for what, images in (
                ("images of x", images_x),
                ("translations of x", translations[0]),
                ("images of y", images_y),
                ("translations of y", translations[1]),
            )
        ),
        Finding("epochs begun", len(history["loss"])),
        Finding("minutes of training", timer.minutes),
    ]
    figures = plots.translations(model, *shown)
    return Outcome(model, findings, figures, history, facts={"steps_per_epoch": pairs.batches()})

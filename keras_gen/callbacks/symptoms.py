"""The symptoms of the training doctor: each is declared as data, and one loop examines them all."""

import dataclasses
import functools
import math
import typing

import keras
import numpy as np

from keras_gen.callbacks import advice
from keras_gen.losses.adversarial import ADVERSARIAL_LOSSES
from keras_gen.training.introspection import rectified_outputs
from keras_gen.training.tasks import has_task

ACTIVE = 0.01  # nats: a latent dimension below this is not used
_SAME = 1e-5  # relative standard deviation of values that are equal for all examples except for rounding


@dataclasses.dataclass(frozen=True)
class Symptom:
    """One thing that goes wrong in training."""

    name: str  # in reports
    limit: str  # the doctor's argument that holds the threshold
    applies: typing.Callable  # (model, reference): whether the model can have it and the data to show it exist
    measure: typing.Callable  # of an `Examination`: a number, `None` or NaN if there is nothing to measure
    describe: typing.Callable  # (value, limit, examination): the number in words
    advice: typing.Callable  # of the model: the argument to change
    # (value, limit, earlier): whether the number is bad, given those of the epochs before
    is_bad: typing.Callable = lambda value, limit, earlier: value < limit
    stays_bad: typing.Callable | None = None  # the same for what has been bad so far, if it differs


class Examination:
    """A model at the end of an epoch, with its logs and the `Reference`, as the symptoms' measures see it."""

    def __init__(self, model, logs, reference):
        self.model, self.logs, self.reference = model, logs, reference

    @functools.cached_property
    def samples(self):
        """The model's samples, drawn once for all symptoms, or `None` if they are not finite."""
        return self.reference.draw(self.model)

    @functools.cached_property
    def live_units(self):
        """The triple (live, all, layer): how many units are above 0 for some example, of the layer with the fewest.

        `None` if an output is not finite.
        """
        network = _coding_network(self.model)
        outputs = rectified_outputs(network)
        values = keras.Model(network.inputs, list(outputs.values()))([self.reference.x], training=False)
        units = [np.asarray(value).reshape(-1, value.shape[-1]) for value in keras.tree.flatten(values)]
        if not all(np.isfinite(rows).all() for rows in units):
            return None
        live = [(rows > 0).any(axis=0) for rows in units]
        return min(((int(n.sum()), len(n), name) for n, name in zip(live, outputs, strict=True)), key=_share_of_live)


def share_of_guessing(loss, adversarial_loss, label_smoothing=0.0):
    """Where a discriminator's loss lies on the way from certainty, 0, to guessing, 1; arguments as in `models.GAN`."""
    guessed = {"least_squares": 0.5, "hinge": 2.0}.get(adversarial_loss)
    if guessed is not None:
        return loss / guessed
    s = label_smoothing
    least = -(1 - s) * math.log(1 - s) - s * math.log(s) if s else 0.0
    guessed = -(1 - s) * math.log((1 - s) / 2) - (1 + s) * math.log((1 + s) / 2)  # D = (1 - s) / 2, the best constant
    return (loss - least) / (guessed - least)


def first_not_finite(logs, names):
    """The pair (first, others) of the names of losses that are not finite; `None` if all are finite.

    `first` turned first: it is that of the first player, and of a sum the part at fault. `names` are in the order of
    the players: a name that ends in `_loss` is what a player minimises, and what follows it, up to the next of these,
    are its parts.
    """
    bad = [name for name in names if not math.isfinite(logs.get(name, 0.0))]
    if not bad:
        return None
    first = bad[0]
    if first.endswith("_loss"):
        after = names[names.index(first) + 1 :]
        stop = next((place for place, name in enumerate(after) if name.endswith("_loss")), len(after))
        broken = [name for name in after[:stop] if name in bad]
        if broken and len(broken) < stop:  # where all parts broke, so did what they are made of: the network
            first = broken[0]
    return first, [name for name in bad if name != first]


def _share_of_live(units):
    return units[0] / units[1]


def _coding_network(model):
    """The network that takes examples, of a model that encodes or classifies them, or `None`."""
    if has_task(model, "encode"):
        return model.encoder
    return model.network if has_task(model, "classify") else None


def _has_rectifiers(model, reference):
    network = _coding_network(model)
    return network is not None and reference.x is not None and bool(rectified_outputs(network))


def _used_share(exam):
    """The share of the units of a code that are not the same for all examples."""
    codes = exam.model.encode(exam.reference.x).reshape(len(exam.reference.x), -1).astype("float64")
    if not np.isfinite(codes).all():
        return None
    return float(np.mean(np.std(codes, axis=0) > _SAME * (1 + np.abs(codes.mean(axis=0)))))


def _has_generator(model):
    return has_task(model, "sample") and any(player.name == "generator" for player in model.players())


def _logs(model, name):
    return any(metric.name == name for metric in model.metrics)


def _class_share(exam):
    if exam.samples is None:
        return None
    return exam.reference.reached(exam.model, exam.samples) / exam.reference.classes


def _adversaries(model):
    """The names of the discriminating and the generating player; a CycleGAN has two networks in each."""
    pairs = (("discriminator", "generator"), ("discriminators", "generators"))
    return next((pair for pair in pairs if _logs(model, f"{pair[0]}_loss")), None)


def _share_of_guessing(exam):
    model = exam.model
    loss = exam.logs.get(f"{_adversaries(model)[0]}_loss", math.nan)
    warmup = sum(advice.argument(model, f"{name}_warmup_steps", 0) for name in ("discriminator", "generator"))
    if not math.isfinite(loss) or (warmup and int(model.steps_done) <= warmup):
        return None  # a discriminator soon recognises the fakes of a generator that is not updated
    return share_of_guessing(loss, model.adversarial_loss, advice.argument(model, "label_smoothing", 0.0))


def _describe_saturation(value, limit, exam):
    losses = [f"{name}_loss" for name in _adversaries(exam.model)]
    return (
        f"{losses[0]} is {exam.logs[losses[0]]:.2g}, {100 * value:.2g} % of the way from certainty to guessing "
        f"(limit {100 * limit:g} %), and {losses[1]} {exam.logs[losses[1]]:.2g}"
    )


def _critic_spread(exam):
    """How far a critic's values differ: by its own estimate of the distance, or over samples and real examples.

    The estimate alone also vanishes if the samples are good, and the values with the moving averages of a batch
    normalisation are tiny at first.
    """
    if exam.samples is None:
        return None
    parts = [exam.samples] if exam.reference.x is None else [exam.samples, exam.reference.x]
    values = np.concatenate([np.asarray(exam.model.critic(part, training=False), "float64").ravel() for part in parts])
    return max(abs(exam.logs.get("wasserstein", math.nan)), float(values.std()))


def _active_share(exam):
    kl = exam.model.kl_per_dimension(exam.reference.x)
    return None if np.isnan(kl).any() else float(np.mean(kl > ACTIVE))


def _too_steep(value, limit, earlier):
    # A critic of slope 0 has penalty 1: a value well above 1 comes from a slope that is too steep
    return value > limit or (value > limit / 10 and value > 10 * min(earlier, default=math.inf))


SYMPTOMS = (
    Symptom(
        "collapsed generator",
        limit="min_spread",
        applies=lambda model, reference: _has_generator(model) and reference.x is not None,
        measure=lambda exam: None if exam.samples is None else exam.reference.spread(exam.model, exam.samples),
        describe=lambda value, limit, exam: (
            f"samples lie {value:.2g} times as far apart as real examples (limit {limit:g})"
        ),
        advice=advice.spread,
        # An untrained generator gives nearly one sample for all latents: while its samples still spread, it learns
        is_bad=lambda value, limit, earlier: value < limit and value <= max(earlier, default=math.inf),
        stays_bad=lambda value, limit, earlier: value < limit,
    ),
    Symptom(
        "missing classes",
        limit="min_classes",
        applies=lambda model, reference: _has_generator(model) and reference.has_classes,
        measure=_class_share,
        describe=lambda value, limit, exam: (
            f"samples reach {round(value * exam.reference.classes)} of {exam.reference.classes} classes"
        ),
        advice=advice.spread,
    ),
    Symptom(
        "saturated discriminator",
        limit="min_discriminator_loss",
        applies=lambda model, reference: (
            _adversaries(model) is not None and str(advice.argument(model, "adversarial_loss")) in ADVERSARIAL_LOSSES
        ),
        measure=_share_of_guessing,
        describe=_describe_saturation,
        advice=advice.saturation,
    ),
    Symptom(
        "exploding penalty",
        limit="max_penalty",
        applies=lambda model, reference: _logs(model, "gradient_penalty"),
        measure=lambda exam: exam.logs.get("gradient_penalty"),
        describe=lambda value, limit, exam: f"gradient_penalty is {value:.3g} (limit {limit:g}, or a tenfold growth)",
        advice=advice.penalty,
        is_bad=_too_steep,
    ),
    Symptom(
        "vanished critic",
        limit="min_critic",
        applies=lambda model, reference: _logs(model, "wasserstein") and advice.argument(model, "clip") is not None,
        measure=_critic_spread,
        describe=lambda value, limit, exam: (
            f"the critic's values differ by {value:.2g} (limit {limit:g}): it is constant, and the generator learns "
            "nothing from it"
        ),
        advice=advice.vanished_critic,
    ),
    Symptom(
        "dead units",
        limit="min_live",
        applies=_has_rectifiers,
        measure=lambda exam: exam.live_units and _share_of_live(exam.live_units),
        describe=lambda value, limit, exam: (
            f"{exam.live_units[0]} of {exam.live_units[1]} rectifiers of layer {exam.live_units[2]!r} are above 0 for "
            "any example"
        ),
        advice=advice.dead_units,
    ),
    Symptom(
        "unused code",
        limit="min_active",
        applies=lambda model, reference: (
            has_task(model, "encode") and not has_task(model, "likelihood") and reference.x is not None
        ),
        measure=_used_share,
        describe=lambda value, limit, exam: f"{100 * value:.2g} % of the units of the code differ between examples",
        advice=advice.dead_units,
    ),
    Symptom(
        "posterior collapse",
        limit="min_active",
        applies=lambda model, reference: has_task(model, "likelihood") and reference.x is not None,
        measure=_active_share,
        describe=lambda value, limit, exam: (
            f"{round(value * exam.model.latent_dim)} of {exam.model.latent_dim} latent dimensions are active (a KL "
            f"above {ACTIVE:g} nats)"
        ),
        advice=advice.posterior,
    ),
)

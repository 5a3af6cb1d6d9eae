"""One-line reports of problems in training, when they begin."""

import copy
import dataclasses
import math

import keras

from keras_gen import checks
from keras_gen.callbacks import advice
from keras_gen.callbacks.epoch_lines import ends_open_line
from keras_gen.callbacks.reference import Reference
from keras_gen.callbacks.symptoms import SYMPTOMS, Examination, first_not_finite

NOT_FINITE = "not finite"


@dataclasses.dataclass
class Diagnosis:
    """One thing that the doctor has seen."""

    name: str  # of the symptom
    since: int  # epoch in which it began, from 1, counted over all that the model has finished
    observation: str  # what was seen last, in words
    advice: str  # the argument to change
    value: float  # the number behind `observation`
    loss: str | None = None  # the loss that turned first, if one is not finite
    until: int | None = None  # epoch in which it was over, `None` while it lasts

    def __str__(self):
        return f"{self.name} since epoch {self.since}: {self.observation}. Try {self.advice}."


class TrainingDoctor(keras.callbacks.Callback):
    """Watch training for common problems, and say in one line what is wrong, since when, and what to change.

    - *collapsed generator*: the mean distance between samples, as a multiple of that between real examples, is below
      `min_spread` and no longer grows (needs `x`);
    - *missing classes*: samples reach a share below `min_classes` of the classes, or modes, that real examples reach,
      where reaching a class takes a tenth of an equal share of the samples (needs `features` with a head, or
      `centres`);
    - *saturated discriminator*: its loss is below the share `min_discriminator_loss` of the way from certainty to
      guessing (of cross-entropies, least squares and the hinge, after the warm-up steps);
    - *exploding penalty*: `gradient_penalty` is above `max_penalty`, or above a tenth of it and tenfold its smallest;
    - *vanished critic* of a WGAN with clipped weights: neither `wasserstein` nor the standard deviation of the critic's
      values over samples and `x` reaches `min_critic`;
    - *dead units*: in a hidden layer of an encoder or a classifier, the share of rectifiers that are above 0 for at
      least one example is below `min_live` (needs `x`);
    - *unused code* of an autoencoder: the share of units of the code that are not the same for all examples is below
      `min_active` (needs `x`);
    - *posterior collapse* of a VAE: the share of latent dimensions with a KL above 0.01 nats is below `min_active`
      (needs `x`);
    - *not finite*: a loss turns NaN or infinite. It is reported at once, with the name of the first such loss. Among
      losses that turn within one execution (a batch or `steps_per_execution` batches), the first is that of the player
      updated first and, of a sum, the part at fault.

    Symptoms that the model cannot have, or that lack their data, are not watched. `patience` bad epochs in a row make a
    finding, which is reported when it begins, and when it is over or training ends. Training is not stopped, and its
    random state does not change; the samples come from the same latents each time.

    Args:
        x: Array `(n, *shape)` of real examples, as `fit` takes them, of which `samples` are drawn and kept; or `None`.
            Defaults to `None`.
        every: Epochs between two examinations, an integer >= 1; losses that are not finite are seen in every batch.
            Defaults to 1.
        samples: How many samples are drawn, an integer >= 2. Defaults to 256.
        patience: Bad examinations in a row that make a finding, an integer >= 1; use more if an epoch has only a few
            steps. Defaults to 3.
        verbose: 0 for silence, 1 for the lines on standard output. Defaults to 1.
        labels: Integers `(n,)`, the classes of `x`, for a conditional model: distances are then those within a class.
            Defaults to `None`.
        features: `metrics.FeatureExtractor` in which distances are taken, and whose head, if any, gives the classes;
            `None` takes the examples themselves. Defaults to `None`.
        centres: Array `(modes, d)`, the modes of a toy mixture, or `None`. Defaults to `None`.
        seed: Integer >= 0 of the latents, and of the draw from `x`. Defaults to 0.
        min_spread: A number >= 0; the samples of a good model lie near 1. Defaults to 0.1.
        min_classes: A number >= 0. Defaults to 0.5.
        min_discriminator_loss: A number >= 0. Defaults to 0.05.
        max_penalty: A number >= 0; a critic of slope 0 has penalty 1. Defaults to 10.
        min_critic: A number >= 0. Defaults to 1e-4.
        min_active: A number >= 0. Defaults to 0.1.
        min_live: A number >= 0. Defaults to 0.2.

    Attributes:
        findings: List of what was found in this `fit`, each with `name`, `since`, `observation`, `advice`, `value`,
            `loss` (the name of one that is not finite) and `until` (`None` while it lasts).
        measurements: Dict from a symptom's name to a dict from the number of finished epochs to what was measured.

    Raises:
        ValueError: As `fit` begins, if `x`, `labels` or `centres` do not fit the model.

    Example:

    >>> import numpy as np
    >>> from keras_gen import presets
    >>> x = np.random.default_rng(0).random((64, 8, 8, 1))
    >>> vae, doctor = presets.build("vae", (8, 8, 1), width=0.1, beta=1e4), TrainingDoctor(x, verbose=0)
    >>> vae.compile(keras.optimizers.Adam(0.01))
    >>> history = vae.fit(x, epochs=5, callbacks=[doctor], verbose=0)
    >>> doctor.findings[0].name, doctor.findings[0].advice
    ('posterior collapse', 'a lower beta (now 10000), callbacks.KLWarmup (--kl-warmup) or a smaller decoder')

    Reference:
        A sure discriminator: Arjovsky and Bottou, 2017, arXiv:1701.04862, section 2. Collapse: Salimans et al., 2016,
        arXiv:1606.03498, section 3.2. Active units: Burda, Grosse and Salakhutdinov, 2016, arXiv:1509.00519, section
        5.2, there by the variance of the means.
    """

    def __init__(
        self,
        x=None,
        every=1,
        samples=256,
        patience=3,
        verbose=1,
        labels=None,
        features=None,
        centres=None,
        seed=0,
        min_spread=0.1,
        min_classes=0.5,
        min_discriminator_loss=0.05,
        max_penalty=10.0,
        min_critic=1e-4,
        min_active=0.1,
        min_live=0.2,
    ):
        super().__init__()
        self.every, self.patience = checks.integer("every", every), checks.integer("patience", patience)
        self.reference = Reference(x, labels, features, centres, samples, seed)
        self.verbose = verbose
        limits = {
            "min_spread": min_spread,
            "min_classes": min_classes,
            "min_discriminator_loss": min_discriminator_loss,
            "max_penalty": max_penalty,
            "min_critic": min_critic,
            "min_active": min_active,
            "min_live": min_live,
        }
        self.limits = {name: checks.number(name, limit) for name, limit in limits.items()}
        self._forget()

    def __deepcopy__(self, memo):
        other = copy.copy(self)
        other.reference, other._model = copy.copy(self.reference), None
        other._forget()
        return other

    def on_train_begin(self, logs=None):
        self._forget()
        self.reference.compare_with(self.model)
        self._symptoms = [symptom for symptom in SYMPTOMS if symptom.applies(self.model, self.reference)]
        names = [metric.name for metric in self.model.metrics]
        self._losses = [name for name in names if name != "loss"] or names

    def on_epoch_begin(self, epoch, logs=None):
        self._batches_seen = 0

    def on_train_batch_end(self, batch, logs=None):
        first, self._batches_seen = self._batches_seen + 1, batch + 1
        found = None if NOT_FINITE in self._lasting else first_not_finite(logs or {}, self._losses)
        if found is None:
            return
        loss, others = found
        where = f"batch {batch + 1}" if first > batch else f"batches {first} to {batch + 1}"
        observation = f"{loss} turned {logs[loss]:g} in {where}" + (f", and {', '.join(others)}" if others else "")
        number = self.model.epochs_completed + 1
        change = advice.not_finite(self.model, loss)
        self._begin(Diagnosis(NOT_FINITE, number, observation, change, logs[loss], loss), number)

    def on_epoch_end(self, epoch, logs=None):
        done, logs = self.model.epochs_completed, logs or {}
        if NOT_FINITE in self._lasting and first_not_finite(logs, self._losses) is None:
            self._end(NOT_FINITE, done, "all losses are finite again")
        if done % self.every == 0:
            exam = Examination(self.model, logs, self.reference)
            for symptom in self._symptoms:
                self._examine(symptom, exam, done)

    def on_train_end(self, logs=None):
        done = self.model.epochs_completed
        for name, finding in self._lasting.items():
            if self._last_report[name] < done:
                lasting = f"{name} since epoch {finding.since} lasts to the end of epoch {done}"
                self._say(f"{lasting}: {finding.observation}. Try {finding.advice}.")

    def _examine(self, symptom, exam, done):
        value = symptom.measure(exam)
        if value is None or math.isnan(value):
            return
        limit, past = self.limits[symptom.limit], self.measurements.setdefault(symptom.name, {})
        observation, earlier = symptom.describe(value, limit, exam), list(past.values())
        past[done] = value
        lasting = self._lasting.get(symptom.name)
        if lasting is not None:
            lasting.observation, lasting.value = observation, value
            if not (symptom.stays_bad or symptom.is_bad)(value, limit, earlier):
                self._end(symptom.name, done, observation)
        elif symptom.is_bad(value, limit, earlier):
            streak = self._streaks.setdefault(symptom.name, [])
            streak.append(done)
            if len(streak) >= self.patience:
                self._begin(Diagnosis(symptom.name, streak[0], observation, symptom.advice(self.model), value), done)
        else:
            self._streaks.pop(symptom.name, None)

    def _begin(self, finding, epoch):
        self.findings.append(finding)
        self._lasting[finding.name], self._last_report[finding.name] = finding, epoch
        self._say(finding)

    def _end(self, name, done, observation):
        finding = self._lasting.pop(name)
        finding.until = done
        self._streaks.pop(name, None)
        self._say(f"{name} since epoch {finding.since} is over in epoch {done}: {observation}.")

    def _say(self, line):
        if self.verbose:
            print(f"{ends_open_line(self.params)}TrainingDoctor: {line}")

    def _forget(self):
        """Start again: earlier observations belong to another training."""
        self.findings, self.measurements = [], {}
        self._lasting, self._streaks, self._last_report, self._batches_seen = {}, {}, {}, 0

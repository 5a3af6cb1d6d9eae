"""Which argument to change, for each symptom of the training doctor: in words, with the current values."""

import keras

from keras_gen.arguments import init_parameters


def spread(model):
    """For a generator whose samples are all alike, or of few kinds."""
    first, second = (argument(model, f"{name}_warmup_steps", 0) for name in ("discriminator", "generator"))
    if second and int(model.steps_done) <= first + second:
        return f"fewer generator_warmup_steps (now {second}), in which the {model.discriminator_name} keeps its weights"
    choices = [f"a higher n_critic (now {model.n_critic})"] if argument(model, "n_critic") else []
    choices.append(f"a lower learning_rate of the generator (now {learning_rates(model, 'generator')})")
    if argument(model, "adversarial_loss"):
        choices.append(f"another adversarial_loss (now {model.adversarial_loss!r})")
    return _listed(choices)


def saturation(model):
    """For a discriminator that recognises all fakes."""
    if model.adversarial_loss in ("minimax", "maximum_likelihood"):
        return (
            f"adversarial_loss='non_saturating' (now {model.adversarial_loss!r}), whose generator still learns from "
            "recognised fakes"
        )
    choices = [f"a lower n_critic (now {model.n_critic})"] if argument(model, "n_critic", 1) > 1 else []
    if model.adversarial_loss == "non_saturating" and argument(model, "label_smoothing", 1) == 0:
        choices.append("label_smoothing=0.1 (now 0)")
    if argument(model, "cycle_weight") is not None:
        choices.append(f"a lower cycle_weight (now {model.cycle_weight:g}), which leaves the generators more freedom")
    judge = next(name for name in model.optimizer.members if name.startswith("discriminator"))
    return _listed([*choices, f"a lower learning_rate of the {judge} (now {learning_rates(model, judge)})"])


def penalty(model):
    """For a critic that is too steep."""
    weight = argument(model, "gradient_penalty_weight")
    if weight is not None and weight < 1:
        return f"a higher gradient_penalty_weight (now {weight:g}, published 10)"
    choices = [f"a lower gradient_penalty_weight (now {weight:g}, published 10)"] if weight and weight > 100 else []
    return _listed([*choices, f"a lower learning_rate of the critic (now {learning_rates(model, 'critic')})"])


def vanished_critic(model):
    """For a critic whose clipped weights leave it the same value for all examples."""
    return f"more filters or units of the critic, a larger clip (now {model.clip:g}) or models.WGANGP (wgan-gp)"


def posterior(model):
    """For a VAE whose decoder does not use its code."""
    if model.importance_samples > 1:  # the bound has no weight of its KL
        return f"a lower learning_rate (now {learning_rates(model)}) or a smaller decoder"
    beta = f"a lower beta (now {model.beta:g})"
    warm_up = "callbacks.KLWarmup (--kl-warmup)"
    choices = [beta, warm_up] if model.beta > 1 else [warm_up, beta]
    return _listed([*choices, "a smaller decoder"])


def dead_units(model):
    """For rectifiers that give 0 for every example, or a code that is the same for all."""
    return f"another activation, such as 'elu' or 'silu', or a lower learning_rate (now {learning_rates(model)})"


def not_finite(model, loss):
    """For a loss, given by its name, that is not finite."""
    choices = [f"a lower learning_rate (now {learning_rates(model)})"]
    if loss == "gradient_penalty" and argument(model, "gradient_penalty_weight") is not None:
        choices.append(f"a lower gradient_penalty_weight (now {model.gradient_penalty_weight:g})")
    return _listed(choices)


def argument(model, name, default=None):
    """The value of an argument that the model's class takes, or else the default."""
    return getattr(model, name) if name in init_parameters(type(model)) else default


def learning_rates(model, player=None):
    """The learning rate of one player of a compiled model, or of all, as text."""
    members = model.optimizer.members
    if player in members:
        members = {player: members[player]}
    found = {name: f"{keras.ops.convert_to_numpy(member.learning_rate):g}" for name, member in members.items()}
    if len(set(found.values())) == 1:
        return next(iter(found.values()))
    return ", ".join(f"{rate} of the {name}" for name, rate in found.items())


def _listed(choices):
    return " or ".join([", ".join(choices[:-1]), choices[-1]] if len(choices) > 1 else choices)

"""Attacks on classifiers: images that are changed a little and classified wrong."""

from keras_gen.input_optimization.adversarial.box_lbfgs import lbfgs
from keras_gen.input_optimization.adversarial.deepfool import deepfool
from keras_gen.input_optimization.adversarial.gradient_sign import fgsm, pgd
from keras_gen.input_optimization.adversarial.margin import carlini_wagner
from keras_gen.input_optimization.adversarial.report import AttackReport, report
from keras_gen.input_optimization.adversarial.universal import universal_perturbation

__all__ = ["AttackReport", "carlini_wagner", "deepfool", "fgsm", "lbfgs", "pgd", "report", "universal_perturbation"]

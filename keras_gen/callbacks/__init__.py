"""Keras callbacks for autoencoders and generative models; copies, which KerasTuner makes, share their data."""

from keras_gen.callbacks.evaluate_samples import EvaluateSamples
from keras_gen.callbacks.fade_schedule import FadeSchedule
from keras_gen.callbacks.greedy_pretraining import GreedyPretraining
from keras_gen.callbacks.pictures import SampleImages, TranslationImages
from keras_gen.callbacks.run_folder import RunFolder
from keras_gen.callbacks.schedules import KLWarmup, KSparseAnnealing, LinearDecay
from keras_gen.callbacks.step_checkpoint import StepCheckpoint
from keras_gen.callbacks.stopping import StopAfter
from keras_gen.callbacks.training_doctor import TrainingDoctor

__all__ = [
    "EvaluateSamples",
    "FadeSchedule",
    "GreedyPretraining",
    "KLWarmup",
    "KSparseAnnealing",
    "LinearDecay",
    "RunFolder",
    "SampleImages",
    "StepCheckpoint",
    "StopAfter",
    "TrainingDoctor",
    "TranslationImages",
]

"""Layers that Keras does not have."""

from keras_gen.layers.sampling import ReplicaSeedGenerator, Sampling, reparameterize

__all__ = ["ReplicaSeedGenerator", "Sampling", "reparameterize"]

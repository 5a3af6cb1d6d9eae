"""Runs: what a training is started with, and the folder that it leaves."""

"""The command line, `keras-gen`."""

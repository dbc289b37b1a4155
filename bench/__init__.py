"""Measures this service beside Rasa's default pipeline: `make bench`."""

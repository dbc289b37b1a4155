"""Rasa graph components that read a message: phrases and danger cues, trained heads, and danger first."""

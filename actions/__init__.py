"""Thin actions: tracker in, core called, messages out."""

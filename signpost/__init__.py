"""The core: read what a person wrote, decide what is true and useful, match services, word the reply.

Pure Python with the standard library, Babel, spaCy and ruamel.yaml. Nothing here knows of Rasa, Flask,
Twilio, HTTP, a database or the clock: the time, the catalogue and the knowledge are arguments.
"""

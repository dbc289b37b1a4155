"""Commands for those who keep the project: checks, translations, evaluation, the encoder. Nothing serves from here."""

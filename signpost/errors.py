"""Errors that this core raises, each where it is learned."""


class SignpostError(Exception):
    """Base of every error raised by the core."""


class KnowledgeError(SignpostError):
    """A knowledge file cannot be used.

    The message names the file, the entry and what to do, so that a volunteer can mend it without a developer.
    """

    def __init__(self, file: str, entry: str, problem: str, fix: str) -> None:
        super().__init__(f"{file}: {entry}: {problem} To mend it: {fix}")
        self.file = file
        self.entry = entry
        self.problem = problem
        self.fix = fix


class WordingError(SignpostError):
    """A catalogue is missing or cannot be read."""

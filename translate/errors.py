"""What a user can mend: errors that are one sentence and say what to do.

The command line prints these without a traceback; everything else is a defect of ours and shows one.
"""


class TranslateError(Exception):
    """Base of every error that a user can mend: one line, which may be shown in any terminal and on any page."""

    def __str__(self) -> str:
        """The message. What cannot be printed is escaped: names of files and of a model's parts may hold anything."""
        message = super().__str__()
        return message if message.isprintable() else "".join(map(_shown, message))


class ConfigError(TranslateError):
    """A configuration that cannot be built: a misspelt key, a wrong type, a value out of range."""


class DataError(TranslateError):
    """A data set that cannot be trained on: nothing there, names without a partner, files that do not open."""


class FetchError(TranslateError):
    """A known data set that did not come: nobody gives it out, it is not what it should be, no room for it."""


class PictureError(TranslateError):
    """One picture that cannot be read or written: truncated, too large, not a picture at all."""


class VideoError(TranslateError):
    """A video that cannot be read or written: no pictures in it, damaged, a codec or container that does not fit."""


class ModelError(TranslateError):
    """A model file that cannot be used: no card, a card of another version, a graph that does not fit its card."""


class LatentError(TranslateError):
    """What a picture cannot be drawn from: a seed, a label, or noise of another shape than the model's."""


class CheckpointError(TranslateError):
    """A checkpoint that cannot be used: damaged, of another configuration, or no room to write it."""


class ExportError(TranslateError):
    """An export that was refused: the file would not say the same as the network."""


class MissingWeightsError(TranslateError):
    """A metric cannot be had: its pretrained weights are not here. Says how to get them."""


class DivergedError(TranslateError):
    """Training produced a value that is not finite."""


class ElsewhereError(TranslateError):
    """This process ends because another one of the same run does, which says why: nothing is to be said here."""


def _shown(letter: str) -> str:
    return letter if letter.isprintable() else repr(letter)[1:-1]


def first_line(error: Exception) -> str:
    """The first line of a library's error, or its kind where it says nothing: what fits into one sentence of ours."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__

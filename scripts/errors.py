"""What goes wrong in a way that a user can mend."""

from __future__ import annotations


class TillsightError(Exception):
    """Say in one sentence what is wrong, where, and what to type next.

    Names of files, sheets and columns stand in it as a terminal can show them: what is no
    printable character (a line break, the start of a colour, a mark that turns the reading
    direction round) is written as its escape.

    Parameters
    ----------
    sentence : str
        What to say.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(printable(sentence))


def printable(text: str) -> str:
    r"""Return a text with every character that does not print written as its escape.

    Parameters
    ----------
    text : str
        Any text, also one that no encoding can write.

    Returns
    -------
    str

    Examples
    --------
    >>> printable("a\x1b[31mb\n")
    'a\\x1b[31mb\\n'
    """
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in text
    )

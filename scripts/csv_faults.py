"""What is wrong with a CSV file, in words."""

from __future__ import annotations

import codecs

from scripts.tables import LONGEST_FIELD


def syntax_fault(message: str) -> str:
    """Say in our words, with a remedy, what the csv module says in its own."""
    if "field limit" in message:
        return (
            f"a value of this row has more than {LONGEST_FIELD:,} characters; see whether a "
            f"quotation mark is not closed, and whether this is a CSV file"
        )
    if "end of data" in message:
        return (
            "a value begins here with a quotation mark that is never closed; close it, or double "
            "it if it belongs to the value"
        )
    if "expected after" in message:
        return (
            "a quotation mark ends a value here but more of the value follows; double the "
            "quotation marks that belong to the value"
        )
    return f"this is not sound CSV ({message}); mend the line and load the file again"


def byte_fault(character: int, encoding: str) -> str:
    """Say which byte is no text; one that cannot be decoded comes as U+DC00 + byte (PEP 383)."""
    if character == 0:
        return "a NUL byte, which no text has; save the file as CSV in UTF-8 and load it again"
    other = "latin-1" if encoding.lower().startswith("utf") else "utf-8"
    return (
        f"byte 0x{character - 0xDC00:02X} is not {encoding}; name the encoding of the file, "
        f"for example --encoding {other}"
    )


def wide_encoding(beginning: bytes) -> str:
    """Return the encoding of several bytes a character that a byte order mark names, or nothing."""
    if beginning in {codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE}:
        return "utf-32"
    is_utf_16 = beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return "utf-16" if is_utf_16 else ""

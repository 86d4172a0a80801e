"""The ways in which a string can be written in a file or inside another string."""

from enum import StrEnum


class Style(StrEnum):
    """One way of writing a string."""

    PLAIN = ""
    SINGLE = "'"
    DOUBLE = '"'
    LITERAL = "|"
    FOLDED = ">"
    JSON = "json"  # a JSON string, quotes included
    JSON_WORD = "json-word"  # a JSON number, true, false or null
    SSE = "sse"  # the data lines of one server-sent event, from the first value to the last
    LINE = "line"  # one line as it stands
    VERBATIM = "verbatim"  # any characters as they stand, line breaks too
    PERCENT = "percent"  # a part of a URL
    FIXED = "fixed"  # read by a parser that tells no places: cannot be changed
    FORM = "form"  # a part of a query or form, where + is a blank
    UTF8 = "utf-8"  # bytes as characters of the same numbers, which are UTF-8


BLOCKS = (Style.LITERAL, Style.FOLDED)

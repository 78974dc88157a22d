"""Text as a page can be given it: a lone surrogate, which no encoding knows, is written as its escape."""

from __future__ import annotations


def legible(text: str) -> str:
    r"""The text itself, or, where it holds lone surrogates, with each of them as e.g. ``\ud83d``."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="backslashreplace").decode()
    return text

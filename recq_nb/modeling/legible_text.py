"""Text as stores, kernels and pages take it: in characters that have an encoding, no longer than anybody reads."""

from __future__ import annotations


def legible(text: str) -> str:
    r"""The text itself, or, where it holds lone surrogates, with each of them as e.g. ``\ud83d``."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="backslashreplace").decode()
    return text


def beginning(text: str, most: int) -> str:
    """So many characters of a text, and below them how many there are more."""
    return text if len(text) <= most else f"{text[:most]}\n… and {len(text) - most:,} more characters"

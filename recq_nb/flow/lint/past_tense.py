"""Past tense: whether a word of a class name says that something has happened."""

from __future__ import annotations

_IRREGULAR = """
Arisen Beaten Become Began Begun Bent Bet Bid Bitten Bled Blown Born Borne Bought Bound Bred Broken Brought Built
Burnt Cast Caught Chosen Come Cost Cut Dealt Done Drawn Driven Drunk Dug Eaten Fallen Fed Felt Fled Flown Forgiven
Forgotten Fought Found Frozen Given Gone Got Gotten Ground Grown Had Held Hidden Hit Hung Hurt Kept Knit Known Laid
Led Left Lent Let Lit Lost Made Meant Met Overdue Overridden Overrun Overtaken Paid Put Quit Ran Read Rebuilt
Resent Reset Rewritten Ridden Risen Run Rung Said Sat Seen Sent Set Shaken Shed Shipped Shot Shown Shut Slept Slid
Sold Sown Sped Spent Split Spoken Spread Sprung Spun Stolen Stood Stopped Struck Stuck Stung Sung Sunk Swept Sworn
Swum Swung Taken Taught Thought Thrown Told Torn Understood Undertaken Undone Unset Upset Withdrawn Withheld Woken
Won Worn Wound Written
"""
_NOT_PAST = """
Bed Bleed Breed Embed Exceed Feed Need Proceed Red Seed Shed Speed Succeed
"""
_PAST_WORDS = frozenset(_IRREGULAR.split())
_OTHER_WORDS = frozenset(_NOT_PAST.split())


def is_past(word: str) -> bool:
    """Whether a capitalised word is a past tense or participle."""
    return (word.endswith("ed") and word not in _OTHER_WORDS) or word in _PAST_WORDS

"""Chains of six operations modulo ten."""

from .chains import Chains


class LongChains(Chains):
    """Six operations."""

    length = 6
    wordings = (
        'Follow the long chain "{start}{operations}" from left to right, modulo 10 at each operation. '
        "Which digit remains?",
        'Take "{start}{operations}" modulo 10, carrying out each operation in its turn. Find the last result.',
        'A counter modulo 10 runs through "{start}{operations}" in this order. What does it show at the end?',
    )

"""Chains of three operations modulo ten."""

from .chains import Chains


class ShortChains(Chains):
    """Three operations."""

    length = 3
    wordings = (
        'Work out "{start}{operations}" from left to right, reducing modulo 10 each time. What is left?',
        'Go through the chain "{start}{operations}" modulo 10, one operation after the other. Find the final digit.',
        'Reading "{start}{operations}" from the left, carry out each operation modulo 10. Which digit comes out?',
    )

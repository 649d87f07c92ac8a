"""Outside text made fit for a terminal, and numbers in words."""

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_NANOUSD_PER_USD = 1_000_000_000


def clean(text: str) -> str:
    """The text without control, formatting and escape characters; line breaks stay."""
    text = text.replace("\r\n", "\n").replace("\t", "    ")
    return "".join(c if c.isprintable() or c == "\n" else _REPLACEMENT for c in text)


def line(text: str, limit: int = 200) -> str:
    """The text on one line, cut after `limit` characters."""
    joined = " ".join(clean(text[: 4 * limit]).split())
    return joined if len(joined) <= limit and len(text) <= 4 * limit else f"{joined[: limit - 1].rstrip()}…"


def count(number: int) -> str:
    """A whole number that stays readable when it is large: `950`, `12,345`, `1.23 M`."""
    if number >= 10**9:
        return f"{number / 10**9:.2f} G"
    return f"{number / 10**6:.2f} M" if number >= 10**6 else f"{number:,}"


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 sample`, `1,200 samples`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def money(nanousd: int) -> str:
    """A price in US dollars; small ones keep two digits that say something."""
    usd = nanousd / _NANOUSD_PER_USD
    return f"${usd:,.2f}" if usd == 0 or usd >= 0.1 else f"${usd:.2g}" if usd >= 0.0001 else "<$0.0001"


def duration(seconds: float) -> str:
    """A time span as `0:41`, `12:05`, `3:00:00`."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

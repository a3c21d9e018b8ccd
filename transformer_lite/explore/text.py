"""Every sentence and label that a figure shows comes from one catalogue, `text/LANGUAGE.json`.

A second language is a second file with the same keys. The front end receives the same catalogue.
"""

import json
import math
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache
from importlib.resources import files


@cache
def catalogue(language: str = "en") -> dict[str, str]:
    """All messages of a language, by key."""
    text = (files(__package__) / "text" / f"{language}.json").read_text(encoding="utf-8")
    messages: dict[str, str] = json.loads(text)
    return messages


def say(key: str, **parts: object) -> str:
    """The message `key` with its `{parts}` filled in."""
    return catalogue()[key].format(**parts)


def number(x: float) -> str:
    """A number as figures write it: three significant digits, a true minus sign, `−∞` for a masked score.

    The front end's `number` (front/text.mjs) writes the same; a browser test compares the two.
    """
    if math.isinf(x):
        return "∞" if x > 0 else "−∞"
    if x == 0:
        return "0"
    # Decimal, because a tie such as 2.125 is rounded up in JavaScript, and to even by Python's own formatting.
    if abs(x) < 1e-3 or abs(x) >= 1e6:
        digits = f"{Context(prec=3, rounding=ROUND_HALF_UP).create_decimal_from_float(x):.2e}"
    else:
        places = max(0, 2 - math.floor(math.log10(abs(x))))
        digits = f"{Decimal(x).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"
    mantissa, _, exponent = digits.partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return (mantissa + (f"e{int(exponent)}" if exponent else "")).replace("-", "−")

"""The book's colours on its pages, from the one place that declares them: `transformer_lite.explore.palette`."""

from functools import cache

from transformer_lite.explore.palette import ROLES


@cache
def roles_by_colour() -> dict[str, str]:
    """Which role a colour of a formula stands for; formulas are written in the light page's colours."""
    return {shades["light"].lower(): role for role, shades in ROLES.items()}


def style() -> str:
    """CSS variables `--tl-query` … for the light page, and for the dark one."""
    light, dark = (
        "".join(f"--tl-{role}:{shades[theme]};" for role, shades in ROLES.items())
        for theme in ("light", "dark")
    )
    return f":root{{{light}}}\nhtml[data-theme=dark]{{{dark}}}\n"

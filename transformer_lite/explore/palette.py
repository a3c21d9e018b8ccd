"""The visual alphabet: every colour and symbol of the book is declared here, once.

Python draws the printed pictures with it, the front end receives it as JSON, and the style sheet as CSS
variables. Each colour is given for a light and for a dark page; each role reaches a contrast of at least
4.5 : 1 against both pages' background, so that it may colour text as well as marks.
"""

from functools import cache

BACKGROUND = {"light": "#ffffff", "dark": "#14181e"}

# Ink, lines and surfaces of figures: colours that stand for nothing. `strong` is ink that lies over coloured marks,
# `grid` are a chart's lines at its ticks, `rule` frames and zero lines, `masked` cells without a number.
PLAIN = {
    "ink": {"light": "#2b323b", "dark": "#d5dbe3"},
    "strong": {"light": "#11161c", "dark": "#f2f5f9"},
    "quiet": {"light": "#5b6470", "dark": "#a3adba"},
    "bad": {"light": "#a3200d", "dark": "#ff9a8a"},
    "paper": BACKGROUND,
    "wash": {"light": "#f5f7fa", "dark": "#1d232b"},
    "line": {"light": "#d5dae1", "dark": "#36404c"},
    "grid": {"light": "#e4e8ed", "dark": "#2b343f"},
    "rule": {"light": "#9aa5b1", "dark": "#4b5766"},
    "masked": {"light": "#d5d9df", "dark": "#39424e"},
}

# Numbers in coloured cells are written in the one of these that stands out.
CELL_INK = {"light": "#ffffff", "dark": "#0b0f14"}

# Lines between the patches of a picture: the same over every page, because they lie on the picture.
PATCH_LINE = "#ffd400"

# What a colour stands for, in formulas, figures, code comments and prose. The hues are those of Okabe and Ito
# (2008), which readers with a colour vision deficiency can tell apart, moved in lightness for contrast.
ROLES = {
    "query": {"light": "#0b66a8", "dark": "#4fb0f5", "symbol": "Q"},
    "key": {"light": "#b04a00", "dark": "#ff8040", "symbol": "K"},
    "value": {"light": "#00734f", "dark": "#3fdcaa", "symbol": "V"},
    "position": {"light": "#8a1f7d", "dark": "#e07fc0", "symbol": "P"},
    "mask": {"light": "#69707d", "dark": "#c9cfd7", "symbol": "M"},
    "output": {"light": "#534100", "dark": "#f0cf45", "symbol": "Z"},
}

# Weights, 0 to 1: lightness alone carries the order, so it survives greyscale. Zero fades into the page.
SEQUENTIAL = {
    "light": ["#f4f7fb", "#c3d9ee", "#7fb2dc", "#3a84bf", "#12568f", "#082c54"],
    "dark": ["#1b222c", "#1d3f63", "#24659c", "#4490cc", "#85bfe9", "#d9efff"],
}

# Signed numbers: zero is the page, blue is negative, orange is positive.
DIVERGING = {
    "light": ["#0b4f8a", "#5f9bd0", "#b9d3ea", "#f6f6f6", "#f3c9a5", "#dd8a45", "#a04400"],
    "dark": ["#8cc8f5", "#3f88c2", "#1f4466", "#1b222c", "#5c3616", "#c0712d", "#ffb37a"],
}

# Regions and curves without a role, in the order they are handed out.
CATEGORICAL = {
    "light": [
        "#0b66a8",
        "#b04a00",
        "#00734f",
        "#8a1f7d",
        "#534100",
        "#69707d",
        "#2d2d8f",
        "#7a1f1f",
        "#3d6b00",
    ],
    "dark": [
        "#4fb0f5",
        "#ff8040",
        "#3fdcaa",
        "#e07fc0",
        "#f0cf45",
        "#c9cfd7",
        "#aab0ff",
        "#ff9a94",
        "#a6d65a",
    ],
}


def as_json() -> dict[str, object]:
    """The whole alphabet, and how hosts mark a dark page, for the front end."""
    return {
        "background": BACKGROUND,
        "plain": PLAIN,
        "cell_ink": CELL_INK,
        "patch_line": PATCH_LINE,
        "roles": ROLES,
        "sequential": SEQUENTIAL,
        "diverging": DIVERGING,
        "categorical": CATEGORICAL,
        "washed": {theme: washed(theme) for theme in CATEGORICAL},
        "dark_marks": DARK_MARKS,
    }


def ramp(stops: list[str], levels: int) -> list[str]:
    """`levels` colours at equal distances along a scale, interpolated between its stops."""
    channels = [[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in stops]
    colours = []
    for level in range(levels):
        place = level / (levels - 1) * (len(stops) - 1)
        low = min(int(place), len(stops) - 2)
        part = place - low
        mixed = [round(a + (b - a) * part) for a, b in zip(channels[low], channels[low + 1], strict=True)]
        colours.append("#" + "".join(f"{channel:02x}" for channel in mixed))
    return colours


def washed(theme: str) -> list[str]:
    """The categorical colours thinned with the page's own, so that a region may carry text."""
    return [ramp([BACKGROUND[theme], colour], 101)[45] for colour in CATEGORICAL[theme]]


# Pictures drawn at build time colour their cells by these many steps, so that a style sheet can recolour them.
LEVELS = 33


@cache
def colours(theme: str) -> dict[str, str]:
    """Every colour of a theme by its name, as `query`, `ink` or `sequential-0`."""
    found = {role: shades[theme] for role, shades in ROLES.items()}
    found |= {name: shades[theme] for name, shades in PLAIN.items()}
    found |= {f"category-{i}": colour for i, colour in enumerate(CATEGORICAL[theme])}
    found |= {f"washed-{i}": colour for i, colour in enumerate(washed(theme))}
    for name, scale in (("sequential", SEQUENTIAL), ("diverging", DIVERGING)):
        found |= {f"{name}-{i}": colour for i, colour in enumerate(ramp(scale[theme], LEVELS))}
    return found


def as_css() -> str:
    """CSS variables `--tl-query`, `--tl-ink`, `--tl-sequential-0` … for both themes.

    The dark values apply under any of the marks that our hosts put on a dark page (the book's theme, JupyterLab,
    Colab, VS Code). Where the system forces its colours on every page, those of its own dark or light page apply, and
    on paper the light ones.
    """

    def variables(theme: str) -> str:
        return "".join(f"--tl-{name}:{colour};" for name, colour in colours(theme).items())

    light, dark = variables("light"), variables("dark")
    marked = ", ".join(f"{mark} {PAINTED}" for mark in DARK_MARKS)
    forced = "(forced-colors: active) and (prefers-color-scheme: "
    return (
        f"{PAINTED} {{{light}}}\n"
        f"{marked} {{{dark}}}\n"
        f"@media {forced}dark) {{ {PAINTED} {{{dark}}} }}\n"
        f"@media print, {forced}light) {{ {PAINTED}, {marked} {{{light}}} }}\n"
    )


# What the palette's variables reach.
PAINTED = ":is(figure.explorable, .tl-exercise, .tl-still)"

# How each host marks a dark page; the front end looks for the same marks. VS Code's light theme of high contrast
# carries the mark of the dark one, too.
DARK_MARKS = [
    "html[data-theme=dark]",
    "body[data-jp-theme-light=false]",
    "html[theme=dark]",
    "body.vscode-dark",
    "body.vscode-high-contrast:not(.vscode-high-contrast-light)",
]

"""The palette: readable, in order, safe for colour blindness, by the formulas of WCAG and of Machado et al."""

import itertools
import re
from pathlib import Path

import pytest

from transformer_lite.explore import palette

EXPLORE = Path(palette.__file__).parent
THEMES = ["light", "dark"]

# Linear-light simulation of full dichromacy: Machado, Oliveira and Fernandes (2009), severity 1.0.
DICHROMACY = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def linear(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]


def luminance(colour):
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear(colour), strict=True))


def contrast(one, other):
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def lab(rgb):
    """CIE L*a*b* of linear sRGB (D65)."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = [sum(m * c for m, c in zip(row, rgb, strict=True)) for row in to_xyz]
    f = [
        v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116
        for v in (xyz[0] / 0.95047, xyz[1], xyz[2] / 1.08883)
    ]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def seen(colour, vision):
    rgb = linear(colour)
    if vision != "full":
        rgb = [
            min(1, max(0, sum(m * c for m, c in zip(row, rgb, strict=True)))) for row in DICHROMACY[vision]
        ]
    return lab(rgb)


def difference(one, other, vision="full"):
    """ΔE*ab; about 2.3 is just noticeable side by side."""
    return sum((a - b) ** 2 for a, b in zip(seen(one, vision), seen(other, vision), strict=True)) ** 0.5


@pytest.mark.parametrize("theme", THEMES)
def test_roles_and_categories_are_readable_as_text(theme):
    colours = {role: shades[theme] for role, shades in palette.ROLES.items()}
    colours |= {str(i): colour for i, colour in enumerate(palette.CATEGORICAL[theme])}
    for name, colour in colours.items():
        assert contrast(colour, palette.BACKGROUND[theme]) >= 4.5, name


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ink", ["ink", "strong", "quiet", "bad"])
def test_what_is_written_in_ink_is_readable(theme, ink):
    """No audit of a page looks at the texts of an SVG."""
    assert contrast(palette.PLAIN[ink][theme], palette.BACKGROUND[theme]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("vision", ["full", *DICHROMACY])
def test_roles_are_told_apart(theme, vision):
    for one, other in itertools.combinations(palette.ROLES, 2):
        apart = difference(palette.ROLES[one][theme], palette.ROLES[other][theme], vision)
        assert apart > 10, (one, other, apart)


@pytest.mark.parametrize("theme", THEMES)
def test_categories_are_told_apart(theme):
    for one, other in itertools.combinations(palette.CATEGORICAL[theme], 2):
        assert difference(one, other) > 15, (one, other)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("levels", [6, 33, 256])
def test_weights_survive_greyscale(theme, levels):
    lights = [seen(colour, "full")[0] for colour in palette.ramp(palette.SEQUENTIAL[theme], levels)]
    steps = [(b - a) * (-1 if theme == "light" else 1) for a, b in itertools.pairwise(lights)]
    assert min(steps) >= 0
    assert sum(steps) > 60
    # Equal steps of weight are seen as steps of about equal size: none is more than three times the average.
    assert max(steps) < 3 * sum(steps) / len(steps)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("levels", [7, 33])
def test_each_arm_of_the_signed_scale_is_monotone(theme, levels):
    lights = [seen(colour, "full")[0] for colour in palette.ramp(palette.DIVERGING[theme], levels)]
    towards_zero = 1 if theme == "light" else -1
    middle = levels // 2
    for arm in (lights[: middle + 1], lights[middle:][::-1]):
        assert all((b - a) * towards_zero >= 0 for a, b in itertools.pairwise(arm))
        assert abs(arm[-1] - arm[0]) > 40


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("vision", ["full", "protanopia", "deuteranopia"])
def test_the_arms_of_the_signed_scale_are_told_apart(theme, vision):
    colours = palette.ramp(palette.DIVERGING[theme], 7)
    for strength in (1, 2, 3):
        apart = difference(colours[3 - strength], colours[3 + strength], vision)
        assert apart > 10 * strength**0.5, (strength, apart)


@pytest.mark.parametrize("theme", THEMES)
def test_zero_fades_into_the_page(theme):
    for scale, zero in ((palette.SEQUENTIAL, 0), (palette.DIVERGING, 3)):
        assert contrast(scale[theme][zero], palette.BACKGROUND[theme]) < 1.25


def test_a_ramp_passes_through_its_stops():
    assert palette.ramp(["#000000", "#ffffff"], 3) == ["#000000", "#808080", "#ffffff"]
    assert palette.ramp(palette.SEQUENTIAL["light"], 6) == palette.SEQUENTIAL["light"]
    assert palette.ramp(palette.DIVERGING["dark"], 13)[::2] == palette.DIVERGING["dark"]


def test_each_role_has_a_symbol_of_its_own():
    symbols = [shades["symbol"] for shades in palette.ROLES.values()]
    assert len(set(symbols)) == len(symbols)


def test_the_style_sheet_gives_every_variable_in_both_themes():
    light, dark, forced, paper = palette.as_css().strip().split("\n")
    given = [re.findall(r"--tl-([\w-]+):(#[0-9a-f]{6});", part) for part in (light, dark)]
    names = [[name for name, _ in variables] for variables in given]
    assert names[0] == names[1]
    assert {*palette.ROLES, "category-8", "sequential-32", "diverging-0"} <= set(names[0])
    # The same again where the system forces its colours, and on paper.
    for part, variables in ((forced, given[1]), (paper, given[0])):
        assert re.findall(r"--tl-([\w-]+):(#[0-9a-f]{6});", part) == variables


def test_no_other_file_declares_a_colour_of_a_role():
    colours = {shade for shades in palette.ROLES.values() for shade in (shades["light"], shades["dark"])}
    for path in EXPLORE.rglob("*"):
        if path.suffix in (".py", ".mjs") and path.name != "palette.py":
            assert not colours & set(re.findall(r"#[0-9a-fA-F]{6}\b", path.read_text())), path.name


def literal_colours(source):
    """Colours that are written out, other than the one through which everything is seen."""
    found = re.findall(r"#(?:[0-9a-fA-F]{3}){1,2}\b(?!\()|\b(?:rgb|hsl|oklch)a?\([^)]*\)", source)
    return [colour for colour in found if colour.replace(" ", "") != "rgba(0,0,0,0)"]


def test_literal_colours_are_found():
    source = (
        "a { color: #fff } const x = '#2B323b'; this.#add(1); 'rgb(1,2,3)' 'rgba(0, 0, 0, 0)' hsl(1 2% 3%)"
    )
    assert literal_colours(source) == ["#fff", "#2B323b", "rgb(1,2,3)", "hsl(1 2% 3%)"]


@pytest.mark.parametrize("path", sorted((EXPLORE / "front").rglob("*")), ids=lambda path: path.name)
def test_the_front_end_takes_its_colours_from_the_palette(path):
    if path.is_file():
        assert not literal_colours(path.read_text())

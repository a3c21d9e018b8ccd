"""Default pictures: the same every time, in the page's own colours, with nothing clipped."""

import re
import xml.etree.ElementTree as ET

import matplotlib
import matplotlib.figure
import pytest
import torch
from matplotlib.colors import to_rgb

from transformer_lite.explore import (
    Axis,
    Bars,
    Heatmap,
    Length,
    Lines,
    Number,
    Scatter,
    explore,
    host,
    page,
    palette,
)
from transformer_lite.explore.pen import InkPen

SVG = "{http://www.w3.org/2000/svg}"
SEEDED = torch.Generator().manual_seed(0)
SQUARE = torch.randn(4, 5, generator=SEEDED)
VIEWS = {
    "signed": Heatmap(SQUARE, signed=True),
    "weights": Heatmap(SQUARE.softmax(-1)),
    "masked": Heatmap(SQUARE.masked_fill(SQUARE > 0.5, -torch.inf), signed=True),
    "all masked": Heatmap(torch.full((2, 2), -torch.inf), signed=True),
    "zeros": Heatmap(torch.zeros(2, 2), signed=True),
    "large": Heatmap(torch.rand(64, 64, generator=SEEDED)),
    "one cell": Heatmap(torch.ones(1, 1)),
    "line": Lines(SQUARE[0]),
    "lines": Lines(
        SQUARE[:2],
        x=torch.logspace(0, 3, 5),
        names=["a", "b"],
        roles=["query", "key"],
        log_x=True,
        at=torch.tensor(10),
    ),
    "log": Lines(SQUARE.exp(), log_y=True, range=(0.01, 100), x_title="x", y_title="y"),
    "one point": Lines(torch.ones(1)),
    "bands": Lines(SQUARE[:2], low=SQUARE[:2] - 1, high=SQUARE[:2] + 2, names=["a", "b"]),
    "begun": Lines(SQUARE[0], low=SQUARE[0] - 1, high=SQUARE[0] + 2, until=torch.tensor(3)),
    "one known": Lines(SQUARE[0], until=torch.tensor(1), x=torch.logspace(0, 3, 5), log_x=True),
    "none known": Lines(SQUARE[:2], until=torch.tensor(0), names=["a", "b"]),
    "bars": Bars(SQUARE[0], y_title="y"),
    "groups": Bars(SQUARE[:3], names=["a", "b", "c"], range=(-3, 3)),
    "many": Bars(torch.rand(3, 40, generator=SEEDED)),
}


def draw(view, prefix="figure-view", label="word{}"):
    view.title = "View"
    labels = [[label.format(i) for i in range(size)] for size in view.tensors()[""].shape]
    return view.picture(labels, 260, prefix)


@pytest.mark.parametrize("name", VIEWS)
def test_pictures_are_well_formed_and_the_same_every_time(name):
    one, other = draw(VIEWS[name]), draw(VIEWS[name])
    assert one == other
    root = ET.fromstring(one)
    assert root.tag == f"{SVG}svg"
    assert "viewBox" in root.attrib


@pytest.mark.parametrize("name", VIEWS)
def test_every_colour_follows_the_page_s_theme(name):
    text = draw(VIEWS[name])
    assert not re.findall(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b(?=[;\"])|rgb\(", text)
    declared = set(re.findall(r"(--tl-[\w-]+):", palette.as_css())) | {"--tl-paper"}
    assert set(re.findall(r"var\((--tl-[\w-]+)\)", text)) <= declared


@pytest.mark.parametrize("name", VIEWS)
def test_a_picture_styles_itself_and_nothing_else_on_the_page(name):
    root = ET.fromstring(draw(VIEWS[name]))
    assert not list(root.iter("{http://www.w3.org/2000/svg}style"))
    assert root.attrib["style"] == "stroke-linejoin: round; stroke-linecap: butt"


def test_cells_have_the_colour_of_their_number():
    text = draw(Heatmap(torch.tensor([[0.0, 0.5], [1.0, 2.0]])))
    colours = re.findall(r"var\(--tl-sequential-(\d+)\)", text)
    assert {"0", "16", "32"} <= set(colours)
    signed = draw(Heatmap(torch.tensor([[-4.0, 0.0], [4.0, -torch.inf]]), signed=True))
    assert {"0", "16", "32"} == set(re.findall(r"var\(--tl-diverging-(\d+)\)", signed))


def test_ids_of_two_pictures_do_not_meet():
    ids = [re.findall(r'\bid="([^"]+)"', draw(VIEWS["lines"], prefix)) for prefix in ("one-view", "two-view")]
    assert ids[0]
    assert not set(ids[0]) & set(ids[1])
    for text, known in zip([draw(VIEWS["lines"], p) for p in ("one-view", "two-view")], ids, strict=True):
        assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', text)) <= set(known)


@pytest.mark.parametrize("label", ["word{}", "<&{}", "a long label {}", "词{}"])
def test_labels_are_text(label):
    root = ET.fromstring(draw(VIEWS["signed"], label=label))
    texts = ["".join(node.itertext()).strip() for node in root.iter(f"{SVG}text")]
    for i in range(4):
        assert label.format(i) in texts


def test_a_label_that_looks_like_a_colour_or_like_mathematics_stays_as_it_is():
    for label in ("#010203", "$x$", "a_{}", "\\alpha", "$"):
        root = ET.fromstring(draw(VIEWS["signed"], label=label))
        assert label.format(0) in ["".join(n.itertext()).strip() for n in root.iter(f"{SVG}text")]


def test_a_picture_names_no_machine_and_no_moment():
    text = draw(VIEWS["signed"])
    assert "matplotlib.org" not in text
    assert matplotlib.__version__ not in text
    assert not re.search(r"\d{4}-\d\d-\d\d", text)
    assert "font-family" not in text


@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (13, 40)])
@pytest.mark.parametrize("masked", [0.0, 0.3])
def test_every_cell_of_a_heatmap_has_its_colour_at_its_place(shape, masked):
    """Cells of one colour are drawn together: here they are taken apart again."""
    generator = torch.Generator().manual_seed(1)
    values = torch.rand(shape, generator=generator)
    values = values.masked_fill(torch.rand(shape, generator=generator) < masked, -torch.inf)
    values[0, 0] = 0.5  # what is drawn begins at the first cell
    text = draw(Heatmap(values))
    levels = torch.full(shape, -1)
    for outline, level in re.findall(
        r'<path d="((?:M\d+ \d+h\d+v1h-\d+z)+)" style="fill: var\(--tl-sequential-(\d+)\)"', text
    ):
        for column, row, count in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", outline):
            cells = levels[int(row), int(column) : int(column) + int(count)]
            assert (cells == -1).all(), "no cell is drawn twice"
            cells[:] = int(level)
    wanted = (values * palette.LEVELS).floor().clamp(max=palette.LEVELS - 1)
    assert torch.equal(levels, wanted.masked_fill(values == -torch.inf, -1).long())
    (found,) = re.findall(r"translate\(([\d.]+) ([\d.]+)\) scale\(([\d.]+) ([\d.]+)\)", text)
    left, top, width, height = map(float, found)
    box = ET.fromstring(text).attrib["viewBox"].split()
    assert 0 < left + width * shape[1] <= float(box[2])
    assert 0 < top + height * shape[0] <= float(box[3])


def test_bars_are_not_taken_for_cells():
    bar = r'<path d="M ([\d.]+) [^"]*" clip-path[^>]* style="fill: var\(--tl-category-0\)'
    assert len(set(re.findall(bar, draw(VIEWS["bars"])))) == 5, "each bar at a place of its own"


def drawn_into(view):
    """Matplotlib's axes with the view's picture."""
    axes = matplotlib.figure.Figure().add_subplot()
    view.draw(axes, InkPen(), [])
    return axes


def test_a_band_lies_between_its_edges_in_its_curve_s_colour():
    axes = drawn_into(VIEWS["bands"])
    for row, line, band in zip(SQUARE[:2], axes.lines, axes.collections, strict=True):
        ends = torch.tensor(band.get_paths()[0].vertices)
        for at, x in enumerate(row):
            there = ends[ends[:, 0] == at, 1]
            assert there.min() == pytest.approx(float(x) - 1)
            assert there.max() == pytest.approx(float(x) + 2)
        assert band.get_facecolor()[0, :3] == pytest.approx(to_rgb(line.get_color()))
        assert band.get_facecolor()[0, 3] < 0.5


@pytest.mark.parametrize(("name", "known"), [("line", 5), ("begun", 3), ("one known", 1), ("none known", 0)])
def test_a_curve_ends_where_it_is_known_and_its_axis_goes_on(name, known):
    axes = drawn_into(VIEWS[name])
    places = [1, 1000] if name == "one known" else [0, 4]
    low, high = axes.get_xlim()
    assert low <= places[0] < places[1] <= high
    assert [len(line.get_xdata()) for line in axes.lines] == [known] * len(axes.lines)
    assert (axes.lines[0].get_marker() == "o") is (known == 1), "one place makes no line"


@pytest.mark.parametrize("kind", [Lines, Bars])
@pytest.mark.parametrize("count", [2, 6])
def test_the_names_of_series_hide_nothing(kind, count):
    names = [f"series number {i}" for i in range(count)]
    root = ET.fromstring(draw(kind(torch.rand(count, 40, generator=SEEDED), names=names)))
    named = {e.text: e for e in root.iter(f"{SVG}text") if e.text in names}
    assert named.keys() == set(names)
    # What the series may not leave is the chart's own area.
    (area,) = root.findall(f".//{SVG}clipPath/{SVG}rect")
    width = float(root.attrib["viewBox"].split()[2])
    for name, text in named.items():
        assert 0 < float(text.get("y")) < float(area.get("y"))
        assert float(text.get("x")) + 5 * len(name) < width


@pytest.mark.parametrize(
    ("places", "wanted"),
    [
        ((16, 64), {"20", "30", "40", "60"}),  # no power of ten lies between them
        ((200, 5000), {"200", "1000", "3000"}),
        ((1e-3, 1e3), {"0.01", "1", "100"}),
    ],
)
def test_a_logarithmic_scale_names_enough_places(places, wanted):
    scale = Lines(torch.zeros(2), x=torch.tensor(places).float(), range=(5, 6), log_x=True)
    named = {text.text for text in ET.fromstring(draw(scale)).iter(f"{SVG}text")}
    assert wanted <= named
    assert len(named) < 24


# -- a view by itself ------------------------------------------------------------------------------------------------


def alone(view):
    bundle = view._repr_mimebundle_()
    assert bundle.keys() == {"text/html", "text/plain"}
    return bundle["text/html"], bundle["text/plain"]


def test_a_view_by_itself_is_a_picture_with_its_summary(monkeypatch, tmp_path):
    monkeypatch.setenv(host.SITE, str(tmp_path))
    view = Bars(torch.tensor([1.0, 3.0]), items=Axis("word", ["cat", "<dog>"]), title="Weights")
    html, said = alone(view)
    assert said == "Weights: 2 numbers. The largest is 3, at <dog>; the smallest is 1, at cat."
    figure = ET.fromstring(html)
    (slot,) = (e for e in figure.iter() if e.get("class") == "tl-slot")
    assert slot.get("role") == "img"
    assert slot.get("aria-label") == said
    assert [e.tag.rpartition("}")[2] for e in slot] == ["svg"]
    assert "var(--tl-" in html
    assert "<style>." not in html


def test_a_view_by_itself_brings_its_colours_along_in_a_notebook(monkeypatch):
    monkeypatch.delenv(host.SITE, raising=False)
    html, _ = alone(Heatmap(torch.eye(3)))
    used = set(re.findall(r"var\((--tl-[\w-]+)", html[html.index("<svg") :]))
    assert "--tl-sequential-0" in used
    for variable in used:
        assert f"{variable}:" in html, variable


def test_a_number_by_itself_is_written():
    html, said = alone(Number(torch.tensor(2.5), title="Two and a half"))
    assert "<svg" not in html
    assert ">2.5<" in html
    assert said == "Two and a half: 2.5."


def test_a_view_by_itself_needs_no_title_and_keeps_none():
    view = Lines(torch.tensor([1.0, 2.0]))
    assert alone(view)[1] == "Lines: line 1 runs from 1 to 2 (smallest 1, largest 2)."
    assert view.title is None


def test_curves_by_themselves_may_have_gaps():
    nan = float("nan")
    view = Lines(torch.tensor([[1.0, 4.0, nan], [2.0, 3.0, 5.0]]), names=["short", "long"], log_y=True)
    assert alone(view)[1] == (
        "Lines: short runs from 1 to 4 (smallest 1, largest 4); long runs from 2 to 5 (smallest 2, largest 5)."
    )


def test_the_same_view_twice_on_a_page_is_told_apart_from_another():
    ids = [set(re.findall(r'id="(still-\w+?)-', alone(Lines(x))[0])) for x in (torch.ones(2), torch.zeros(2))]
    assert ids[0] and ids[1] and not ids[0] & ids[1]


def test_a_point_without_a_name_is_drawn_without_one():
    points = torch.rand(120, 2, generator=torch.Generator().manual_seed(0))
    html, _ = alone(Scatter(points, range=(0, 1)))
    assert html.count("<text") <= 14  # the ticks of both axes
    html, _ = alone(Scatter(points[:2], range=(0, 1), points=Axis("point", ["A", "B"])))
    assert ">A<" in html and ">B<" in html


def test_a_point_named_by_a_length_keeps_its_number():
    """As in the live chart, which asks whether the axis has names, not what they are."""

    @explore(n=Length(2, 6, value=3))
    def numbered(n):
        """Caption."""
        return Scatter(torch.stack([n, n], 1).float() + 10, range=(0, 20), points="n")

    picture = page.html(numbered.frames(), pictures=True)
    assert {">1<", ">2<"} <= set(re.findall(r">\d<", picture[picture.index("<svg") :]))

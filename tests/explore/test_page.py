"""The markup of a figure: valid, named for those who hear it, and safe whatever a figure says."""

import json
import re
from base64 import b64decode
from html.parser import HTMLParser

import numpy as np
import onnxruntime
import pytest
import torch

from transformer_lite.explore import (
    Axis,
    Bars,
    Choice,
    Heatmap,
    Length,
    Lines,
    Number,
    Pick,
    Slider,
    Toggle,
    Tokens,
    Words,
    explore,
    host,
    page,
)
from transformer_lite.explore.text import say
from transformer_lite.explore.trace import now

VOID = {"input", "br", "hr", "img", "meta", "link"}


class Tree(HTMLParser):
    """Elements in order: (tag, attributes, path of open tags); complains about what is not closed in order."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"{tag} repeats an attribute: {names}"
        self.elements.append((tag, dict(attrs), tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), tuple(self.open)))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, text):
        self.texts.append((text, tuple(self.open)))

    def attributes(self, tag):
        return [attrs for name, attrs, _ in self.elements if name == tag]


@pytest.fixture
def marked_up(everything):
    return Tree(page.html(everything.frames(), "source-0", pictures=True))


def test_tags_are_closed_and_ids_are_unique(marked_up):
    assert_references_hold(marked_up)


def test_a_view_may_be_called_anything():
    @explore(x=Slider(0, 1))
    def named(x):
        """Caption."""
        return {
            "never shifted": Heatmap(x * torch.ones(2, 2)),
            "still, no mask": Heatmap(x * torch.ones(2, 2)),
        }

    assert_references_hold(Tree(page.html(named.frames(), "source-0", pictures=True)))


def assert_references_hold(marked_up):
    ids = [attrs["id"] for _, attrs, _ in marked_up.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs, _ in marked_up.elements:
        for name in ("for", "aria-labelledby", "aria-describedby"):
            assert set(attrs.get(name, "").split()) <= set(ids), attrs
        for reference in re.findall(
            r"(?:url\(|(?<!\S))#([\w.-]+)(?=\)|$|\n)", "\n".join(filter(None, attrs.values()))
        ):
            assert reference in ids


def test_the_figure_promises_its_id_and_state(marked_up):
    (figure,) = marked_up.attributes("figure")
    assert figure["class"] == "explorable"
    assert figure["id"] == "attention-matrix"
    assert figure["data-state"] == "picture"


def test_every_control_has_an_accessible_name(marked_up):
    labelled = {attrs["for"] for attrs in marked_up.attributes("label") if "for" in attrs}
    for tag, attrs, path in marked_up.elements:
        if tag in ("input", "select") or attrs.get("role") in ("img", "radiogroup", "group"):
            named = (
                attrs.get("aria-label")
                or attrs.get("aria-labelledby")
                or attrs.get("id") in labelled
                or "label" in path
            )
            assert named, (tag, attrs)
    text_of_buttons = [
        text for text, path in marked_up.texts if path and path[-1] == "button" and text.strip()
    ]
    named = [attrs for attrs in marked_up.attributes("button") if attrs.get("aria-label")]
    assert len(text_of_buttons) + len(named) == len(marked_up.attributes("button"))


def test_every_picture_is_described_by_the_summary(marked_up):
    pictures = [attrs for _, attrs, _ in marked_up.elements if attrs.get("role") == "img"]
    assert pictures
    (words,) = [attrs for attrs in marked_up.attributes("p") if attrs.get("class") == "tl-summary"]
    assert {attrs.get("aria-describedby") for attrs in pictures} == {words["id"]}


def test_controls_start_disabled_and_without_javascript_a_sentence_says_so(marked_up):
    (fields,) = marked_up.attributes("fieldset")
    assert "disabled" in fields
    assert say("no-javascript") in [text for text, path in marked_up.texts if "noscript" in path]


def test_a_link_is_offered_where_settings_stand_in_the_address(everything):
    """A notebook's address holds none: there is no file of its own, and no link."""
    tools = [Tree(page.html(everything.frames(), source, pictures=False)) for source in ("source-0", "")]
    website, notebook = ([a["data-tool"] for a in t.attributes("button") if "data-tool" in a] for t in tools)
    assert website == ["reset", "link", "table", "csv", "png", "svg", "check"]
    assert notebook == [tool for tool in website if tool != "link"]


def test_the_summary_stands_in_the_markup(everything, marked_up):
    words = everything.show(everything.defaults).summary()
    assert words in [text for text, _ in marked_up.texts]


def test_the_default_picture_stands_in_the_markup_of_a_page_alone(everything):
    assert page.html(everything.frames(), pictures=True).count("<svg") == 3  # two heatmaps and the bars
    assert "<svg" not in page.html(everything.frames(), pictures=False)


def test_default_settings_stand_in_the_controls(everything):
    text = page.html(everything.frames(), pictures=False)
    assert 'value="the cat chased the dog"' in text
    tree = Tree(text)
    ranges = [attrs for attrs in tree.attributes("input") if attrs["type"] == "range"]
    assert [(a["min"], a["max"], a["value"]) for a in ranges] == [("0.1", "4.0", "1.0")]
    assert len([a for a in tree.attributes("input") if a["type"] == "radio" and "checked" in a]) == 1
    assert not [a for a in tree.attributes("input") if a["type"] == "checkbox" and "checked" in a]
    assert [a["value"] for a in tree.attributes("option") if "selected" in a] == ["1", "2"]


def test_the_description_in_the_page_is_the_figure_s(everything):
    text = page.html(everything.frames(), pictures=False)
    inside = re.search(r'class="tl-description">(.*?)</script>', text, re.DOTALL)[1]
    assert json.loads(inside) == everything.describe()


NASTY = "</b><i>'\"&lt;<!--"


def test_nothing_that_a_figure_says_becomes_markup():
    words = ["<b>", "&amp;", '"q"', "</script>", "<!--"]

    @explore(
        sentence=Words(" ".join(words), vocabulary=words, label=NASTY),
        number=Slider(0, 1, label=NASTY),
        n=Length(1, 3, label=NASTY),
        choice=Choice([NASTY, "b"], label=NASTY),
        cell=Pick("a", row=0, column=1, label=NASTY),
    )
    def nasty(sentence, number, n, choice, cell):
        """<i>two</i> & "caption"

        <img src=x onerror=alert(3)>
        """
        one = torch.ones(2, 2) * number + 0 * n[0] + 0 * cell[0]
        axis = Axis(NASTY, [NASTY, "</svg>"], title=NASTY)
        return {
            "a": Heatmap(one, rows=axis, columns=axis, title=NASTY),
            "b": Bars(one, items=axis, names=[NASTY, "x"], title=NASTY, y_title=NASTY),
            "c": Lines(one, names=[NASTY, "x"], title=NASTY, x_title=NASTY),
            "d": Tokens(sentence, words=Axis("w", "sentence"), title=NASTY),
            "e": Number(number, title=NASTY),
        }

    tree = Tree(page.html(nasty.frames(), pictures=True))
    assert [attrs for attrs in tree.attributes("script")] == [
        {"type": "application/json", "class": "tl-description"}
    ]
    assert not tree.attributes("img")
    assert len(tree.attributes("b")) == len(tree.attributes("i")) == len(words)
    assert not [attrs for _, attrs, _ in tree.elements if any(name.startswith("on") for name in attrs)]
    assert NASTY in "".join(text for text, _ in tree.texts)


def test_no_inline_script_and_no_address_of_another_host(marked_up):
    assert all(attrs["type"] == "application/json" for attrs in marked_up.attributes("script"))
    for _, attrs, _ in marked_up.elements:
        for name, value in attrs.items():
            assert not name.startswith("on")
            if name in ("src", "href", "xlink:href"):
                assert value.startswith("#")


def test_building_writes_the_graphs_and_the_trace_beside_the_page(everything, tmp_path, monkeypatch):
    monkeypatch.setenv(host.SITE, str(tmp_path / "figures"))
    assert host.building()
    bundle = everything._repr_mimebundle_()
    assert bundle.keys() == {"text/html", "text/plain"}
    source = re.search(r'data-source="([^"]+)"', bundle["text/html"])[1]
    assert source.startswith("attention-matrix-")
    sizes = re.search(r'data-bytes="([^"]+)"', bundle["text/html"])[1]
    written = [(tmp_path / "figures" / f"{source}{suffix}") for suffix in (".json", ".trace.json")]
    assert sizes == " ".join(str(path.stat().st_size) for path in written)
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {
        f"{source}.json",
        f"{source}.trace.json",
    }
    content = json.loads((tmp_path / "figures" / f"{source}.json").read_text())
    assert content["variants"].keys() == content["views"].keys() == dict(everything.variants()).keys()
    assert content["graphs"].keys() == set(content["variants"].values()) == content["variants"].keys()
    recorded = json.loads((tmp_path / "figures" / f"{source}.trace.json").read_text())
    assert recorded == now(everything)
    cases = recorded["cases"]
    for key, variant in everything.variants():
        session = onnxruntime.InferenceSession(b64decode(content["graphs"][content["variants"][key]]))
        names = [node.name.removeprefix("view:") for node in session.get_outputs()]
        for case in cases:
            if variant.items() <= case["values"].items():
                feeds = {
                    node.name: everything.controls[control].encode(case["values"][control]).numpy()
                    for node in session.get_inputs()
                    for control in [node.name.removeprefix("control:")]
                }
                for name, got in zip(names, session.run(None, feeds), strict=True):
                    wanted = recorded["tensors"][case["outputs"][name]]
                    assert list(got.shape) == wanted["shape"]
                    there = np.frombuffer(b64decode(wanted["data"]), "<f4").reshape(got.shape)
                    np.testing.assert_allclose(got, there, rtol=1e-5, atol=1e-6)


def test_variants_that_compute_the_same_share_one_graph(tmp_path, monkeypatch):
    @explore(kind=Choice(["a", "b", "c"]), wide=Toggle(), x=Slider(0, 1))
    def kinds(kind, wide, x):
        """Caption."""
        return {"x": Number(x * (2 if kind == "b" else 1), title=f"{kind} {wide}")}

    monkeypatch.setenv(host.SITE, str(tmp_path))
    source = re.search(r'data-source="([^"]+)"', kinds._repr_mimebundle_()["text/html"])[1]
    content = json.loads((tmp_path / f"{source}.json").read_text())
    assert content["variants"] == {
        "0,0": "0,0",
        "0,1": "0,0",
        "1,0": "1,0",
        "1,1": "1,0",
        "2,0": "0,0",
        "2,1": "0,0",
    }
    assert set(content["graphs"]) == {"0,0", "1,0"}
    assert content["views"]["2,1"]["x"]["title"] == "c True"


def test_building_twice_gives_the_same_files(gradient, tmp_path, monkeypatch):
    contents = []
    for folder in ("one", "two"):
        monkeypatch.setenv(host.SITE, str(tmp_path / folder))
        html = gradient._repr_mimebundle_()["text/html"]
        contents.append((html, {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()}))
    assert contents[0] == contents[1]


def test_without_the_build_s_variable_a_notebook_is_meant(monkeypatch):
    monkeypatch.delenv(host.SITE, raising=False)
    assert not host.building()


def test_a_view_s_height_is_that_of_its_largest_state():
    @explore(n=Length(1, 40, value=2), sentence=Words("a", vocabulary=["a"], maximum=6), tall=Toggle(False))
    def growing(n, sentence, tall):
        """Caption."""
        return {
            "long": Heatmap(n[:, None].float(), rows=Axis("position", "n")),
            "short": Heatmap(sentence[:, None].float(), rows=Axis("word", "sentence")),
            "fixed": Heatmap(torch.zeros(2, 2) + 0 * n[0]),
            "chosen": Heatmap(torch.zeros(5 if tall else 2, 2) + 0 * n[0]),
        }

    heights = re.findall(r'style="height:(\d+)px"', page.html(growing.frames(), pictures=False))
    long, short, fixed, chosen = map(int, heights)
    assert long > short > chosen > fixed

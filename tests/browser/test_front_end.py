"""What depends on the front end alone, asked of the workbench, which has every kind of control, view and exercise.

Each test goes through all figures of the page; test_reader.py looks at one figure in detail.
"""

import io
import json
import random
import re
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from matplotlib.image import imread

from transformer_lite import explore
from transformer_lite.explore import palette
from transformer_lite.explore.controls import Control
from transformer_lite.explore.figure import Frames
from transformer_lite.explore.text import number, say
from transformer_lite.explore.views import View

from ..built import built_site, live_pages, markup, trace
from .conftest import WORKBENCH
from .exercises import described, exercises, give, told
from .settings import assert_close, memory_of, numbers, other_values, unfit
from .visit import LIVE
from .workbench import EXERCISES, FIGURES, SHADE, TABLE


@pytest.fixture(scope="module")
def opened(visiting, site):
    """The workbench alone, opened once; `live` hands it out with its figures at their defaults."""
    with visiting() as visit:
        visit.open(site + WORKBENCH).skip_questions()
        yield visit


@pytest.fixture
def recorded(opened, served):
    """The recorded cases of a figure, or of an exercise, as they lie beside the page."""
    source = "(id) => document.getElementById(id).dataset.source"
    return lambda id_: trace(served / "sub/workbench/_static", opened.page.evaluate(source, id_))


# -- the workbench itself ------------------------------------------------------------------------------------------


def looks_of(views):
    """What is asked of a view's drawing: (kind, setting) for every setting that is not left out."""
    return {
        (view["kind"], setting if setting != "axes" else f"axis of {type(axis['labels']).__name__}")
        for view in views
        for setting, value in view.items()
        for axis in (value if setting == "axes" else [{"labels": None}])
        if value not in (None, False, "", [])
    }


def test_the_workbench_has_everything_that_a_chapter_uses():
    """So that what depends on the front end alone can be asked of it."""
    figures = [
        json.loads((built_site() / f"_static/figures/{source}.json").read_text(encoding="utf-8"))
        for page in live_pages()
        for source in re.findall(r'data-source="([^"]+)"', markup(page))
    ]
    used = {control["kind"] for figure in figures for control in figure["controls"].values()}
    assert used <= {control.kind for figure in FIGURES.values() for control in figure.controls.values()}
    drawn = looks_of(
        view for figure in figures for views in figure["views"].values() for view in views.values()
    )
    here = [shown.described for figure in FIGURES.values() for shown in Frames(figure).variants().values()]
    missing = drawn - looks_of(view for views in here for view in views.values())
    assert not missing, sorted(missing)
    asked = set(re.findall(r'"kind":"(\w+)","hints"', "".join(map(markup, live_pages()))))
    assert asked <= {exercise.kind for exercise in EXERCISES}


def test_the_workbench_has_every_kind_there_is():
    kinds = {
        name.lower()
        for name in explore.__all__
        if isinstance(cls := getattr(explore, name), type) and issubclass(cls, Control | View)
    }
    controls = {control.kind for figure in FIGURES.values() for control in figure.controls.values()}
    views = {view.kind for figure in FIGURES.values() for view in figure.run().values()}
    assert controls | views == kinds


# -- promises ------------------------------------------------------------------------------------------------------


def test_controls_are_described_as_the_reader_sees_them(live):
    kinds = {
        "slider": {"min", "max", "step", "scale"},
        "length": {"min", "max", "step"},
        "choice": {"options"},
        "words": {"maximum"},
        "order": {"items"},
        "points": {"min", "max", "step", "names", "view"},
        "sketch": {"rows", "columns", "examples", "longest"},
        "state": {"steps", "step", "done"},
    }
    for id_ in live.figures():
        controls, values = live.controls(id_), live.values(id_)
        assert {name: control["value"] for name, control in controls.items()} == values
        for name, control in controls.items():
            assert kinds.get(control["kind"], set()) <= control.keys(), (id_, name)
            on_page = live.page.evaluate(
                '([id, name]) => probe.figure(id).querySelector(`[data-control="${name}"]`).textContent',
                [id_, name],
            )
            assert control["label"] in on_page


def test_check_does_not_take_the_engine_s_word_for_it(live, recorded):
    """The outputs after `set` are those of the trace, compared here and not in the page."""
    for id_ in live.figures():
        for case in recorded(id_)[-3:]:
            live.reset(id_)
            assert live.set(id_, **case["values"]) == case["values"]
            shown = live.outputs(id_)
            for name, wanted in (afresh(id_, case) or case["outputs"]).items():
                assert_close(numbers(shown, name), wanted, (id_, name))
        live.reset(id_)


def afresh(id_, case):
    """Of a figure with memory, what PyTorch shows at a case's settings: the trace goes on from states of others."""
    if "state" not in case:
        return None
    figure = FIGURES[id_]
    return {name: x.numpy() for name, x in figure.show(figure.check(case["values"])).outputs.items()}


def test_a_value_that_does_not_fit_is_refused_and_changes_nothing(live):
    for id_ in live.figures():
        controls, values, outputs = live.controls(id_), live.values(id_), live.outputs(id_)
        live.changes()
        for changes in unfit(controls):
            answer = live.set(id_, **changes)
            assert "refused" in answer, changes
            assert " " in answer["refused"] and answer["refused"].rstrip("”")[-1] in ".…", answer
            assert live.values(id_) == values
        assert live.outputs(id_) == outputs
        assert not live.changes()


def test_changes_made_at_once_are_all_made(live):
    for id_ in live.figures():
        controls, values = live.controls(id_), live.values(id_)
        wanted = {
            name: options[0]
            for name, control in controls.items()
            if control["kind"] not in ("words", "pick")
            and (options := other_values(control, controls, values))
        }
        after = live.page.evaluate(
            """async ([id, changes]) => {
              const { explorable } = probe.figure(id);
              await Promise.all(Object.entries(changes).map(([name, value]) => explorable.set({ [name]: value })));
              return explorable.values;
            }""",
            [id_, wanted],
        )
        assert {name: after[name] for name in wanted} == wanted
        live.reset(id_)


def test_the_summary_follows_the_numbers(live):
    """What the page says of them is what Python says."""
    for id_, figure in FIGURES.items():
        for name, control in live.controls(id_).items():
            for value in other_values(control, live.controls(id_), live.values(id_)):
                values = live.set(id_, **{name: value})
                assert live.said(id_, ".tl-summary") == figure.show(values).summary()
            live.reset(id_)


# -- real input ----------------------------------------------------------------------------------------------------


def test_every_control_answers_the_mouse_and_the_keyboard_s_letters(live):
    for id_ in live.figures():
        figure = live.page.locator(f"figure#{id_}")
        for name, control in live.controls(id_).items():
            place = figure.locator(f'[data-control="{name}"]')
            before, kind = live.outputs(id_), control["kind"]
            live.changes()
            if kind in ("slider", "length"):
                at_start = control["value"] < (control["min"] + control["max"]) / 2
                place.locator("input[type=range]").scroll_into_view_if_needed()
                box = place.locator("input[type=range]").bounding_box()
                goal = box["x"] + box["width"] * (0.9 if at_start else 0.1)
                live.page.mouse.click(goal, box["y"] + box["height"] / 2)
                live.settle(id_)
                assert live.values(id_)[name] != control["value"]
                typed = place.locator("input[type=text]")
                typed.fill(str(control["max"] if at_start else control["min"]))
                typed.press("Enter")
                live.settle(id_)
                assert live.values(id_)[name] == (control["max"] if at_start else control["min"])
            elif kind == "state":
                place.locator(".tl-step").click()
            elif kind == "toggle":
                place.locator("input").click()
            elif kind == "choice":
                place.locator("input:not(:checked)").first.click()
            elif kind == "words":
                place.locator("input[type=text]").fill(
                    other_values(control, live.controls(id_), live.values(id_))[0]
                )
            elif kind == "order":
                drag(live, place.locator(".tl-chip").first, place.locator(".tl-chip").last)
            elif kind == "sketch":
                drag(live, place.locator(".tl-label"), place.locator(".tl-pad"))
                assert live.values(id_)[name] == control["value"], "a stroke begins on the pad"
                drag(live, place.locator(".tl-pad"), place.locator(".tl-pad"))
            elif kind == "points":
                handle = figure.locator(f'[data-view="{control["view"]}"] .tl-handle').last
                drag(live, handle, figure.locator(f'[data-view="{control["view"]}"] .nsewdrag'))
            else:
                select = place.locator("select").first
                last = select.locator("option").count() - 1
                at = control["value"][0] if isinstance(control["value"], list) else control["value"]
                select.select_option(index=last if at != last else 0)
            live.settle(id_)
            assert live.values(id_)[name] != control["value"], (id_, name)
            # What a figure remembers changes with the next step.
            assert live.outputs(id_) != before or memory_of(live.controls(id_)), (id_, name)
            assert set(live.changes()) == {id_}, "inside a figure, only new pictures are changes"
            live.reset(id_)
            assert live.values(id_)[name] == control["value"]
            assert live.outputs(id_) == before


def drag(live, source, target):
    """Takes the middle of one element to near the middle of another, in steps as a hand does."""
    source.scroll_into_view_if_needed()
    start, end = source.bounding_box(), target.bounding_box()
    live.page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    live.page.mouse.down()
    live.page.mouse.move(end["x"] + end["width"] * 0.55, end["y"] + end["height"] * 0.4, steps=6)
    live.page.mouse.up()


TOOLS = {"reset", "link", "table", "csv", "png", "svg", "check"}
FOCUSED = """() => {
  const at = document.activeElement;
  const control = at.closest("[data-control]");
  const figure = at.closest("figure.explorable");
  return { tag: at.localName, type: at.type ?? "", figure: figure?.id, control: control?.dataset.control,
    tool: at.dataset?.tool, play: at.classList.contains("tl-play"), end: at === document.body };
}"""


def test_the_keyboard_alone_reaches_and_moves_every_control(live):
    page = live.page
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0); getSelection().removeAllRanges()")
    page.mouse.click(1, 1)
    wanted = {(id_, name) for id_ in live.figures() for name in live.controls(id_)}
    reached, moved, tools = set(), set(), set()
    for _ in range(1500):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        if at["end"]:
            break
        if at["tool"]:
            tools.add((at["figure"], at["tool"]))
        if not at["control"]:
            continue
        key = (at["figure"], at["control"])
        reached.add(key)
        chip, step = (
            page.evaluate("(name) => document.activeElement.classList.contains(name)", name)
            for name in ("tl-chip", "tl-step")
        )
        if (
            at["play"]
            or (at["tag"] == "button" and not (chip or step))
            or at["tag"] == "summary"
            or key in moved
        ):
            continue
        control = live.controls(at["figure"])[at["control"]]
        before = control["value"]
        if at["type"] in ("range", "select-one"):
            presses = ["ArrowRight", "ArrowLeft"] if at["type"] == "range" else ["ArrowDown", "ArrowUp"]
        elif at["type"] == "radio":
            presses = ["ArrowDown"]
        elif at["type"] == "checkbox":
            presses = ["Space"]
        elif chip:
            presses = ["ArrowRight"]
        elif step:
            presses = ["Enter"]
        elif control["kind"] == "sketch":
            presses = ["Space"]
        elif control["kind"] == "points":
            page.keyboard.press("Control+A")
            page.keyboard.type(f"{control['max']}, {control['min']}")
            presses = ["Enter"]
        else:
            text = str(other_values(control, {}, {})[0])
            page.keyboard.press("Control+A")
            page.keyboard.type(text)
            presses = ["Enter"]
        for press in presses:
            page.keyboard.press(press)
            live.settle(at["figure"])
            if live.values(at["figure"])[at["control"]] != before:
                moved.add(key)
                break
        live.reset(at["figure"])
        assert page.evaluate(FOCUSED)["control"] == at["control"], (
            "moving a control must not move the focus away"
        )
    assert reached == wanted
    assert moved == wanted
    assert tools >= {
        (id_, tool)
        for id_ in live.figures()
        for tool in ("reset", "link", "table", "csv", "png", "svg", "check")
    }
    for id_ in live.figures():
        live.reset(id_)


def test_play_moves_a_slider_until_it_is_stopped(live):
    for id_ in live.figures():
        for name, control in live.controls(id_).items():
            if control["kind"] not in ("slider", "length"):
                continue
            button = live.page.locator(f'figure#{id_} [data-control="{name}"] .tl-play')
            label = button.get_attribute("aria-label")
            button.click()
            live.until(
                "([id, name, value]) => probe.figure(id).explorable.values[name] !== value",
                [id_, name, control["value"]],
            )
            assert button.get_attribute("aria-pressed") == "true"
            assert button.get_attribute("aria-label") != label
            button.click()
            assert button.get_attribute("aria-pressed") == "false"
            live.page.wait_for_timeout(150)
            stopped = live.values(id_)[name]
            live.page.wait_for_timeout(200)
            assert live.values(id_)[name] == stopped
            break


# -- the address ---------------------------------------------------------------------------------------------------


def test_a_link_restores_the_settings(live, visiting):
    live.context.grant_permissions(["clipboard-read", "clipboard-write"])
    rng = random.Random(0)
    links = {}
    for id_ in live.figures():
        for name, control in live.controls(id_).items():
            if options := other_values(control, live.controls(id_), live.values(id_)):
                live.set(id_, **{name: rng.choice(options)})
        values, outputs = live.values(id_), live.outputs(id_)
        live.page.locator(f"figure#{id_} [data-tool=link]").click()
        live.until("(id) => probe.figure(id).querySelector('.tl-message').textContent", id_)
        assert live.said(id_) == say("link-copied")
        links[id_] = (live.page.evaluate("navigator.clipboard.readText()"), values, outputs)
        live.reset(id_)
    for id_, (link, values, outputs) in links.items():
        assert urlsplit(link).fragment.startswith(f"{id_}?"), link
        with visiting() as visit:
            visit.open(link, live=False)
            visit.until("(id) => probe.figure(id).dataset.state === 'live'", id_, timeout=LIVE)
            visit.settle(id_)
            assert visit.values(id_) == values
            assert visit.outputs(id_) == outputs
            top = visit.page.evaluate("(id) => probe.figure(id).getBoundingClientRect().top", id_)
            assert -50 < top < 700, "the link leads to its figure"
            assert not visit.errors
        break  # One new page is enough; the others' links are opened in this one.
    for id_, (link, values, outputs) in links.items():
        live.page.evaluate("(fragment) => { location.hash = fragment; }", urlsplit(link).fragment)
        live.until(
            "([id, values]) => JSON.stringify(probe.figure(id).explorable.values) === JSON.stringify(values)",
            [id_, values],
        )
        live.settle(id_)
        assert live.outputs(id_) == outputs
        live.reset(id_)


def test_a_reader_s_own_move_stands_in_the_address(live):
    for id_ in live.figures():
        name, control = next((n, c) for n, c in live.controls(id_).items())
        live.until("(id) => !location.hash.includes(id)", id_)
        place = live.page.locator(f'figure#{id_} [data-control="{name}"]')
        kind = control["kind"]
        if kind in ("slider", "length"):
            place.locator("input[type=text]").fill(str(control["max"]))
            place.locator("input[type=text]").press("Enter")
        elif kind == "words":
            place.locator("input[type=text]").fill(control["vocabulary"][1])
        elif kind == "pick":
            place.locator("select").first.select_option(index=1 if control["value"] in (0, [0, 0]) else 0)
        elif kind == "order":
            place.locator(".tl-chip").first.press("ArrowRight")
        elif kind == "sketch":
            place.locator(".tl-undo").click()
        elif kind == "points":
            place.locator("input").first.fill(f"{control['min']}, {control['max']}")
            place.locator("input").first.press("Enter")
        elif kind == "choice":
            place.locator("input:not(:checked)").first.click()
        else:
            place.locator("input").click()
        live.until("(id) => location.hash.includes(id)", id_, timeout=5)
        assert f"{name}=" in unquote(live.page.evaluate("location.hash"))
        live.reset(id_)
        live.until("(id) => !location.hash.includes(id)", id_, timeout=5)


# -- pointing ------------------------------------------------------------------------------------------------------


def test_pointing_at_a_chart_reads_its_number_out(live):
    for id_ in live.figures():
        for view in live.page.locator(f"figure#{id_} .tl-view:has(.tl-slot)").all():
            view.scroll_into_view_if_needed()
            area = view.locator(".nsewdrag").bounding_box()
            live.page.mouse.move(area["x"] + area["width"] * 0.3, area["y"] + area["height"] * 0.6)
            live.page.mouse.move(area["x"] + area["width"] * 0.31, area["y"] + area["height"] * 0.61)
            readout = view.locator(".tl-readout")
            live.page.wait_for_timeout(120)  # until the last move has been answered
            kind = view.get_attribute("data-kind")
            if view.locator(".tl-handle").count():
                continue  # a handle lies over each point, and says where it is
            if kind in ("bars", "scatter"):
                # A bar or a point must be near the pointer; the widest place to find a bar is beside the zero line.
                for part in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
                    if readout.text_content():
                        break
                    for height in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
                        live.page.mouse.move(
                            area["x"] + area["width"] * part, area["y"] + area["height"] * height
                        )
                        live.page.wait_for_timeout(120)
                        if readout.text_content():
                            break
            live.page.wait_for_timeout(80)
            assert any(character.isdigit() or character == "∞" for character in readout.text_content()) or (
                readout.text_content().endswith(say("masked"))
            ), (id_, view.get_attribute("data-view"))
        live.page.mouse.move(1, 1)


# -- exercises -----------------------------------------------------------------------------------------------------


def test_every_exercise_tells_the_right_answer_from_each_wrong_one(live, recorded):
    for id_ in exercises(live):
        form, exercise = live.page.locator(f"form#{id_}"), described(live, id_)
        (case,) = recorded(id_)
        answers = case["outputs"]
        assert exercise["hints"]
        if exercise["kind"] == "choice":
            answers = {option: i for i, option in enumerate(exercise["options"])}
            right = exercise["options"][int(case["outputs"]["right"])]
        else:
            right = "right"
        for name, answer in answers.items():
            give(form, exercise, answer)
            wanted = (
                say("answer-right") if name == right else say("answer-hint", hint=exercise["hints"][name])
            )
            assert told(form) == wanted, (id_, name)


# -- on paper, in the system's colours, in translation -------------------------------------------------------------


@pytest.fixture
def seen_as(live):
    """Changes the medium or the colours in which the open page is seen, until the test ends."""
    yield live.page.emulate_media
    live.page.emulate_media(media="screen", forced_colors="none")
    live.look("light", "wide")


def ink(live):
    """The style sheet's ink, which its other colours go with."""
    return live.page.evaluate("getComputedStyle(probe.figures()[0]).getPropertyValue('--tl-ink')")


@pytest.mark.parametrize(("theme", "size"), [("light", "wide"), ("dark", "phone")])
def test_paper_shows_every_chart_whole_and_in_light_colours(live, seen_as, theme, size):
    """As a browser prints: it tells the page, lays it out for paper, and takes what stands there at once."""
    live.look(theme, size)
    drawn = live.page.evaluate(
        "() => { dispatchEvent(new Event('beforeprint')); return probe.drawn(false); }"
    )
    assert drawn, "what is drawn later is not printed"
    seen_as(media="print")
    charts = live.page.evaluate("probe.onPaper(690)")
    assert {chart["kind"] for chart in charts} == {"bars", "heatmap", "image", "lines", "scatter"}
    faults = {chart["name"]: chart["faults"] for chart in charts if chart["faults"]}
    assert not faults
    assert ink(live) == palette.PLAIN["ink"]["light"]
    for marks in (".tl-token", ".tl-ramp", ".tl-cell", ".tl-slot"):
        exact = "(marks) => getComputedStyle(document.querySelector(marks)).printColorAdjust"
        assert live.page.evaluate(exact, marks) == "exact", marks
    for_a_screen = live.page.locator(".tl-tools, .tl-play, .tl-handles, .tl-answer > button")
    assert not for_a_screen.filter(visible=True).count()
    seen_as(media="screen")
    live.page.evaluate("dispatchEvent(new Event('afterprint'))")
    live.until("(dark) => probe.drawn(dark)", theme == "dark", timeout=LIVE)


def test_a_print_is_drawn_before_it_is_taken_and_leaves_no_trace(live, seen_as):
    live.look("dark")
    live.page.evaluate(
        """() => {
          window.printed = {};
          for (const type of ["beforeprint", "afterprint"]) {
            addEventListener(type, () => { printed[type] = probe.drawn(type === "afterprint"); }, { once: true });
          }
        }"""
    )
    assert live.page.pdf(format="A4").startswith(b"%PDF")
    assert live.page.evaluate("printed") == {"beforeprint": True, "afterprint": True}
    assert not live.page.evaluate("probe.figures().some((figure) => figure.style.width)")
    assert not live.changes()


@pytest.mark.parametrize("host", ["vscode-high-contrast", "vscode-high-contrast vscode-high-contrast-light"])
def test_a_host_s_themes_of_high_contrast_are_dark_and_light(live, seen_as, host):
    """As VS Code marks them."""
    dark = "light" not in host
    live.page.evaluate("(host) => { document.body.className = host; }", host)
    live.until("(dark) => probe.drawn(dark)", dark, timeout=LIVE)
    assert ink(live) == palette.PLAIN["ink"]["dark" if dark else "light"]
    live.page.evaluate("document.body.className = ''")


def pixels(place):
    """What is seen of an element inside its border, (rows, columns, 3)."""
    return imread(io.BytesIO(place.screenshot()))[3:-3, 3:-3, :3]


@pytest.mark.parametrize("system", ["dark", "light"])
def test_the_system_s_forced_colours_leave_everything_to_be_read(live, seen_as, system):
    """The page is marked the other way, as where a reader has chosen its theme."""
    live.look("light" if system == "dark" else "dark")
    seen_as(forced_colors="active", color_scheme=system)
    live.until("(dark) => probe.drawn(dark)", system == "dark", timeout=LIVE)
    assert ink(live) == palette.PLAIN["ink"][system]
    other_inks = live.page.evaluate(
        """() => {
          const sheet = document.body.appendChild(document.createElement("div"));
          sheet.style.color = "CanvasText";
          const ink = getComputedStyle(sheet).color;
          sheet.remove();
          const beside = ".xtick text, .ytick text, .legendtext, .xtitle, .ytitle, .bartext, [data-kind=scatter] text";
          return [...document.querySelectorAll(`.tl-slot :is(${beside})`)]
            .filter((e) => getComputedStyle(e).fill !== ink).map((e) => e.outerHTML);
        }"""
    )
    assert not other_inks, other_inks[:3]
    # A triangle is higher on its left than in its middle.
    button = pixels(live.page.locator(".tl-play").first)[4:-4, 4:-4]  # within its edge
    heights = (np.abs(button - button[0, 0]).max(-1) > 0.3).sum(0)
    heights = heights[heights > 0]
    assert heights[0] > 1.3 * heights[len(heights) // 2], heights
    scale = pixels(live.page.locator("figure#attention-matrix .tl-ramp").first)
    assert np.abs(scale[:, :2].mean((0, 1)) - scale[:, -2:].mean((0, 1))).max() > 0.2, "a scale has two ends"
    cells = [live.page.locator(".tl-cell").nth(i) for i in range(2)]
    for cell, pressed in zip(cells, ("true", "false"), strict=True):
        cell.evaluate("(cell, pressed) => cell.setAttribute('aria-pressed', pressed)", pressed)
    yes, no = (pixels(cell).mean((0, 1)) for cell in cells)
    assert np.abs(yes - no).max() > 0.2, "a cell of a mask says yes or no"


def test_a_heatmap_may_be_coloured_by_other_numbers_than_it_shows(live):
    written, coloured, legends = live.page.evaluate(
        """() => {
          const place = probe.figure("two-picks").querySelector("[data-view=table]");
          const [cells, numbers] = place.querySelector(".js-plotly-plot").data;
          return [numbers.text, cells.z, place.querySelectorAll(".tl-legend").length];
        }"""
    )
    assert written == [number(round(x, 2)) for x in TABLE.flatten().tolist()]
    np.testing.assert_allclose(coloured, SHADE, rtol=1e-6)
    assert not legends, "its colours stand for no number on display"


def test_a_translated_page_keeps_the_names_that_its_code_knows(live):
    """As browsers translate: each text becomes another, in an element of its own; some do where it is forbidden."""
    id_ = "attention-matrix"
    live.page.evaluate(
        """(id) => {
          const texts = document.createTreeWalker(probe.figure(id), NodeFilter.SHOW_TEXT);
          const found = [];
          while (texts.nextNode()) found.push(texts.currentNode);
          for (const text of found.filter((text) => text.data.trim())) {
            const word = text.parentElement.closest(".tl-word");
            if (!word && text.parentElement.closest("script, [translate=no]")) continue;
            const font = document.createElement("font");
            font.textContent = `«${text.data}»`;
            font.original = text;
            text.replaceWith(font);
          }
        }""",
        id_,
    )
    figure = live.page.locator(f"figure#{id_}")
    assert figure.locator(".tl-title").first.text_content() == "«Scores»"
    for names in (".tl-slot text", ".tl-token b", ".tl-options label", "option"):
        texts = figure.locator(names).all_text_contents()
        assert texts and "«" not in "".join(texts), names
    figure.locator(".tl-known summary").click()
    figure.locator(".tl-word").nth(2).click()
    live.settle(id_)
    assert live.values(id_)["sentence"] == "the cat chased the dog dog"
    assert figure.locator(".tl-title").first.text_content() == "«Scores»", "translated once is enough"
    with live.page.expect_download() as drawing:
        figure.locator("[data-tool=svg]").click()
    assert "«" not in drawing.value.path().read_text(encoding="utf-8")
    back = "(id) => probe.figure(id).querySelectorAll('font').forEach((e) => e.replaceWith(e.original))"
    live.page.evaluate(back, id_)
    figure.locator(".tl-known summary").click()
    # What an exercise offers is prose.
    assert live.page.evaluate("document.querySelector('form .tl-options label').translate")

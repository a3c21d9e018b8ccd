"""Every figure of every built page: alive, honest, and moved by everything that a reader may use."""

import json
import math
import random
from base64 import b64decode
from urllib.parse import unquote, urlsplit

import numpy as np
from playwright.sync_api import expect

from transformer_lite.explore.text import say

from .visit import LIVE


def other_values(control, controls, values):
    """Settings of a control that differ from the present one, a few of them."""
    kind, now = control["kind"], control["value"]
    if kind in ("slider", "length"):
        found = [control["min"], control["max"]]
    elif kind == "toggle":
        found = [not now]
    elif kind == "choice":
        found = control["options"]
    elif kind == "words":
        words = control["vocabulary"]
        found = [words[-1], " ".join(words[i % len(words)] for i in range(control["maximum"]))]
    elif kind == "order":
        found = [now[::-1], [*now[1:], now[0]]]
    elif kind == "points":
        low, high = control["min"], control["max"]
        found = [[[low, high], *now[1:]], [[high, low] for _ in now]]
    else:
        assert kind == "pick"
        sizes = [size_of(axis, controls, values) for axis in control["axes"]]
        found = [[size - 1 for size in sizes], [0 for _ in sizes]]
        found = found if len(sizes) == 2 else [index for (index,) in found]
    return [value for value in found if value != now]


def size_of(axis, controls, values):
    if axis["size"] is not None:
        return axis["size"]
    value = values[axis["labels"]]
    kind = controls[axis["labels"]]["kind"]
    return {"words": lambda: len(value.split()), "order": lambda: len(value), "length": lambda: value}[kind]()


def numbers(outputs, name):
    return np.array([float(x) for x in outputs[name]["data"]], dtype=np.float32).reshape(
        outputs[name]["shape"]
    )


def unpacked(tensor):
    return np.frombuffer(b64decode(tensor["data"]), dtype="<f4").reshape(tensor["shape"])


def assert_close(got, wanted):
    scale = max(1, np.abs(wanted[np.isfinite(wanted)]).max(initial=0))
    assert got.shape == wanted.shape
    np.testing.assert_array_equal(np.isneginf(got), np.isneginf(wanted))
    finite = np.isfinite(wanted)
    assert np.abs(got[finite] - wanted[finite]).max(initial=0) <= 1e-5 * scale


def trace_of(live, site, live_page, id_):
    source = live.page.evaluate("(id) => probe.figure(id).dataset.source", id_)
    home = site + live_page.rpartition("/")[0] + "/" if "workbench" in live_page else site
    return json.loads(
        live.page.evaluate(
            "async (url) => (await fetch(url)).text()", f"{home}_static/figures/{source}.trace.json"
        )
    )


# -- promises ------------------------------------------------------------------------------------------------------


def test_every_figure_becomes_live(live):
    assert live.figures()
    assert {id_: live.state(id_) for id_ in live.figures()} == dict.fromkeys(live.figures(), "live")
    assert not live.errors
    assert not live.foreign()


def test_controls_are_described_as_the_reader_sees_them(live):
    kinds = {
        "slider": {"min", "max", "step"},
        "length": {"min", "max", "step"},
        "choice": {"options"},
        "words": {"maximum"},
        "order": {"items"},
        "points": {"min", "max", "step", "names", "view"},
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


def test_outputs_at_the_defaults_are_pytorch_s(live, site, live_page):
    for id_ in live.figures():
        case = trace_of(live, site, live_page, id_)["cases"][0]
        assert case["values"] == live.values(id_)
        shown = live.outputs(id_)
        assert shown.keys() == case["outputs"].keys()
        for name, wanted in case["outputs"].items():
            assert_close(numbers(shown, name), unpacked(wanted))


def test_check_replays_the_whole_trace(live, site, live_page):
    for id_ in live.figures():
        cases = trace_of(live, site, live_page, id_)["cases"]
        result = live.check(id_)
        assert result.keys() >= {"passed", "cases", "worst"}
        assert result["passed"] is True
        assert result["cases"] == len(cases)
        largest = max(
            np.abs(t[np.isfinite(t)]).max(initial=1)
            for c in cases
            for t in map(unpacked, c["outputs"].values())
        )
        assert 0 <= result["worst"] <= 1e-5 * largest
        assert not live.changes(), "a check must not move what is on display"


def test_check_does_not_take_the_engine_s_word_for_it(live, site, live_page):
    """The outputs after `set` are those of the trace, compared here and not in the page."""
    for id_ in live.figures():
        for case in trace_of(live, site, live_page, id_)["cases"][-3:]:
            assert live.set(id_, **case["values"]) == case["values"]
            shown = live.outputs(id_)
            for name, wanted in case["outputs"].items():
                assert_close(numbers(shown, name), unpacked(wanted))
        live.reset(id_)


def test_every_control_changes_a_number_through_set(live):
    for id_ in live.figures():
        for name, control in live.controls(id_).items():
            before, controls = live.outputs(id_), live.controls(id_)
            moved = []
            for value in other_values(control, controls, live.values(id_)):
                live.changes()
                values = live.set(id_, **{name: value})
                assert values[name] == value
                assert live.changes() == [id_], "one `change` for one new picture"
                shown = live.outputs(id_)
                assert all(
                    not math.isnan(float(x)) and float(x) != math.inf
                    for o in shown.values()
                    for x in o["data"]
                )
                moved.append(shown != before)
                assert not live.objections(id_), (id_, name, value)
            assert any(moved), (id_, name)
            live.reset(id_)
            assert live.outputs(id_) == before


def test_a_value_that_does_not_fit_is_refused_and_changes_nothing(live):
    for id_ in live.figures():
        controls, values, outputs = live.controls(id_), live.values(id_), live.outputs(id_)
        refused = [{"no_such_control": 1}]
        for name, control in controls.items():
            kind = control["kind"]
            if kind in ("slider", "length"):
                refused += [
                    {name: control["max"] + 1},
                    {name: control["min"] - 1},
                    {name: "many"},
                    {name: None},
                ]
            elif kind == "words":
                refused += [
                    {name: ""},
                    {name: "qwertz"},
                    {name: " ".join([control["vocabulary"][0]] * (control["maximum"] + 1))},
                ]
            elif kind == "pick":
                refused += [
                    {name: [10**6] * len(control["axes"])} if len(control["axes"]) == 2 else {name: 10**6},
                    {name: "a"},
                ]
            elif kind == "order":
                refused += [{name: [0] * len(control["value"])}, {name: control["value"][1:]}, {name: "0,1"}]
            elif kind == "points":
                outside = [[control["max"] + 1, 0], *control["value"][1:]]
                refused += [
                    {name: outside},
                    {name: control["value"][1:]},
                    {name: [["a", 0], *control["value"][1:]]},
                ]
            else:
                refused += [{name: "neither"}]
        # A good change beside a bad one is not made either.
        first = next((name for name, c in controls.items() if c["kind"] in ("slider", "length")), None)
        if first:
            refused.append({first: controls[first]["min"], "no_such_control": 1})
        live.changes()
        for changes in refused:
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


def test_the_summary_is_the_static_one_at_the_defaults_and_follows_the_numbers(
    live, site, live_page, visiting
):
    with visiting(java_script_enabled=False) as still:
        still.open(site + live_page, live=False)
        written = {
            figure.get_attribute("id"): figure.locator("details .tl-summary").text_content()
            for figure in still.page.locator("figure.explorable").all()
        }
    for id_ in live.figures():
        assert live.said(id_, ".tl-summary") == written[id_]
        controls = live.controls(id_)
        for name, control in controls.items():
            for value in other_values(control, controls, live.values(id_))[:1]:
                before = live.outputs(id_)
                live.set(id_, **{name: value})
                own = [n for n in before if "." not in n]
                if any(live.outputs(id_)[n] != before[n] for n in own):
                    break
        live.reset(id_)
        assert live.said(id_, ".tl-summary") == written[id_]


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
            elif kind == "toggle":
                place.locator("input").click()
            elif kind == "choice":
                place.locator("input:not(:checked)").first.click()
            elif kind == "words":
                place.locator("input").fill(other_values(control, live.controls(id_), live.values(id_))[0])
            elif kind == "order":
                drag(live, place.locator(".tl-chip").first, place.locator(".tl-chip").last)
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
            assert live.outputs(id_) != before, (id_, name)
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
        chip = live.page.evaluate("document.activeElement.classList.contains('tl-chip')")
        if at["play"] or (at["tag"] == "button" and not chip) or at["tag"] == "summary" or key in moved:
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


def test_a_link_restores_the_settings(live, site, live_page, visiting):
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
        break  # One new page is enough here; the next test asks every figure through this page's address.
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
            place.locator("input").fill(control["vocabulary"][1])
        elif kind == "pick":
            place.locator("select").first.select_option(index=1 if control["value"] in (0, [0, 0]) else 0)
        elif kind == "order":
            place.locator(".tl-chip").first.press("ArrowRight")
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


def give(form, described, answer):
    """Enters an answer as a reader would."""
    if described["kind"] == "number":
        form.locator("input").fill(f"{float(answer):.5g}")
    elif described["kind"] == "mask":
        for cell, allowed in zip(form.locator(".tl-cell").all(), answer.flatten(), strict=True):
            if (cell.get_attribute("aria-pressed") == "true") != bool(allowed):
                cell.click()
    else:
        chips = form.locator(".tl-chip")
        for place, item in enumerate(described["order"][int(i)] for i in answer):
            at = next(i for i in range(place, chips.count()) if chips.nth(i).text_content() == item)
            for i in range(at, place, -1):
                chips.nth(i).press("ArrowLeft")


# -- exercises -----------------------------------------------------------------------------------------------------


def test_every_exercise_tells_the_right_answer_from_each_wrong_one(live, site, live_page):
    for id_ in live.page.evaluate("[...document.querySelectorAll('form.tl-exercise')].map(({ id }) => id)"):
        form = live.page.locator(f"form#{id_}")
        described = json.loads(form.locator("script").text_content())
        (case,) = trace_of(live, site, live_page, id_)["cases"]
        answers = {name: unpacked(tensor) for name, tensor in case["outputs"].items()}

        def told(form=form):
            place = form.locator(".tl-message")
            place.evaluate("(place) => { place.textContent = ''; }")
            form.locator("button[type=submit]").click()
            expect(place).not_to_be_empty(timeout=20_000)
            return place.text_content()

        assert described["hints"]
        if described["kind"] == "choice":
            for i, option in enumerate(described["options"]):
                form.locator("input").nth(i).check()
                right = i == answers["right"]
                hint = described["hints"].get(option)
                assert told() == (say("answer-right") if right else say("answer-hint", hint=hint)), (
                    id_,
                    option,
                )
        else:
            for name, answer in answers.items():
                give(form, described, answer)
                right = name == "right"
                hint = described["hints"].get(name)
                assert told() == (say("answer-right") if right else say("answer-hint", hint=hint)), (
                    id_,
                    name,
                )

"""The front end's checks, addresses and judgments, for every figure and exercise of the book; no browser."""

import json
import re

import pytest

from ..browser.settings import unfit
from ..built import built_site, live_pages, markup, trace


def stored(element):
    """Every such element of the book: its description, and the recorded cases."""
    pattern = (
        rf'<{element}\b[^>]*data-source="([^"]+)"[^>]*>\s*<script type="application/json"[^>]*>(.*?)</script>'
    )
    for page in live_pages():
        for source, description in re.findall(pattern, markup(page), re.DOTALL):
            yield f"{page}: {source}", json.loads(description), trace(built_site() / "_static", source)


pytestmark = pytest.mark.skipif(not live_pages(), reason="no website is built")


def test_addresses_lead_back_to_every_recorded_setting(node):
    figures = [
        {"where": where, "figure": figure, "settings": [case["values"] for case in cases]}
        for where, figure, cases in stored("figure")
    ]
    assert figures
    lost = node(
        """const { fromFragment, toFragment } = await front("address.mjs");
        const { checkValues } = await front("values.mjs");
        return data.flatMap(({ where, figure: { name, controls }, settings }) => settings.flatMap((values) => {
          const fragment = toFragment([{ name, controls, values }]);
          const defaults = Object.fromEntries(Object.entries(controls).map(([key, { value }]) => [key, value]));
          const moved = Object.keys(values).some((key) => String(values[key]) !== String(defaults[key]));
          if (!moved) return fragment === "" ? [] : [[where, values, fragment]];
          const read = checkValues(controls, defaults, fromFragment(fragment, name, controls));
          const same = Object.keys(values).every((key) => JSON.stringify(read[key]) === JSON.stringify(values[key]));
          return same ? [] : [[where, values, fragment, read]];
        }));""",
        figures,
    )
    assert not lost, lost[:3]


def test_every_value_that_does_not_fit_is_refused_with_a_sentence(node):
    figures = [
        {"where": where, "controls": figure["controls"], "refused": unfit(figure["controls"])}
        for where, figure, _ in stored("figure")
    ]
    answers = node(
        """const { checkValues } = await front("values.mjs");
        return data.flatMap(({ where, controls, refused }) => refused.map((changes) => {
          const defaults = Object.fromEntries(Object.entries(controls).map(([key, { value }]) => [key, value]));
          try {
            checkValues(controls, defaults, changes);
            return [where, changes, null];
          } catch ({ message }) {
            return [where, changes, message];
          }
        }));""",
        figures,
    )
    assert len(answers) > 100
    for where, changes, said in answers:
        assert said and " " in said and said.rstrip("”")[-1] in ".…", (where, changes, said)


def test_every_exercise_tells_the_right_answer_from_each_wrong_one(node):
    asked = []
    for where, exercise, (case,) in stored("form"):
        answers = {name: tensor.flatten().tolist() for name, tensor in case["outputs"].items()}
        given = {
            "number": lambda answer: f"{answer[0]:.5g}",
            "choice": lambda answer: str(int(answer[0])),
            "order": lambda answer: [int(i) for i in answer],
            "mask": lambda answer: [int(i) for i in answer],
        }[exercise["kind"]]
        tries = {name: given(answer) for name, answer in answers.items()}
        right = "right"
        if exercise["kind"] == "choice":
            tries = {option: str(i) for i, option in enumerate(exercise["options"])}
            right = exercise["options"][int(answers["right"][0])]
        assert exercise["hints"].keys() == tries.keys() - {right}, where
        asked += [
            {"where": f"{where}, {name}", "exercise": exercise, "answers": answers, "given": answer}
            | {"right": name == right, "hint": exercise["hints"].get(name)}
            for name, answer in tries.items()
        ]
    assert len(asked) > 100
    wrong = node(
        """const { judge } = await front("exercise.mjs");
        const { say } = await front("text.mjs");
        return data.flatMap(({ where, exercise, answers, given, right, hint }) => {
          const verdict = judge(exercise, answers, given);
          const wanted = right ? say("answer-right") : say("answer-hint", { hint });
          return verdict.text === wanted && verdict.right === right ? [] : [[where, given, verdict]];
        });""",
        asked,
    )
    assert not wrong, wrong

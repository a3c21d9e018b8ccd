"""Answers entered as a reader enters them."""

import json

from playwright.sync_api import expect


def described(visit, id_):
    return json.loads(visit.page.locator(f"form#{id_} script").text_content())


def exercises(visit):
    return visit.page.evaluate("[...document.querySelectorAll('form.tl-exercise')].map(({ id }) => id)")


def give(form, described, answer):
    """Enters an answer: a number, the index of an option, an order or a mask."""
    if described["kind"] == "number":
        form.locator("input").fill(f"{float(answer):.5g}")
    elif described["kind"] == "choice":
        form.locator("input").nth(int(answer)).check()
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


def told(form):
    """What the page says of the answer."""
    place = form.locator(".tl-message")
    place.evaluate("(place) => { place.textContent = ''; }")
    form.locator("button[type=submit]").click()
    expect(place).not_to_be_empty(timeout=20_000)
    return place.text_content()

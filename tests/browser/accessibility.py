"""What axe-core, an auditor of accessibility that we did not write, objects to on an open page."""

from pathlib import Path

from .visit import ROOT

SCRIPTS = [ROOT / "node_modules/axe-core/axe.min.js", Path(__file__).with_name("audit.js")]
# The rules that ask for colours; no other does.
COLOURS = ["color-contrast", "link-in-text-block"]

# How the texts were painted whose colours were asked for, by theme: pages share a style, and each look is asked once.
PAINTED: dict[str, list[str]] = {"light": [], "dark": []}

# What the theme itself gets wrong and the book cannot mend: (rule, a piece of the element's markup).
THEME_FAULTS: list[tuple[str, str]] = []


def audit(visit, *, colours_only=False, inside=("html",)):
    """What axe objects to, as (rule, element, why): by all rules or those on colours, on the page or `inside` some
    elements of it (selectors).
    """
    if not visit.page.evaluate("'audit' in window"):
        for script in SCRIPTS:
            visit.page.evaluate(script.read_text(encoding="utf-8"))
        visit.page.evaluate("audit.unwrapWords()")
    options = {"runOnly": COLOURS} if colours_only else {}
    known = PAINTED["dark" if visit.dark else "light"]
    asked = "([inside, options, colours]) => audit.run(inside, options, colours)"
    came = visit.page.evaluate(asked, [list(inside), options, {"known": known, "colours": COLOURS}])
    known += came["looks"]
    return [
        (rule, html, why)
        for rule, html, why in came["found"]
        if not any(rule == fault and piece in html for fault, piece in THEME_FAULTS)
    ]

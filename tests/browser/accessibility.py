"""What axe-core, an auditor of accessibility that we did not write, objects to on an open page."""

from pathlib import Path

from .visit import ROOT

SCRIPTS = [ROOT / "node_modules/axe-core/axe.min.js", Path(__file__).with_name("audit.js")]
# The rules that ask for colours; no other does.
COLOURS = ["color-contrast", "link-in-text-block"]

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
    colours = {"theme": "dark" if visit.dark else "light", "colours": COLOURS}
    asked = "([inside, options, colours]) => audit.run(inside, options, colours)"
    found = visit.page.evaluate(asked, [list(inside), options, colours])
    return [
        (rule, html, why)
        for rule, html, why in found
        if not any(rule == known and piece in html for known, piece in THEME_FAULTS)
    ]

"""The theme's icons as a few lines of CSS, in place of FontAwesome's 1.5 MB of JavaScript.

A page writes `<i class="fa-solid fa-moon">`; here each name in use becomes a mask cut from FontAwesome's own drawing
(fontawesome.com, licence CC BY 4.0), filled with the text's colour.
"""

import re
from pathlib import Path
from urllib.parse import quote

from sphinx.util import logging

logger = logging.getLogger(__name__)

ELEMENT = re.compile(r"<(?:i|span|svg)\b[^>]*\bclass=\"([^\"]*\bfa-[a-z][^\"]*)\"")
FAMILIES = {"fa-solid": "solid", "fas": "solid", "fa-regular": "regular", "far": "regular"}
FAMILIES |= {"fa-brands": "brands", "fab": "brands"}
# Not names of icons, but sizes.
SIZES = {"fa-lg", "fa-sm", "fa-xs", "fa-xl", "fa-fw", "fa-2x"}

BASE = """
.fa-solid,.fas,.fa-regular,.far,.fa-brands,.fab{
  display:inline-block;width:1em;height:1em;vertical-align:-.125em;flex:none;
  background:currentColor;mask:var(--icon) center/contain no-repeat}
.fa-solid::before,.fas::before,.fa-regular::before,.far::before,.fa-brands::before,.fab::before{content:none}
.fa-lg{font-size:1.2em}
"""


def used(html: str) -> set[tuple[str, str]]:
    """(family, name) of each icon on a page."""
    found = set()
    for attribute in ELEMENT.findall(html):
        classes = attribute.split()
        family = next((FAMILIES[c] for c in classes if c in FAMILIES), "solid")
        found |= {
            (family, c[3:]) for c in classes if c.startswith("fa-") and c not in FAMILIES.keys() | SIZES
        }
    return found


def style(icons: set[tuple[str, str]], modules: Path) -> str:
    """The CSS that shows these icons."""
    rules = [BASE]
    for family, name in sorted(icons):
        path = modules / "@fortawesome/fontawesome-free/svgs" / family / f"{name}.svg"
        if not path.is_file():
            logger.warning("there is no icon %s (%s)", name, family, type="icons")
            continue
        drawing = re.sub(r"<!--.*?-->", "", path.read_text(encoding="utf-8"))
        address = "data:image/svg+xml," + quote(drawing, safe=" =:/")
        rules.append(f'.fa-{name}{{--icon:url("{address}")}}')
    return "\n".join(rules) + "\n"

"""Every built page: links that lead somewhere, one id for one thing, a strict policy; those without figures, all else.

What is asked of pages with figures stands in test_figures.py.
"""

import os
import re
from functools import cache

import pytest

from ..built import built_pages, built_site, live_pages, markup
from .accessibility import audit
from .test_figures import faults_of


@pytest.fixture(scope="module")
def plain(visiting):
    """A window in which pages without figures are opened one after the other."""
    with visiting() as visit:
        yield visit


def test_a_page_without_figures_is_clean_whole_and_accessible(plain, site, still_page):
    plain.requests.clear()
    plain.look("light", "wide")
    plain.open(site + still_page)
    assert not plain.figures()
    assert not plain.foreign()
    for theme, size in (("light", "wide"), ("dark", "phone")):
        plain.look(theme, size)
        faults = [*faults_of(plain), *audit(plain)]
        assert not faults, (theme, size, faults)
    assert not plain.errors


def test_paper_is_white_and_holds_the_code_whole(visiting, site):
    folded = r'<details class="[^"]*\b(?:hide|looks)\b'
    page = next(page for page in live_pages() if re.search(folded, markup(page)))
    state = """() => ({ theme: document.documentElement.dataset.theme,
      open: [...document.querySelectorAll("details.hide, details.looks")].map(({ open }) => open) })"""
    with visiting(dark=True) as visit:
        visit.open(site + page, live=False)
        before = visit.page.evaluate(state)
        assert before["theme"] == "dark" and not any(before["open"])
        visit.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        printed = visit.page.evaluate(state)
        assert printed["theme"] == "light" and all(printed["open"])
        visit.page.emulate_media(media="print")
        visit.page.set_viewport_size({"width": 718, "height": 1000})
        cut = """[...document.querySelectorAll(".bd-article pre")]
          .filter((box) => box.scrollWidth > box.clientWidth + 1 || probe.clipped(probe.texts(box)).length)
          .map((box) => box.textContent.slice(0, 80))"""
        assert not visit.page.evaluate(cut)
        assert not visit.page.locator(".bd-sidebar, .copybtn").filter(visible=True).count()
        visit.page.emulate_media(media="screen")
        visit.page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert visit.page.evaluate(state) == before
        assert not visit.errors


@cache
def names_in(page):
    """What a link into a page may lead to."""
    return set(re.findall(r'(?:id|name)="([^"]*)"', markup(page)))


@pytest.mark.parametrize("page", built_pages())
def test_every_link_inside_the_site_leads_somewhere(page):
    site = built_site()
    for address in set(re.findall(r'(?:href|src)="([^"]+)"', markup(page))):
        if re.match(r"[a-z]+:|//", address):
            continue
        path, _, fragment = address.partition("#")
        target = (site / page).parent / path.split("?")[0] if path else site / page
        if target.is_dir():
            target = target / "index.html"
        assert target.is_file(), address
        if fragment and target.suffix == ".html":
            assert fragment in names_in(os.path.relpath(target, site)), address


@pytest.mark.parametrize("page", built_pages())
def test_no_two_things_on_a_page_have_one_id(page):
    """A figure named like a heading would be lost: links, and the page's own scripts, find the heading."""
    ids = re.findall(r'\sid="([^"]+)"', markup(page))
    assert len(ids) == len(set(ids)), sorted({id_ for id_ in ids if ids.count(id_) > 1})


@pytest.mark.parametrize("page", built_pages())
def test_pictures_reserve_their_place(page):
    for picture in re.findall(r"<img\b[^>]*_images/[^>]*>", markup(page)):
        assert re.search(r'\bwidth="[1-9]\d*" height="[1-9]\d*"', picture), picture


@pytest.mark.parametrize("page", built_pages())
def test_a_page_with_scripts_states_a_policy_of_its_own(page):
    if "<script" not in markup(page):
        return
    stated = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)"', markup(page))[1]
    assert "default-src 'none'" in stated
    assert "unsafe-eval" not in stated.replace("wasm-unsafe-eval", "")
    assert not re.search(r"script-src[^;]*unsafe-inline", stated)

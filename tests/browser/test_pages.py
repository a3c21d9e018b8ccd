"""Every built page: nothing from another host, nothing that fails, readable by everyone, on any screen."""

import re

import pytest

from .visit import PROBE, ROOT

AXE = (ROOT / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")

# What the theme itself gets wrong and the book cannot mend: (rule, a piece of the element's markup).
THEME_FAULTS: list[tuple[str, str]] = []

SIZES = {"wide": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 800}}


def audit(visit):
    """What axe-core objects to, as (rule, element, why)."""
    visit.page.evaluate(AXE)
    found = visit.page.evaluate(
        """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.flatMap(
             ({ id, nodes }) => nodes.map(({ html, failureSummary }) => [id, html.slice(0, 300), failureSummary]))"""
    )
    return [
        (rule, html, why)
        for rule, html, why in found
        if not any(rule == known and piece in html for known, piece in THEME_FAULTS)
    ]


def objections(visit):
    """What covers something else, is cut off, or reaches out of the window now."""
    found = [(id_, what) for id_ in visit.figures() for what in visit.objections(id_)]
    wider = visit.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*found, f"the page is {wider} px wider than the window"] if wider > 0 else found


def unfold(visit, is_open):
    """Opens or closes the summary and the table of every figure."""
    visit.page.evaluate(
        """(open) => probe.figures().forEach((figure) => {
          figure.querySelectorAll("details").forEach((details) => { details.open = open; });
          figure.querySelector("[data-tool=table]").click();
        })""",
        is_open,
    )


def test_a_page_is_clean_whole_and_accessible(visiting, site, any_page):
    """One load for everything that can be seen without moving anything: light and dark, wide and narrow."""
    with visiting() as visit:
        visit.open(site + any_page)
        if visit.figures():
            visit.page.wait_for_load_state("networkidle")
        assert not visit.foreign()
        assert not visit.errors
        assert {id_: visit.state(id_) for id_ in visit.figures()} == dict.fromkeys(visit.figures(), "live")

        looks = [("light", "wide"), ("dark", "wide"), ("light", "phone"), ("dark", "phone")]
        for theme, size in looks if visit.figures() else [looks[0], looks[-1]]:
            visit.page.set_viewport_size(SIZES[size])
            visit.page.emulate_media(color_scheme=theme)
            visit.page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
            visit.page.wait_for_timeout(400 if visit.figures() else 50)
            assert not objections(visit), (theme, size)
            assert not audit(visit), (theme, size)
            if theme == "light":
                unfold(visit, True)
                assert not objections(visit), (theme, size, "unfolded")
                assert not audit(visit), (theme, size, "unfolded")
                unfold(visit, False)
        assert not visit.errors


@pytest.mark.parametrize("size", SIZES)
def test_the_default_picture_is_whole(visiting, site, live_page, size):
    """As it is drawn at first paint, and stays where figures cannot be live."""
    with visiting(java_script_enabled=False, **SIZES[size]) as visit:
        visit.open(site + live_page, live=False)
        visit.page.evaluate(PROBE.read_text(encoding="utf-8"))
        for id_ in visit.figures():
            slots = visit.page.locator(f"figure#{id_} .tl-slot")
            assert slots.locator("> svg").count() == slots.count()
        assert not objections(visit)
        assert not visit.errors


@pytest.mark.parametrize("size", SIZES)
def test_nothing_moves_when_figures_become_live(visiting, site, live_page, size):
    places = """() => [...document.querySelectorAll("main *")]
      .filter((e) => !e.closest("figure.explorable > *, svg") && e.checkVisibility() && e.getClientRects().length)
      .map((e) => [e.id || e.textContent.trim().slice(0, 40), e.getBoundingClientRect().bottom + scrollY])"""
    with visiting(**SIZES[size]) as visit:
        held, released = [], []
        visit.page.route("**/runtime/**", lambda route: route.continue_() if released else held.append(route))
        visit.open(site + live_page, live=False)
        visit.page.wait_for_timeout(500)
        before = visit.page.evaluate(places)
        released.append(True)
        for route in held:
            route.continue_()
        visit.wake()
        visit.page.wait_for_timeout(300)
        after = visit.page.evaluate(places)
        assert [what for what, _ in before] == [what for what, _ in after]
        both = zip(before, after, strict=True)
        moved = [(what, round(new - old)) for (what, old), (_, new) in both if abs(new - old) > 2]
        assert not moved, moved[:5]


def test_every_link_inside_the_site_leads_somewhere(served, any_page):
    markup = (served / "sub" / any_page).read_text(encoding="utf-8")
    folder = (served / "sub" / any_page).parent
    for address in re.findall(r'(?:href|src)="([^"]+)"', markup):
        if re.match(r"[a-z]+:|//", address):
            continue
        path, _, fragment = address.partition("#")
        target = (folder / path.split("?")[0]) if path else served / "sub" / any_page
        if target.is_dir():
            target = target / "index.html"
        assert target.is_file(), address
        if fragment and target.suffix == ".html":
            there = target.read_text(encoding="utf-8")
            assert re.search(rf'(?:id|name)="{re.escape(fragment)}"', there), address


def test_no_two_things_on_a_page_have_one_id(served, any_page):
    """A figure named like a heading would be lost: links, and the page's own scripts, find the heading."""
    markup = (served / "sub" / any_page).read_text(encoding="utf-8")
    ids = re.findall(r'\sid="([^"]+)"', markup)
    assert len(ids) == len(set(ids)), sorted({id_ for id_ in ids if ids.count(id_) > 1})


def test_pictures_reserve_their_place(served, any_page):
    markup = (served / "sub" / any_page).read_text(encoding="utf-8")
    for picture in re.findall(r"<img\b[^>]*_images/[^>]*>", markup):
        assert re.search(r'\bwidth="[1-9]\d*" height="[1-9]\d*"', picture), picture


def test_a_page_with_scripts_states_a_policy_of_its_own(served, any_page):
    markup = (served / "sub" / any_page).read_text(encoding="utf-8")
    if any_page.startswith("workbench") or "<script" not in markup:
        return
    stated = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)"', markup)[1]
    assert "default-src 'none'" in stated
    assert "unsafe-eval" not in stated.replace("wasm-unsafe-eval", "")
    assert not re.search(r"script-src[^;]*unsafe-inline", stated)

"""A Chromium that visits pages served as strictly as they may be; the benchmarks use it too."""

import functools
import http.server
import re
import shutil
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
PROBE = Path(__file__).with_name("probe.js")

# Written out here, so that a weaker policy in the house would not weaken the tests.
POLICY = {
    "default-src": "'none'",
    "script-src": "'self' 'wasm-unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A name for this machine that browsers do not trust as they trust localhost.
    "--host-resolver-rules=MAP book.test 127.0.0.1",
]
# Seconds in which figures become live on a machine that is busy with other things.
LIVE = 60
SIZES = {"wide": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 800}}
# Where pictures of what failed are kept.
FAILURES = ROOT / "_build/failures"


class Handler(http.server.SimpleHTTPRequestHandler):
    policy = POLICY
    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}  # noqa: RUF012

    def end_headers(self):
        self.send_header("Content-Security-Policy", "; ".join(f"{k} {v}" for k, v in self.policy.items()))
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, *args):
        pass


class WithoutWebAssembly(Handler):
    policy = POLICY | {"script-src": "'self'"}


@contextmanager
def serving(folder, handler=Handler):
    """The address of a server of `folder`; the website stands under a path of its own, as on GitHub Pages."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(handler, directory=str(folder))
    )
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/sub/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def running_chromium():
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


class Visit:
    """A page in a browser of its own, with a record of everything that a reader should not have to see."""

    def __init__(self, chromium, *, width=1280, height=900, dark=False, **options):
        options = {"reduced_motion": "reduce", **options}
        self.context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", **options
        )
        self.context.add_init_script(path=PROBE)
        self.dark = dark
        self.page = self.context.new_page()
        self.errors, self.requests = [], []
        # When each request was made that has no whole answer yet.
        self.pending = {}
        self.page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "requestfailed", lambda request: self.errors.append(f"failed: {request.url} {request.failure}")
        )
        self.page.on("response", lambda r: r.status >= 400 and self.errors.append(f"{r.status}: {r.url}"))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("request", lambda request: self.pending.update({request: time.monotonic()}))
        for end in ("requestfinished", "requestfailed"):
            self.page.on(end, lambda request: self.pending.pop(request, None))

    def open(self, url, *, live=True):
        self.page.goto(url, wait_until="load")
        if self.dark:
            self.page.evaluate("document.documentElement.dataset.theme = 'dark'")
        if live:
            self.wake()
        return self

    def open_watched(self, url):
        """Opens a page and notes where everything stands while its figures are pictures, in each size (`wide before`),
        and once they are live (`wide after`). They become so on a phone; the page stays wide.
        """
        held, released = [], []
        self.page.route("**/runtime/**", lambda route: route.continue_() if released else held.append(route))
        self.open(url, live=False)
        self.page.evaluate("document.fonts.ready")
        for size in ("wide", "phone"):
            self.look(size=size)
            self.page.evaluate("(name) => probe.notePlaces(name)", f"{size} before")
        released.append(True)
        for route in held:
            route.continue_()
        self.wake()
        for size in ("phone", "wide"):
            self.look(size=size)
            self.page.evaluate("(name) => probe.notePlaces(name)", f"{size} after")
        self.page.unroute("**/runtime/**")
        return self

    def look(self, theme=None, size=None):
        """Changes how the open page is seen; returns once every live chart is drawn so, and the theme has followed."""
        if size:
            self.page.set_viewport_size(SIZES[size])
        if theme:
            self.dark = theme == "dark"
            self.page.emulate_media(color_scheme=theme)
            self.page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        self.until(
            "(dark) => probe.drawn(dark) && probe.reachable() && probe.still()", self.dark, timeout=LIVE
        )
        self.page.evaluate("probe.painted()")

    def wake(self):
        """Brings every figure near the screen, and waits until it is live; what stalls is asked for again."""
        for id_ in self.figures():
            self.page.evaluate("(id) => probe.figure(id).scrollIntoView()", id_)
            self.until("(id) => probe.awake(id)", id_, timeout=LIVE)
        self.page.evaluate("scrollTo(0, 0)")

    def skip_questions(self):
        """Uncovers every figure that asks something first."""
        self.page.evaluate("probe.figures().forEach(({ explorable }) => explorable.skip?.())")
        for id_ in self.figures():
            if self.state(id_) == "live":  # to object to the others is for a test
                self.settle(id_)

    def until(self, function, argument=None, *, timeout=10):
        """Waits until a JavaScript function gives something true.

        Playwright's own wait evaluates a string in the page, which the policy forbids.
        """
        last = time.monotonic()
        end = last + timeout
        slowest = 0.0
        while not self.page.evaluate(function, argument):
            now = time.monotonic()
            # A page that is busy, or a machine that stood still, is another matter than a page that waits.
            slowest = max(slowest, now - last)
            assert now < end, (
                f"waited {timeout} s in vain: {function} of {argument}\n"
                f"the slowest answer took {slowest:.1f} s\n{self.account()}"
            )
            last = now
            self.page.wait_for_timeout(25)

    def settled_after(self, condition, *, timeout=30):
        """Waits until a Python function gives something true, and the network is quiet."""
        end = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < end, f"waited {timeout} s in vain\n{self.account()}"
            self.page.wait_for_timeout(50)
        self.page.wait_for_load_state("networkidle")

    def account(self):
        """What the page is at, in lines, for who waited in vain."""
        now = time.monotonic()
        pending = [f"without an answer for {now - since:.1f} s: {r.url}" for r, since in self.pending.items()]
        again = [f"asked for again: {url}" for url in self.requests if "?again=" in url]
        return "\n".join([*self.page.evaluate("probe.account()"), *pending, *again, *self.errors])

    def figures(self):
        return self.page.evaluate("probe.figures().map(({ id }) => id)")

    def state(self, id_):
        return self.page.evaluate("(id) => probe.figure(id).dataset.state", id_)

    def controls(self, id_):
        return self.page.evaluate("(id) => probe.figure(id).explorable.controls", id_)

    def values(self, id_):
        return self.page.evaluate("(id) => probe.figure(id).explorable.values", id_)

    def outputs(self, id_):
        return self.page.evaluate("(id) => probe.outputs(id)", id_)

    def set(self, id_, **changes):
        """`set` as from a console: all values, or the sentence of its refusal under `refused`."""
        return self.page.evaluate(
            """([id, changes]) => probe.figure(id).explorable.set(changes)
              .catch(({ message }) => ({ refused: message }))""",
            [id_, changes],
        )

    def move(self, id_, **changes):
        """`set`, and what came of it: see `probe.move`."""
        return self.page.evaluate("([id, changes]) => probe.move(id, changes)", [id_, changes])

    def check(self, id_):
        return self.page.evaluate("(id) => probe.figure(id).explorable.check()", id_)

    def settle(self, id_):
        """Waits for the picture of the reader's last move."""
        self.page.evaluate("(id) => probe.figure(id).explorable.set({})", id_)

    def reset(self, id_):
        """Through the figure's own button."""
        self.page.evaluate("(id) => probe.figure(id).querySelector('[data-tool=reset]').click()", id_)
        self.settle(id_)

    def changes(self):
        """The `change` events that reached the document since this was last asked."""
        return self.page.evaluate("probe.changes.splice(0)")

    def objections(self, id_):
        """Texts of a figure that cover each other or are cut off."""
        return self.page.evaluate("(id) => probe.objections(id)", id_)

    def said(self, id_, selector=".tl-message"):
        return self.page.evaluate(
            "([id, s]) => probe.figure(id).querySelector(s).textContent", [id_, selector]
        )

    def foreign(self):
        """Requests to another host."""
        return [
            url
            for url in self.requests
            if urlsplit(url).scheme in ("http", "https", "ws", "wss")
            and urlsplit(url).hostname != "127.0.0.1"
        ]

    def keep(self, name, id_=None):
        """Keeps a picture of what is seen now, or of one figure; returns its path, for a report."""
        FAILURES.mkdir(parents=True, exist_ok=True)
        path = FAILURES / f"{re.sub(r'[^a-zA-Z0-9_.-]+', '-', name).strip('-')[:150]}.png"
        place = self.page.locator(f"figure#{id_}") if id_ else self.page
        place.screenshot(path=path, timeout=10_000)
        return path.relative_to(ROOT)

    def close(self):
        self.context.close()

"""How long the build and its stages took, in seconds: `_build/times/site.json`, which tools/site.py prints.

Beside the stages stand the chapters that ran: each with its experiments, its figures' graphs and pictures. They run
side by side, so that together they are longer than the stage.
"""

import json
import time
from pathlib import Path

KEPT = Path("_build/times/site.json")
# Which stage begins with an event. An event's other listeners belong to the stage, as these come first.
STAGES = {
    "builder-inited": "reading the package",
    "env-before-read-docs": "running chapters",
    "env-updated": "writing pages",
    "build-finished": "finishing pages",
}
READING = "reading pages"


def last(root: Path) -> dict[str, float]:
    """The seconds of stages and chapters that were noted last."""
    return json.loads((root / KEPT).read_text()) if (root / KEPT).is_file() else {}


def note(app, name: str, seconds: float):
    app.house_seconds[name] = round(seconds, 1)


def setup(app):
    app.house_seconds = {}
    begun = {}

    def begin(stage):
        now = time.monotonic()
        for running, start in begun.items():
            note(app, running, now - start)
        begun.clear()
        if stage:
            begun[stage] = now

    def write(app, exception):
        begin(None)
        path = Path(app.srcdir) / KEPT
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(app.house_seconds, indent=1) + "\n")

    for event, stage in STAGES.items():
        app.connect(event, lambda *_, stage=stage: begin(stage), priority=-1)
    app.connect("env-before-read-docs", lambda *_: begin(READING), priority=10_000)
    app.connect("build-finished", write, priority=10_000)

"""A real JupyterLab on a copy of the book; the benchmarks use it too."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from .visit import ROOT

# No news, no updates; every cell in the page, whether on the screen or not; nothing about a file that was saved.
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {
        "checkForUpdates": False,
        "fetchNews": "false",
        "doNotDisturbMode": True,
    },
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none", "autoStartDefaultKernel": True},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}


@contextmanager
def running_lab(folder: Path):
    """The address of a JupyterLab whose root is a copy of the book in `folder`."""
    home, root = folder / "home", folder / "root"
    shutil.copytree(ROOT / "book", root / "book", ignore=shutil.ignore_patterns("_*", ".*"))
    for name, settings in SETTINGS.items():
        path = home / "settings" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "TRANSFORMER_LITE"))
    }
    environment |= {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
    }
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--ServerApp.ip=127.0.0.1"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={root}"]
    command += ["--IdentityProvider.token=", "--ServerApp.password=", "--LabApp.news_url=None"]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    log = folder / "lab.log"
    with log.open("wb") as output:
        server = subprocess.Popen(command, env=environment, cwd=root, stdout=output, stderr=subprocess.STDOUT)
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(300):
                if server.poll() is not None:
                    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")
                try:
                    urllib.request.urlopen(f"{address}/api", timeout=5).close()
                    break
                except OSError:
                    time.sleep(0.2)
            else:
                raise RuntimeError(f"JupyterLab did not answer within a minute:\n{log.read_text()[-3000:]}")
            yield f"{address}/lab"
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def open_notebook(visit, lab: str, path: str, timeout: float = 240) -> None:
    """Open a notebook of the book, run all of it, and wait until the last cell has run."""
    visit.page.goto(f"{lab}/tree/{path}?reset", wait_until="load")
    visit.page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=60_000)
    visit.page.get_by_text("| Idle").wait_for(timeout=60_000)
    visit.page.get_by_role("menuitem", name="Run", exact=True).click()
    visit.page.locator(".lm-Menu [data-command='runmenu:run-all']").click()
    prompts = "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map((e) => e.textContent)"
    visit.until(f"() => {prompts}.some((text) => /[\\d*]/.test(text))", timeout=30)
    visit.until(f"() => {prompts}.every((text) => /\\d/.test(text))", timeout=timeout)

"""Serve the built website on this machine, under the content security policy that it is built for.

`python tools/serve.py [FOLDER] [--port N]`. Tests use `server()` too.
"""

import argparse
import errno
import functools
import http.server
import sys
from pathlib import Path
from typing import ClassVar

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book/_ext"))

from house.policy import POLICY  # noqa: E402 (the path comes first)


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files with their right types, never from the browser's cache, under the strict policy."""

    extensions_map: ClassVar = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
        ".woff2": "font/woff2",
    }

    def end_headers(self):
        self.send_header("Content-Security-Policy", f"{POLICY}; frame-ancestors 'none'")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, *args):
        pass


def server(folder, port=0):
    """A server of `folder` on 127.0.0.1; port 0 takes any free one. The caller runs and closes it."""
    return http.server.ThreadingHTTPServer(
        ("127.0.0.1", port), functools.partial(Handler, directory=str(folder))
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "_build/html")
    parser.add_argument("--port", type=int, help="default: 8000, or any free one if that is taken")
    args = parser.parse_args()
    if not (args.folder / "index.html").is_file():
        parser.error(f"{args.folder} holds no website; `make site` builds one")
    try:
        site = server(args.folder, args.port or 8000)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        if args.port:
            parser.error(f"port {args.port} is taken; name another, or none to take any free one")
        site = server(args.folder)
    print(f"The book is at http://127.0.0.1:{site.server_port}/ (stop with Ctrl-C)", flush=True)
    try:
        site.serve_forever()
    except KeyboardInterrupt:
        print()
    finally:
        site.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

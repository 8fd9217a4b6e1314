"""Serves a folder on this machine with the headers that let WebAssembly use threads: `python serve.py OUT`.

Any static file server can serve the page; without these headers it runs on one thread. The Content-Security-Policy is
in the page too; as a header it also holds for the workers that ONNX Runtime starts.
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; style-src 'self'; "
        "img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


class Handler(SimpleHTTPRequestHandler):
    """Files with the headers above, and the types that browsers insist on, whatever this machine's registry says."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
        ".onnx": "application/octet-stream",
    }

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Stay quiet: who visits is nobody's business."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and serve until interrupted."""
    parser = argparse.ArgumentParser(description="Serve a folder on this machine, isolated so that threads work.")
    parser.add_argument("folder", type=Path, help="the folder that make_site.py made")
    parser.add_argument("--port", type=int, default=8000, help="0 takes any free one (default: 8000)")
    options = parser.parse_args(arguments)
    if not (options.folder / "index.html").is_file():
        parser.error(f"there is no index.html in {options.folder}: make it with make_site.py")
    try:
        server = ThreadingHTTPServer(("127.0.0.1", options.port), partial(Handler, directory=str(options.folder)))
    except (OSError, OverflowError):
        parser.error(f"port {options.port} cannot be used: choose another with --port")
    print(f"The page is at http://127.0.0.1:{server.server_port} (Ctrl-C ends it)", flush=True)
    with server, contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()

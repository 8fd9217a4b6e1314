"""Serves the web page: `python app.py --models models`, and every exported model in the folder gets a tab.

What is on the page is `translate.page`; here is its command line. It binds to this machine alone unless told
otherwise.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from translate.page import build, launch


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and serve until interrupted."""
    parser = argparse.ArgumentParser(description="Serve every exported model in a folder as a web page.")
    parser.add_argument("--models", type=Path, default=Path("models"), help="folder of .onnx files (default: models)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine alone)")
    parser.add_argument("--port", type=int, default=7860)
    options = parser.parse_args(arguments)
    page = build(options.models)
    try:
        address = launch(page, server_name=options.host, server_port=options.port, quiet=True, prevent_thread_lock=True)
    except (OSError, OverflowError):
        parser.error(f"port {options.port} of {options.host} cannot be used: choose another with --port")
    print(f"The page is at {address} (Ctrl-C ends it)", flush=True)
    page.block_thread()


if __name__ == "__main__":
    main()

"""Serves the web page: `python app.py --models models`, and every exported model in the folder can be tried on it.

What is on the page is `translate.page`; here is its command line. It binds to this machine alone unless told
otherwise.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from translate.errors import TranslateError
from translate.page import LOCAL, Limits, build, serve


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and serve until interrupted."""
    parser = _parser()
    options = parser.parse_args(arguments)
    local = options.host in LOCAL
    try:
        if options.max_upload < 1:
            raise ValueError(f"--max-upload is {options.max_upload}: give 1 or more megabytes")
        allowed = tuple(name.lower() for name in options.allow_host)  # names of hosts are of either case
        limits = Limits(
            upload=options.max_upload * 1_000_000,
            request=max(10 * options.max_upload * 1_000_000, 200_000_000),
            users=_users(options.auth_file),
            hosts=(*LOCAL, *allowed) if local else allowed,
            proxy=options.proxy or bool(options.root_path),
            root_path=f"/{options.root_path.strip('/')}" if options.root_path.strip("/") else "",
            downloads=not options.no_download,
            frames=options.frames,
        )
        if not local and not limits.users:
            print(
                "Everybody who reaches this machine can use the page: --auth-file asks for a password", file=sys.stderr
            )
        told = lambda address: print(f"The page is at {address} (Ctrl-C ends it)", flush=True)  # noqa: E731
        serve(
            partial(build, downloads=limits.downloads),
            options.models,
            host=options.host,
            port=options.port,
            limits=limits,
            report=told,
        )
    except (TranslateError, ValueError) as error:
        parser.error(str(error))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Serve every exported model in a folder as a web page.")
    add = parser.add_argument
    add("--models", type=Path, default=_models(), help="folder of .onnx files (default: %(default)s)")
    add("--host", default="127.0.0.1", help="address to listen on (default: this machine alone)")
    add("--port", type=int, default=7860)
    add(
        "--auth-file", type=Path, help="a line user:password for each who may come in; or TRANSLATE_AUTH, one such line"
    )
    add("--root-path", default="", help="where a proxy in front has the page, for example /translate")
    add("--proxy", action="store_true", help="believe the X-Forwarded headers of a proxy in front")
    add("--allow-host", action="append", default=[], metavar="NAME", help="a name of the server (may be repeated)")
    add("--frames", default="'self'", metavar="SITES", help="sites that may show the page in a frame (default: 'self')")
    add("--no-download", action="store_true", help="do not give out the models' files")
    add("--max-upload", type=int, default=20, metavar="MB", help="largest picture in megabytes (default: 20)")
    return parser


def _models() -> Path:
    """The user's own models where there is such a folder, else those that come with the project."""
    return Path("models") if Path("models").is_dir() else Path(__file__).parent / "export" / "space" / "models"


def _users(path: Path | None) -> tuple[tuple[str, str], ...]:
    """Who may come in: names and passwords of a file, and of the environment.

    Raises:
        ValueError: a line is none, or the file cannot be read; a server that was to ask must not go without.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path else []
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read ({error}): give a text file of lines user:password") from None
    given = os.environ.get("TRANSLATE_AUTH")
    pairs = [line.partition(":") for line in [*filter(str.strip, lines), *([] if given is None else [given])]]
    if any(not name or not password for name, _, password in pairs) or (path and not pairs):
        raise ValueError("users are given as lines user:password, and there is one that is not, or none at all")
    return tuple((name, password) for name, _, password in pairs)


if __name__ == "__main__":
    main()

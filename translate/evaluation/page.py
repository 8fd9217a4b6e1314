"""A page that is one file: its styles and script are in it, and it may load nothing and send nothing.

What is shown comes from strangers, names of files and cards of models. Templates escape all of it, and a policy of the
page itself (Content-Security-Policy) lets the browser run only the script and the styles whose digests it names.
"""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from pathlib import Path
from typing import Any

from translate.errors import PictureError
from translate.files import write_whole

_FOLDER = "html"
STYLES, SCRIPT = "page.css", "page.js"


def page(template: str, **content: Any) -> str:
    """A page by one of our templates.

    Args:
        template: a file in `translate/evaluation/html`.
        content: what it shows.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("translate.evaluation", _FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": True, "separators": (",", ":")}
    styles, script = own(STYLES), own(SCRIPT)
    return environment.get_template(template).render(
        **content, styles=Markup(styles), script=Markup(script), policy=_policy(styles, script)
    )


def own(name: str) -> str:
    """A file of the folder that comes with the package."""
    return (resources.files("translate.evaluation") / _FOLDER / name).read_text(encoding="utf-8")


def write(path: Path, text: str) -> None:
    """Write a page, all of it or nothing; names that are no Unicode (of files on Linux) lose what cannot be written.

    Raises:
        PictureError: it cannot be written there.
    """
    try:
        write_whole(path, text.encode("utf-8", "replace"), sync=False)
    except OSError as error:
        raise PictureError(
            f"{path} cannot be written: {error.strerror}; give a place in a folder that is there"
        ) from error


def _policy(styles: str, script: str) -> str:
    return (
        f"default-src 'none'; img-src data:; style-src '{_digest(styles)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

"""Sends pictures to a model that Triton serves, and writes what comes back. Needs Pillow, and nothing of ours.

    python client.py NAME picture.png … -o results --url http://127.0.0.1:8000

Speaks the KServe v2 protocol over HTTP with Triton's binary extension: a JSON header, then the pixels as they are.
Several are sent at once, so that the server has something to make batches of.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

MODES = {1: "L", 3: "RGB"}
TIMEOUT = 120
HEADER = "Inference-Header-Content-Length"


class ServerError(Exception):
    """What the server, or the way to it, has against a request, in one sentence."""


def channels(url: str, name: str) -> int:
    """Channels of the pictures that a model takes, as the server says.

    Raises:
        ServerError: there is no such server or model, or its input is no picture.
    """
    content, _ = _asked(urllib.request.Request(f"{url}/v2/models/{name}"))
    try:
        (entry,) = json.loads(content)["inputs"]
        if entry["name"] == "image" and entry["datatype"] == "UINT8" and entry["shape"][3] in MODES:
            return int(entry["shape"][3])
    except (ValueError, KeyError, IndexError, TypeError):
        pass
    raise ServerError(f"{name} at {url} does not take pictures: is it a model of this package?")


def translate(url: str, name: str, image: Image.Image) -> Image.Image:
    """Have one picture translated.

    Args:
        url: the server, such as `http://127.0.0.1:8000`.
        name: the model.
        image: mode `L` or `RGB`, by the channels that the model takes.

    Returns:
        An image of the same height and width, mode `L` or `RGB`.

    Raises:
        ServerError: the server refused it, or answered something else.
    """
    pixels = image.tobytes()
    shape = [1, image.height, image.width, len(image.getbands())]
    head = {
        "inputs": [
            {"name": "image", "shape": shape, "datatype": "UINT8", "parameters": {"binary_data_size": len(pixels)}}
        ],
        "outputs": [{"name": "translated", "parameters": {"binary_data": True}}],
    }
    text = json.dumps(head).encode()
    headers = {"Content-Type": "application/octet-stream", HEADER: str(len(text))}
    content, length = _asked(urllib.request.Request(f"{url}/v2/models/{name}/infer", text + pixels, headers))
    try:
        (entry,) = json.loads(content[: int(length)])["outputs"]
        made = content[int(length) :]
        count, height, width, bands = entry["shape"]
        fits = (entry["name"], entry["datatype"]) == ("translated", "UINT8") and (count, height, width) == tuple(
            shape[:3]
        )
        if fits and len(made) == height * width * bands:
            return Image.frombytes(MODES[bands], (width, height), made)
    except (ValueError, KeyError, TypeError):
        pass
    raise ServerError(f"{name} at {url} answered no picture of {image.width} × {image.height}")


def _asked(request: urllib.request.Request) -> tuple[bytes, Any]:
    """The answer to a request, and how long the JSON at its beginning is."""
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            content: bytes = answer.read()
            return content, answer.headers.get(HEADER)
    except urllib.error.HTTPError as error:
        with error:
            text = error.read().decode(errors="replace")
        try:
            text = json.loads(text)["error"]
        except (ValueError, KeyError, TypeError):
            text = f"status {error.code}"
        raise ServerError(f"the server refused: {text}") from None
    except (OSError, http.client.HTTPException) as error:  # also a server that hangs up in the middle
        raise ServerError(f"{request.full_url} does not answer: {getattr(error, 'reason', error)}") from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and send. Returns the exit status: 0 all done, 1 not all."""
    parser = argparse.ArgumentParser(description="Have pictures translated by a Triton server.")
    parser.add_argument("name", help="of the model")
    parser.add_argument("pictures", type=Path, nargs="+", metavar="PICTURE")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of results, as PNG")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="of the server (default: this machine's)")
    parser.add_argument("--at-once", type=int, default=8, help="requests under way at a time (default: 8)")
    options = parser.parse_args(arguments)
    url = options.url.rstrip("/")
    try:
        mode = MODES[channels(url, options.name)]
    except ServerError as error:
        print(f"client: {error}", file=sys.stderr)
        return 1
    options.output.mkdir(parents=True, exist_ok=True)

    def one(picture: Path) -> str:
        try:
            with Image.open(picture) as image:
                upright = ImageOps.exif_transpose(image).convert(mode)
            translate(url, options.name, upright).save(options.output / f"{picture.stem}.png")
        except (ServerError, OSError) as error:
            return f"{picture}: {error}"
        return ""

    with ThreadPoolExecutor(max(1, options.at_once)) as pool:
        wrong = [line for line in pool.map(one, options.pictures) if line]
    for line in wrong:
        print(f"client: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

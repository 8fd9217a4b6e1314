"""What a file is that is no picture for us, told from how it begins, so that a refusal can name it."""

from __future__ import annotations

_BEGINNINGS = (
    (b"%PDF", "a PDF document: save the page as a PNG"),
    (b"%!PS", "a PostScript document: save the page as a PNG"),
    (b"PK\3\4", "a ZIP archive: unpack it first"),
    (b"\x1f\x8b", "compressed with gzip: unpack it first"),
    (b"8BPS", "a Photoshop document: export it as a PNG"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture: save it as a PNG"),
    (b"\xff\x0a", "a JPEG XL picture: save it as a PNG"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture: save it as a PNG"),
    (b"\x1aE\xdf\xa3", "a video: take single pictures out of it"),
)
_BRANDS = {b"heic": "a HEIC picture", b"heix": "a HEIC picture", b"mif1": "a HEIF picture"}


def stranger(head: bytes) -> str | None:
    """What begins like this and what to do about it, in words that follow `is`; none where it is not known.

    Args:
        head: the first kilobyte or so.
    """
    for beginning, told in _BEGINNINGS:
        if head.startswith(beginning):
            return told
    if head[4:8] == b"ftyp":
        known = _BRANDS.get(head[8:12])
        return f"{known}: save it as a PNG" if known else "a video, or a picture of a kind that is not read"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(b"<") and b"<svg" in text:
        return "an SVG drawing, which has no pixels of its own: export it as a PNG"
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "a web page: save the picture that is on it"
    return None

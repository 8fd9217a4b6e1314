"""Taking files of any kind from visitors, as paths, and none but those that were uploaded; giving them videos.

Gradio fetches what an address is given for, opens an empty file for each that it is sent and does not delete it, and
converts videos where it finds ffmpeg.
"""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData, ListFiles


def kind_of(base: type[Any], **methods: Any) -> Any:
    """A kind of component: `base`, with these methods in the place of its own.

    Set on an instance they are gone when one of its properties is updated, because Gradio makes it anew then, by its
    class; and beside every file with a class of components Gradio writes another one, unless it is made like this.
    """
    # In the browser a template is what it builds on.
    return ABCMeta.__new__(type(base), base.__name__, (base,), {"is_template": True, **methods})


def _uploaded(self: gr.File, payload: ListFiles | FileData | None) -> list[Path]:
    if payload is None:
        return []
    sent: Iterable[FileData] = payload if isinstance(payload, ListFiles) else [payload]
    paths = [Path(file.path).absolute() for file in sent]
    cache = Path(self.GRADIO_CACHE).resolve()
    if not all(path.is_file() and path.resolve().is_relative_to(cache) for path in paths):
        raise _refused()
    return paths


async def _at_home(self: gr.File, url_or_file_path: Any) -> str | None:
    if "://" in str(url_or_file_path):
        raise _refused()
    return await gr.File.async_move_resource_to_block_cache(self, url_or_file_path)


def _as_it_is(self: gr.Video, value: str | None) -> FileData | None:
    return None if value is None else FileData(path=value, orig_name=Path(value).name)


def _refused() -> gr.Error:
    return gr.Error("The file was not uploaded, or it has been deleted: upload it again.", print_exception=False)


SentFiles = kind_of(gr.File, preprocess=_uploaded, async_move_resource_to_block_cache=_at_home)
"""Files to upload, handed on as a list of their paths, which is empty where there is none. Others are refused, and
addresses before anything is fetched."""

MadeVideo = kind_of(gr.Video, postprocess=_as_it_is)
"""Shows a video that lies among the uploads, as it is."""

"""Taking files of any kind from visitors: as paths, and none but those that were uploaded.

Gradio fetches what an address is given for, opens an empty file for each that it is sent and does not delete it, and
would convert videos. A class and not a changed instance: Gradio makes components anew when one of their properties is
updated, and what was set on the instance is gone then.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData, ListFiles


class SentFiles(gr.File):
    """Files to upload, handed on as a list of their paths, which is empty where there is none."""

    is_template = True  # in the browser it is the File that it builds on

    def preprocess(self, payload: ListFiles | FileData | None) -> list[Path]:  # type: ignore[override]
        """The paths of uploaded files.

        Raises:
            gr.Error: one of them was not uploaded.
        """
        if payload is None:
            return []
        sent: Iterable[FileData] = payload if isinstance(payload, ListFiles) else [payload]
        return [self._uploaded(file) for file in sent]

    async def async_move_resource_to_block_cache(self, url_or_file_path: Any) -> str | None:
        """As Gradio has it, but an address is refused before anything is fetched."""
        if "://" in str(url_or_file_path):
            raise _refused()
        return await super().async_move_resource_to_block_cache(url_or_file_path)

    def _uploaded(self, file: FileData) -> Path:
        path = Path(file.path)
        inside = path.resolve().is_relative_to(Path(self.GRADIO_CACHE).resolve())
        if not inside or not path.is_file():
            raise _refused()
        return path.absolute()


class MadeVideo(gr.Video):
    """A video that this page has made, handed on as it is: Gradio would run ffprobe and ffmpeg where they are."""

    is_template = True

    def postprocess(self, value: str | Path | None) -> FileData | None:
        """The file, which lies among the uploads already."""
        return None if value is None else FileData(path=str(value), orig_name=Path(value).name)


def _refused() -> gr.Error:
    return gr.Error("The file was not uploaded, or it has been deleted: upload it again.", print_exception=False)

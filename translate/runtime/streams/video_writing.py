"""Writing a video: frames as H.264, sound as the packets that it came in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np

from translate.errors import VideoError, first_line
from translate.pixels import Pixels
from translate.runtime.streams.video_reading import Item, Shape, matrix_name

_CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}


class Sink:
    """A video being written, by one thread at a time.

    Args:
        part: where the bytes go.
        out: what the file will be called, which decides the container.
        sound: audio tracks whose packets will come; those that the container cannot hold are left out.
        crf: x264's constant rate factor.

    Raises:
        VideoError: it cannot be written.
    """

    def __init__(self, part: Path, out: Path, sound: Sequence[Any], crf: int) -> None:
        self.notes: list[str] = []
        """What the user should know."""
        self._out, self._sound = out, sound
        self._options = {"crf": str(crf), "preset": "medium"}
        self._tracks: dict[int, Any] = {}
        self._video: Any = None
        self._durations: dict[int, int] = {}
        self._end = 0
        self._delay: int | None = None
        """Of the first packet's showing after its decoding."""
        # MP4 adds durations up in the order of decoding: what is decoded last must end where what is shown last does.
        self._in_decoding_order = out.suffix.lower() != ".mkv"
        container = _CONTAINERS[out.suffix.lower()]
        # The index first, so that a browser can begin before it has everything.
        flags = {} if container == "matroska" else {"movflags": "faststart"}
        with self._judged():
            self._container = av.open(f"file:{part}", "w", format=container, options=flags)

    def __enter__(self) -> Sink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with self._judged():
                if kind is None and self._video is not None:
                    self._encode(None)
        finally:
            with self._judged():
                self._container.close()

    def write(self, item: Item) -> bool:
        """Write a frame and the sound before it. Returns whether there was a frame.

        Raises:
            VideoError: encoder, container or disk refuse.
        """
        with self._judged():
            if self._video is None:
                if item.shape is None:  # sound without a single frame
                    return False
                self._start(item.shape)
            for packet in item.sound:
                if packet.stream_index in self._tracks:
                    packet.stream = self._tracks[packet.stream_index]
                    self._container.mux(packet)
            if item.picture is None or item.shape is None:
                return False
            self._durations[item.pts] = item.duration
            self._end = item.pts + (item.duration or round(1 / item.shape.rate / item.shape.time_base))
            self._encode(_frame(item.picture, item))
            return True

    def _encode(self, frame: Any) -> None:
        """Encode one frame, or with None the last ones; packets come out later, and not in the frames' order."""
        packets = self._video.encode(frame)
        for packet in packets:
            if self._delay is None:
                self._delay = packet.pts - packet.dts
            # How long the last one stays is said nowhere else: it would get the average.
            packet.duration = self._durations.pop(packet.pts, 0) or packet.duration
        if frame is None and packets and self._in_decoding_order:
            packets[-1].duration = max(1, self._end - (self._delay or 0) - packets[-1].dts)
        self._container.mux(packets)

    def _start(self, shape: Shape) -> None:
        video = self._container.add_stream("libx264", rate=shape.rate, options=self._options)
        context = video.codec_context
        context.width, context.height = _even(shape.width), _even(shape.height)
        context.pix_fmt = "yuv420p"
        context.time_base = video.time_base = shape.time_base
        context.sample_aspect_ratio = shape.aspect
        context.colorspace, context.color_range = shape.matrix, int(av.video.reformatter.ColorRange.MPEG)
        context.color_primaries, context.color_trc = shape.primaries, shape.transfer
        self._video = video
        for stream in self._sound:
            # A track that PyAV does not know has no context.
            codec = stream.codec_context.codec.canonical_name if stream.codec_context else "unknown"
            if codec in self._container.supported_codecs:
                self._tracks[stream.index] = self._container.add_stream_from_template(stream)
            else:
                self.notes.append(
                    f"{self._out} is without its {codec} sound, which {self._out.suffix} cannot hold: write it as .mkv"
                )

    @contextmanager
    def _judged(self) -> Iterator[None]:
        """What PyAV raises becomes one sentence."""
        try:
            yield
        except av.error.EncoderNotFoundError:
            raise VideoError("this PyAV has no x264 encoder: install the one from its own wheel") from None
        except av.error.FFmpegError as error:
            why = error.strerror or first_line(error)
            raise VideoError(f"{self._out} cannot be written: {why}") from None


def _even(side: int) -> int:
    return side + side % 2


def _frame(picture: Pixels, item: Item) -> Any:
    """An encoder's frame of a grey or RGB picture; where a side is odd its last row or column is there twice."""
    assert item.shape is not None
    height, width, channels = picture.shape
    rgb = picture if channels == 3 else np.repeat(picture, 3, axis=2)
    if height % 2 or width % 2:
        rgb = np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    matrix = matrix_name(item.shape.matrix)
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), "rgb24")
    frame = frame.reformat(format="yuv420p", src_colorspace=matrix, dst_colorspace=matrix, dst_color_range="MPEG")
    frame.pts, frame.time_base, frame.duration = item.pts, item.shape.time_base, item.duration
    return frame

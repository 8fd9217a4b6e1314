"""Reading a video: upright RGB frames with their time stamps, and the packets of its sound as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np

from translate.errors import VideoError, first_line
from translate.pixels import Pixels

# A playlist or a list of files to join may call itself .mp4: neither it nor anything but this one file is opened.
_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,asf,flv,ogg",
}

# The colour matrices that swscale converts, by the numbers of H.273 that streams carry.
_MATRICES = {1: "ITU709", 4: "FCC", 5: "ITU601", 6: "SMPTE170M", 7: "SMPTE240M", 9: "BT2020"}
_HD = 720


@dataclass(frozen=True)
class Item:
    """A frame, and what is heard before the next one. The last item may be sound alone."""

    picture: Pixels | None
    """RGB `[H, W, 3]`, upright; what is to be written can be grey."""
    pts: int = 0
    """When it is shown, in units of `shape.time_base`."""
    duration: int = 0
    """How long, in the same units; 0 where the file does not say."""
    shape: Shape | None = None
    """What all frames have in common."""
    sound: list[Any] = field(default_factory=list)
    """Packets (`av.Packet`) that come before this frame in the file."""


@dataclass(frozen=True)
class Shape:
    """What the encoder must know of the frames."""

    height: int
    width: int
    time_base: Fraction
    rate: Fraction
    """Frames a second, on average."""
    aspect: Fraction
    """Width over height of a pixel."""
    matrix: int
    """Of its colours, as H.273 numbers them; so are the two below."""
    primaries: int
    transfer: int


class Film:
    """An open video.

    Args:
        path: the file.
        limit: most pixels that a frame may have.

    Raises:
        VideoError: it is no video, is damaged or too large.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self.path = path
        with self._judged():
            # "file:" keeps a colon in the name from being taken for a protocol.
            self._container = av.open(f"file:{path}", options=_OPTIONS, metadata_errors="replace")
        try:
            self._video = self._track(limit)
        except BaseException:
            self._container.close()
            raise
        self.sound = list(self._container.streams.audio)
        """Its audio tracks."""
        self.announced: int = self._video.frames
        """Frames that the file says it has; 0 where it does not."""
        self.total = self.announced or self._estimate()
        """The same, guessed from its duration where it does not say."""
        # Broadcasts begin at any time: all tracks move together so that the first begins at 0, but none before that.
        self._begin = Fraction(max(0, self._container.start_time or 0), av.time_base)

    def __enter__(self) -> Film:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    @property
    def seconds(self) -> float:
        """How long it is, as the file says it; 0.0 where it does not."""
        video = self._video
        own = float(video.duration * video.time_base) if video.duration and video.time_base else 0.0
        return max(own, (self._container.duration or 0) / av.time_base)

    def items(self) -> Iterator[Item]:
        """Every frame, in the order of showing, with the sound before it.

        Raises:
            VideoError: the file is damaged.
        """
        sound: list[Any] = []
        shape: Shape | None = None
        last = -1
        with self._judged():
            for packet in self._container.demux(self._video, *self.sound):
                if packet.stream is not self._video:
                    if packet.size:  # an empty one marks the end
                        sound.append(self._moved(packet))
                    continue
                for frame in packet.decode():
                    shape = shape or self._shape(frame)
                    # Some files have frames without a time, or two of one time, which no encoder takes.
                    pts = last + self._step(shape) if frame.pts is None else frame.pts - self._ticks(shape.time_base)
                    last = max(last + 1, pts)
                    yield Item(_picture(frame, shape), last, frame.duration or 0, shape, sound)
                    sound = []
        if sound:
            yield Item(None, sound=sound)

    def _track(self, limit: int) -> Any:
        """The first video track that is not the cover of an album."""
        tracks = [
            stream
            for stream in self._container.streams.video
            if stream.codec_context is not None and not stream.disposition & av.stream.Disposition.attached_pic
        ]
        if not tracks:
            raise VideoError(f"{self.path} has no video track that can be read: give a video")
        width, height = tracks[0].codec_context.width, tracks[0].codec_context.height
        if width * height > limit:
            raise VideoError(
                f"{self.path} has frames of {width} × {height} pixels, over the limit of {limit:,}: make it smaller"
            )
        tracks[0].thread_type = "AUTO"
        return tracks[0]

    def _estimate(self) -> int:
        rate, video = self._video.average_rate or 0, self._video
        if video.duration and video.time_base:
            return round(video.duration * video.time_base * rate)
        return round(Fraction(self._container.duration or 0, av.time_base) * rate)

    def _shape(self, frame: Any) -> Shape:
        sideways = _quarters(frame) % 2 == 1
        height, width = (frame.width, frame.height) if sideways else (frame.height, frame.width)
        aspect = Fraction(self._video.codec_context.sample_aspect_ratio or 1)
        return Shape(
            height,
            width,
            self._video.time_base,
            self._video.average_rate or self._video.guessed_rate or Fraction(25),
            1 / aspect if sideways else aspect,
            # Where nothing is said, players go by the size.
            frame.colorspace if frame.colorspace in _MATRICES else 1 if min(height, width) >= _HD else 6,
            frame.color_primaries,
            frame.color_trc,
        )

    def _ticks(self, time_base: Fraction) -> int:
        return round(self._begin / time_base)

    def _step(self, shape: Shape) -> int:
        return max(1, round(1 / shape.rate / shape.time_base))

    def _moved(self, packet: Any) -> Any:
        if self._begin:
            ticks = self._ticks(packet.time_base)
            packet.pts = None if packet.pts is None else packet.pts - ticks
            packet.dts = None if packet.dts is None else packet.dts - ticks
        return packet

    @contextmanager
    def _judged(self) -> Iterator[None]:
        """What PyAV raises becomes one sentence."""
        try:
            yield
        except (av.error.InvalidDataError, av.error.EOFError, av.error.DemuxerNotFoundError, av.error.ArgumentError):
            raise VideoError(f"{self.path} is not a video, or it is damaged: get it again") from None
        except av.error.DecoderNotFoundError:
            raise VideoError(f"{self.path} is coded in a way that cannot be read: convert it to H.264 first") from None
        except av.error.FFmpegError as error:
            raise VideoError(f"{self.path} cannot be read: {error.strerror or first_line(error)}") from None


def matrix_name(number: int) -> str:
    """What swscale calls a colour matrix of H.273."""
    return _MATRICES[number]


def _quarters(frame: Any) -> int:
    """How many quarter turns, counter-clockwise, stand the frame upright."""
    return round(frame.rotation / 90) % 4


def _picture(frame: Any, shape: Shape) -> Pixels:
    turns = _quarters(frame)
    height, width = (shape.width, shape.height) if turns % 2 else (shape.height, shape.width)
    matrix = matrix_name(shape.matrix)
    # All of the first one's size: a stream may change its own, a file of ours does not.
    upright = frame.reformat(width, height, "rgb24", src_colorspace=matrix, dst_colorspace=matrix)
    return np.ascontiguousarray(np.rot90(upright.to_ndarray(), turns))

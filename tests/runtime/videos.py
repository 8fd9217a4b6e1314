"""Small videos with a tone, made for the tests, and what is in a video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RED, BLUE, GREEN = (200, 40, 40), (40, 80, 200), (60, 180, 90)
SAMPLES = 44100


def scene(height: int, width: int, number: int = 0) -> np.ndarray:
    """Red at the upper left, green at the upper right, which grows brighter, blue below."""
    made = np.empty((height, width, 3), np.uint8)
    made[:] = BLUE
    made[: height // 2] = np.array(GREEN) + number
    made[: height // 2, : width // 2] = RED
    return made


def make(
    path: Path,
    size: tuple[int, int] = (48, 64),
    times: Sequence[int] = range(20),
    time_base: Fraction = Fraction(1, 25),
    codec: str = "libx264",
    sound: str | None = "aac",
    matrix: str = "ITU601",
    pixel_format: str = "yuv420p",
    last: int = 0,
) -> Path:
    """A video with a frame at each of the times, and a tone for as long. The `last` one may be told to stay longer."""
    (height, width), rate = size, 25
    with av.open(str(path), "w") as file:
        video = file.add_stream(codec, rate=rate, options={"crf": "1"} if codec == "libx264" else {"qmin": "1"})
        video.width, video.height, video.pix_fmt = width, height, pixel_format
        video.time_base = video.codec_context.time_base = time_base
        video.codec_context.qmax = 2 if codec != "libx264" else video.codec_context.qmax
        if matrix != "ITU601":
            video.codec_context.colorspace = 1
        audio = file.add_stream(sound, rate=SAMPLES, layout="mono") if sound else None
        for number, pts in enumerate(times):
            frame = av.VideoFrame.from_ndarray(scene(height, width, number), "rgb24")
            frame = frame.reformat(format=pixel_format, src_colorspace=matrix, dst_colorspace=matrix)
            frame.pts, frame.time_base = pts, time_base
            packets = video.encode(frame)
            if last and number == len(times) - 1:
                packets[-1].duration = last
            file.mux(packets)
        if audio is not None:
            kind = audio.codec_context.format.name
            seconds = float((times[-1] + 1) * time_base)
            wave = 0.25 * np.sin(2 * np.pi * 440 * np.arange(int(SAMPLES * seconds)) / SAMPLES)
            if kind.startswith("flt"):
                wave = wave.astype(np.float32)
            else:
                wave = (128 + 127 * wave).astype(np.uint8) if kind == "u8" else (32767 * wave).astype(np.int16)
            for start in range(0, len(wave), 1024):
                piece = av.AudioFrame.from_ndarray(wave[None, start : start + 1024], kind, "mono")
                piece.sample_rate, piece.pts, piece.time_base = SAMPLES, start, Fraction(1, SAMPLES)
                file.mux(audio.encode(piece))
            file.mux(audio.encode())
        file.mux(video.encode())
    return path


def turn(path: Path, matrix: Sequence[int]) -> None:
    """Write a display matrix (its upper left: a, b, c, d) into the track header of an .mp4, as telephones do."""
    raw = bytearray(path.read_bytes())
    # From "tkhd": 4 name, 4 version and flags, 20 times and id, 8 duration and reserve … 40 in all before the matrix.
    start = raw.index(b"tkhd") + 4 + 40
    a, b, c, d = (int(value * 65536).to_bytes(4, "big", signed=True) for value in matrix)
    raw[start : start + 8], raw[start + 12 : start + 20] = a + b, c + d
    path.write_bytes(raw)


@dataclass
class Seen:
    """What a player would find."""

    frames: list[np.ndarray]
    times: list[float]
    packets: list[tuple[float, bytes]]
    """Of the sound: time and content."""
    codec: str
    pixel_format: str
    duration: float
    colorspace: int
    aspect: Fraction


def look(path: Path) -> Seen:
    with av.open(str(path)) as file:
        packets = [
            (p.pts * p.time_base, bytes(p))
            for p in file.demux(*file.streams.audio)
            if p.size and p.stream.type == "audio"
        ]
    with av.open(str(path)) as file:
        video = file.streams.video[0]
        frames, times = [], []
        for frame in file.decode(video):
            matrix = "ITU709" if frame.colorspace == 1 else "ITU601"
            frames.append(frame.reformat(format="rgb24", src_colorspace=matrix, dst_colorspace=matrix).to_ndarray())
            times.append(float(frame.pts * frame.time_base))
        return Seen(
            frames,
            times,
            packets,
            video.codec_context.name,
            video.codec_context.pix_fmt,
            (file.duration or 0) / av.time_base,
            video.codec_context.colorspace,
            Fraction(video.codec_context.sample_aspect_ratio or 1),
        )

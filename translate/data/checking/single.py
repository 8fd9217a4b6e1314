"""What can be wrong with a picture by itself: unreadable, too small, blank, stored in another way than the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median

from translate.data.checking.findings import Case, Finding, some
from translate.data.checking.looking import Look, Stored
from translate.data.checking.seen import Seen

BLANK = 0.995
"""Share of one colour from which any picture is blank."""
MOSTLY = 0.9
"""Share of one colour from which one is mostly blank, unless its domain's pictures usually are, as edges …"""
USUALLY = 0.6
"""… which they are where the median share is above this."""
EXTREME = 3.0
"""Longer side by shorter one."""
OUTLIERS = 0.2
"""Share of grey pictures up to which they are odd among pictures in colour."""
FEW, FEWER = 100, 10
"""Pictures to train on, below which it is said, and below which it is warned of."""
COLOURS = 1000
"""More than a label map has classes."""
DRAWN = {"flat": 0.55, "share": 0.08, "saturation": 60.0}
"""What the median picture of a domain reaches in all of these if its pictures are label maps in colours. (Façades'
labels, blurred by JPEG: 0.70, 0.17, 214; their photos: 0.45, 0.03, 19.)"""
LOSSY = ("JPEG", "WEBP", "AVIF")


def single(seen: Seen) -> Iterator[Finding]:
    """Findings about pictures by themselves."""
    yield from some(
        "unreadable",
        "error",
        ("file cannot be read", "files cannot be read"),
        "Get them again, or take them out: training refuses to start with them.",
        (
            seen.case(look, detail=look.problem.removeprefix(f"{seen.collection.root}/"))
            for look in seen.looks
            if look.kind == "unreadable"
        ),
    )
    yield from _amount(seen)
    yield from _sizes(seen)
    yield from _blank(seen)
    yield from _stored(seen)
    yield from _greys(seen)
    yield from _labels(seen)


def _amount(seen: Seen) -> Iterator[Finding]:
    count = seen.collection.count(seen.collection.splits[0]) if seen.looks else 0
    if count < FEW:
        severity = "warning" if count < FEWER else "note"
        yield Finding(
            "few",
            severity,
            f"only {count} to train on",
            "A discriminator soon knows them by heart: add more, or augment (transform.load above transform.size, "
            "transform.flip, transform.geometry).",
        )


def _sizes(seen: Seen) -> Iterator[Finding]:
    size = seen.size
    advice = f"They would be enlarged to {size} and look soft: take them out, or train at a smaller transform.size."
    small = [
        seen.case(look, detail=_shapes(look))
        for look in seen.looks
        if any(min(one.height, one.width) < size for one in look.measures.values())
    ]
    yield from some(
        "tiny",
        "warning",
        (f"picture is smaller than the {size} pixels it is to have", f"pictures are smaller than {size} pixels"),
        advice,
        small,
    )
    long = [
        seen.case(look, detail=_shapes(look))
        for look in seen.looks
        if any(max(one.height, one.width) > EXTREME * min(one.height, one.width) for one in look.measures.values())
    ]
    yield from some(
        "aspect",
        "warning",
        (
            f"picture is more than {EXTREME:g} times as long as wide",
            f"pictures are over {EXTREME:g} times as long as wide",
        ),
        "A square crop shows little of them, and transform.resize = stretch distorts them: cut them up.",
        long,
    )


def _blank(seen: Seen) -> Iterator[Finding]:
    cases = []
    for role in seen.roles:
        usual = median(one.share for _, one in seen.of(role))
        limit = MOSTLY if usual < USUALLY else BLANK
        cases += [
            seen.case(look, detail=f"{_role(look, role)}{one.share:.1%} one colour")
            for look, one in seen.of(role)
            if one.share >= limit
        ]
    yield from some(
        "blank",
        "warning",
        ("picture is mostly of one colour", "pictures are mostly of one colour"),
        "Look at them: what shows nothing teaches nothing. Take out what is a scan's edge or a failed download.",
        cases,
    )


def _stored(seen: Seen) -> Iterator[Finding]:
    def told(severity: str, kind: str, title: str, advice: str, which: Callable[[Stored], str]) -> list[Finding]:
        cases = [
            Case((seen.collection.name(file),), detail)
            for look in seen.looks
            for file, stored in zip(look.sample.files, look.stored, strict=False)
            if (detail := which(stored))
        ]
        return some(kind, severity, (f"file {title}", f"files {title}"), advice, cases)

    yield from told(
        "warning",
        "transparent",
        "can be seen through in places",
        "What lies behind is taken for white: flatten them onto what you want to see there.",
        lambda stored: f"{stored.format}, {stored.mode}" if stored.transparent else "",
    )
    yield from told(
        "warning",
        "cmyk",
        "stored in printing colours (CMYK)",
        "They are converted without their profile, which shifts colours: export them as RGB from the program that "
        "made them.",
        lambda stored: stored.format if stored.mode == "CMYK" else "",
    )
    yield from told(
        "warning",
        "depth",
        "of 16 bits would lose half their depth",
        "Pictures are trained on with 8 bits: convert them as you want to see them, or say in [data] that they are "
        "deep where the layout takes it.",
        lambda stored: f"{stored.format}, {stored.mode}" if stored.loses_depth else "",
    )
    yield from told(
        "note",
        "palette",
        "stored with a palette",
        "They are read as the colours that it names. If the numbers are classes, say so in [data] where the layout "
        "takes it.",
        lambda stored: stored.format if stored.mode == "P" else "",
    )
    yield from told(
        "note",
        "rotated",
        "turned upright by EXIF alone",
        "They are read upright here; other programs may show them lying: turn the pixels themselves.",
        lambda stored: f"EXIF orientation {stored.orientation}" if stored.orientation != 1 else "",
    )


def _greys(seen: Seen) -> Iterator[Finding]:
    for role in seen.roles:
        channels = seen.wanted.channels.get(role) if seen.wanted else None
        grey = [look for look, one in seen.of(role) if one.grey and (one.share < BLANK or channels)]
        total = sum(1 for _ in seen.of(role))
        coloured = [look for look, one in seen.of(role) if not one.grey]
        if channels == 1:
            yield from some(
                "colour-lost",
                "warning",
                (f"{role} picture is in colour but read as grey", f"{role} pictures are in colour but read as grey"),
                f"data.{_channels(seen, role)} = 3 keeps colours.",
                map(seen.case, coloured),
            )
        elif len(grey) == total and channels == 3:
            yield Finding(
                "grey-as-colour",
                "note",
                f"all {role} pictures are grey but read as RGB",
                f"data.{_channels(seen, role)} = 1 says the same with a third of the numbers.",
            )
        elif 0 < len(grey) <= OUTLIERS * total:
            yield from some(
                "grey-among-colour",
                "warning",
                (
                    f"{role} picture is grey among pictures in colour",
                    f"{role} pictures are grey among others in colour",
                ),
                "Take them out unless grey is what the model should learn too.",
                map(seen.case, grey),
            )


def _labels(seen: Seen) -> Iterator[Finding]:
    for role in seen.roles:
        pictures = list(seen.of(role))
        if any(median(getattr(one, name) for _, one in pictures) < least for name, least in DRAWN.items()):
            continue
        blurred = [
            seen.case(look, detail=f"{one.colours:,} colours")
            for look, one in pictures
            if one.colours > COLOURS and _file_of(look, role).format in LOSSY
        ]
        yield from some(
            "blurred-labels",
            "warning",
            (f"{role} label map was blurred by its format", f"{role} label maps were blurred by their format"),
            "Flat areas with thousands of colours: JPEG has smeared the borders of classes. Get them as PNG where the "
            "exact classes matter; for a model that reads colours it does little harm.",
            blurred,
        )


def _channels(seen: Seen, role: str) -> str:
    return "channels" if role == "image" else f"{role}_channels"


def _shapes(look: Look) -> str:
    """Width and height, of each picture where they differ."""
    shapes = [f"{one.width}×{one.height}" for one in look.measures.values()]
    return " and ".join(dict.fromkeys(shapes)) + (" each" if len(shapes) > len(set(shapes)) else "")


def _file_of(look: Look, role: str) -> Stored:
    return look.stored[0 if look.sample.halves else look.sample.roles.index(role)]


def _role(look: Look, role: str) -> str:
    return f"{role}: " if len(look.sample.roles) > 1 else ""

"""The tables in `datasets/README.md`, drawn from the cards: each stands between two comments that name it."""

from translate.data.known import Archive, Card


def written(text: str, cards: list[Card]) -> str:
    """The text with its tables drawn anew."""
    for name, draw in DRAWN.items():
        before, start, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- /{name} -->\n")
        assert start, f"there is no comment before the table {name!r}"
        assert end, f"there is no comment behind the table {name!r}"
        text = before + start + "".join(f"{line}\n" for line in draw(cards)) + end + after
    return text


def _of(cards: list[Card], variant: str) -> list[tuple[Card, Archive]]:
    return [(card, archive) for card in cards for archive in card.archives if archive.variant == variant]


def _count(archive: Archive, path: str) -> str:
    for folder in archive.folders:
        if folder.path == path:
            return ("" if folder.exact else "about ") + f"{folder.pictures:,} {folder.shows}"
    raise KeyError(path)


def _configs(archive: Archive) -> str:
    return ", ".join(f"`{name}`" for name in archive.configs)


def _unpaired(cards: list[Card]) -> list[str]:
    lines = ["| Data set | Trained on | | Held out | Pictures are of | Configurations |", "|---|---|---|---|---|---|"]
    for card, archive in _of(cards, "unpaired"):
        source, target = archive.data["source"], archive.data["target"]
        rest = [folder for folder in archive.folders if not folder.path.startswith("train")]
        held = ", ".join(f"`{folder.path}` {folder.pictures:,}" for folder in rest) or "none"
        trained = " | ".join(f"`{path}`, {_count(archive, path)}" for path in (source, target))
        lines.append(f"| `{card.name}` | {trained} | {held} | {card.of} | {_configs(archive)} |")
    return lines


def _paired(cards: list[Card]) -> list[str]:
    lines = [
        "| Data set | Left half | Right half | Trained on | Held out | Pictures are of | Configurations |",
        "|---|---|---|---|---|---|---|",
    ]
    for card, archive in _of(cards, "paired"):
        left, right = archive.domains if archive.data["source"] == "left" else archive.domains[::-1]
        train, *rest = (
            f"`{folder.path}`, {'' if folder.exact else 'about '}{folder.pictures:,}" for folder in archive.folders
        )
        held = "; ".join(rest)
        configs = f"{_configs(archive)} ({' → '.join(archive.domains)})"
        lines.append(f"| `{card.name}` | {left} | {right} | {train} | {held} | {card.of} | {configs} |")
    return lines


def _archives(cards: list[Card]) -> list[str]:
    lines = ["| Archive | Bytes | Checksum | Recorded by |", "|---|---|---|---|"]
    for card in cards:
        for archive in card.archives:
            count = f"{archive.bytes:,}" if archive.bytes else f"about {archive.about:,}"
            checksum = f"SHA-256 `{archive.sha256}`" if archive.sha256 else f"MD5 `{archive.md5}`"
            lines.append(f"| `{archive.file}` | {count} | {checksum} | {archive.recorded_by} |")
    return lines


def _cite(cards: list[Card]) -> list[str]:
    lines = ["| Data set | Licence | Cite |", "|---|---|---|"]
    return lines + [f"| `{card.name}` | {card.licence} | {'; '.join(card.cite)} |" for card in cards]


DRAWN = {"unpaired": _unpaired, "paired": _paired, "archives": _archives, "cite": _cite}

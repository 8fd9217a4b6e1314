import random
from pathlib import Path

import numpy as np
import pytest

from translate.runtime.tiles.journal import Journal, packed, unpacked

JOB = {"model": "m", "tile": 64}


def written(path: Path, job: dict[str, object] = JOB) -> list[dict[str, object]]:
    journal = Journal(path, job)
    journal.close()
    return journal.records


def test_records_come_back_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", JOB)
    assert journal.records == []
    journal.add(rows=8)
    journal.add(survey=1, total="x")
    journal.close()
    assert written(tmp_path / "j") == [{"rows": 8}, {"survey": 1, "total": "x"}]
    again = Journal(tmp_path / "j", JOB)
    again.add(rows=16)
    assert again.last("rows") == {"rows": 16}
    assert again.last("given") is None
    again.clear()
    again.add(rows=1)
    again.close()
    assert written(tmp_path / "j") == [{"rows": 1}]


def test_another_job_begins_anew(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", JOB)
    journal.add(rows=8)
    journal.close()
    other = Journal(tmp_path / "j", JOB | {"tile": 128})
    assert (other.other, other.records) == (True, [])
    other.close()
    assert written(tmp_path / "j", JOB) == []


@pytest.mark.parametrize("seed", range(20))
def test_damage_costs_what_follows_it_and_nothing_else(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    journal = Journal(tmp_path / "j", JOB)
    for rows in range(10):
        journal.add(rows=rows)
    journal.close()
    content = bytearray((tmp_path / "j").read_bytes())
    place = draw.randrange(content.index(b"\n") + 1, len(content))
    whole = content[:place].count(b"\n") - 1  # records before the one that is hit
    if seed % 2:
        content[place] ^= 1 << draw.randrange(8)
    else:
        del content[place:]
    (tmp_path / "j").write_bytes(content)
    assert written(tmp_path / "j") == [{"rows": rows} for rows in range(whole)]
    journal = Journal(tmp_path / "j", JOB)
    journal.add(rows="on")
    journal.close()
    assert written(tmp_path / "j") == [*({"rows": rows} for rows in range(whole)), {"rows": "on"}]


def test_garbage_is_no_journal(tmp_path: Path) -> None:
    (tmp_path / "j").write_bytes(b"\x00\xff" * 100)
    assert written(tmp_path / "j") == []


def test_numbers_come_back_exactly() -> None:
    row = np.random.default_rng(0).normal(0, 1, 100) * 10.0 ** np.arange(-50, 50)
    assert (unpacked(packed(row)) == row).all()

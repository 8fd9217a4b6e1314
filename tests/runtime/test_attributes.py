"""Directions on the card of a model that draws: what is one, what is refused, and that old readers are not misled."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from translate import attributes
from translate.card import Card
from translate.errors import ModelError

CARD = Card("n", "noise → faces", "dcgan", "noise", "faces", size=64, latent=3, version=3)
SMILE: dict[str, Any] = {"direction": [0.5, 0, -1.25], "low": "serious", "high": "smiling", "lands": 0.91}


def test_attributes_travel_with_the_card() -> None:
    card = replace(CARD, attributes={"smile": SMILE, "age": {"direction": [0, 0, 2]}})
    assert Card.from_json(card.to_json()) == card
    assert list(Card.from_json(card.to_json()).attributes) == ["smile", "age"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["smile"], "attributes = ['smile']: it must be names"),
        ({"": SMILE}, "attributes has '': a name is a line"),
        ({"a\nb": SMILE}, "a name is a line of 1 to 40"),
        ({"a" * 41: SMILE}, "a name is a line of 1 to 40"),
        ({f"a{place}": SMILE for place in range(17)}, "attributes has 17 names: give 16 at most"),
        ({"smile": [1, 2, 3]}, "attributes.smile must be a record"),
        ({"smile": {}}, "attributes.smile must be a record"),
        ({"smile": {**SMILE, "hight": "x"}}, "attributes.smile knows no 'hight'; did you mean 'high'?"),
        ({"smile": {"direction": [1, 2]}}, "attributes.smile.direction must be 3 numbers"),
        ({"smile": {"direction": [1, 2, float("nan")]}}, "direction must be 3 numbers"),
        ({"smile": {"direction": [1, 2, True]}}, "direction must be 3 numbers"),
        ({"smile": {"direction": [1, 2, 101]}}, "direction must be 3 numbers from -100 to 100"),
        ({"smile": {"direction": [0, 0.0, 0]}}, "direction is all zeros"),
        ({"smile": {**SMILE, "low": 3}}, "attributes.smile.low = 3"),
        ({"smile": {**SMILE, "high": "x" * 41}}, "attributes.smile.high = "),
        ({"smile": {**SMILE, "lands": 1.5}}, "attributes.smile.lands = 1.5: it must be from 0 to 1"),
    ],
)
def test_what_is_none_is_refused_in_a_sentence(given: Any, told: str) -> None:
    with pytest.raises(ModelError) as refused:
        Card.from_json(replace(CARD, attributes=given).to_json())
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_model_that_draws_nothing_has_none() -> None:
    card = Card("n", "a → b", "pix2pix", "a", "b", attributes={"smile": SMILE})
    with pytest.raises(ModelError, match="attributes of a model that does not draw from noise"):
        Card.from_json(card.to_json())


@pytest.mark.parametrize(
    ("text", "told"), [("{", "cannot be read"), ("[]", "must hold a record"), (None, "cannot be read")]
)
def test_a_file_that_holds_none(tmp_path: Path, text: str | None, told: str) -> None:
    path = tmp_path / "attributes.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ModelError, match=told):
        attributes.read(path)
    path.write_text(json.dumps({"smile": SMILE}))
    assert attributes.read(path) == {"smile": SMILE}

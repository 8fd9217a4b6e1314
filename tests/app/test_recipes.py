"""What a record of JSON asks a model to draw: codes in closed form, refusals in a sentence. No model, only cards."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("gradio", reason="the page needs the extra `app`")

from translate.card import Card
from translate.errors import LatentError
from translate.latent import linear, noise, spherical
from translate.page.principal import pairs, principal
from translate.page.recipes import Recipe, recipe

CARD = Card("n", "noise → faces", "dcgan", "noise", "faces", size=64, latent=16, version=3)
LABELLED = replace(CARD, classes=["cat", "dog"])
Z = noise(range(8), 16).astype(np.float64)


def codes(given: dict[str, Any]) -> np.ndarray:
    return recipe(given, CARD).codes


def test_seeds_are_the_noise_of_the_runtime() -> None:
    np.testing.assert_array_equal(codes({"seeds": [3, 0, 3]}), noise([3, 0, 3], 16))
    given = [[0.25 * place for place in range(16)]]
    np.testing.assert_array_equal(codes({"noise": given}), np.array(given, np.float32))


@pytest.mark.parametrize(("how", "way"), [("spherical", spherical), ("linear", linear)])
def test_between_two(how: str, way: Any) -> None:
    a, b = noise([1, 5], 16)
    between = {"seeds": [1, 5], "how": how}
    np.testing.assert_array_equal(codes({"between": {**between, "at": 0.3}}), way(a, b, 0.3)[None])
    steps = codes({"between": {**between, "steps": 5}})
    np.testing.assert_allclose(steps, [way(a, b, t) for t in (0, 0.25, 0.5, 0.75, 1)], atol=1e-6)
    film = codes({"between": {**between, "round": 4}})
    assert len(film) == 8
    np.testing.assert_allclose(film[[2, 6]], [way(a, b, 0.5)] * 2, atol=1e-5)
    np.testing.assert_array_equal(film[[0, 4]], [a, b])


def test_spherical_is_what_is_meant_where_nothing_is_said() -> None:
    halfway = codes({"between": {"seeds": [1, 5], "at": 0.5}})
    lengths = np.linalg.norm(Z[[1, 5]], axis=1)
    assert lengths.min() <= np.linalg.norm(halfway) <= lengths.max()
    straight = codes({"between": {"seeds": [1, 5], "at": 0.5, "how": "linear"}})
    np.testing.assert_allclose(straight[0], (Z[1] + Z[5]) / 2, atol=1e-6)


def test_amid_four_the_corners_are_the_seeds_across_and_then_down() -> None:
    four = {"seeds": [0, 1, 2, 3], "how": "linear"}
    for at, seed in (([0, 0], 0), ([1, 0], 1), ([0, 1], 2), ([1, 1], 3)):
        np.testing.assert_array_equal(codes({"between": {**four, "at": at}})[0], noise([seed], 16)[0])
    middle = codes({"between": {**four, "at": [0.25, 0.5]}})[0]
    np.testing.assert_allclose(middle, 0.375 * (Z[0] + Z[2]) + 0.125 * (Z[1] + Z[3]), atol=1e-6)
    square = codes({"between": {**four, "steps": 3}})
    np.testing.assert_allclose(square[5], (Z[1] + Z[3]) / 2, atol=1e-6)  # the right end of the middle row
    np.testing.assert_array_equal(codes({"between": {**four, "round": 2}})[::2], noise([0, 1, 3, 2], 16))


def test_a_sum_of_averages() -> None:
    total = (Z[0] + Z[1]) / 2 - Z[2] + (Z[3] + Z[4] + Z[5]) / 3
    given = {"start": [0, 1], "minus": [2], "plus": [3, 4, 5]}
    np.testing.assert_allclose(codes({"sum": {**given, "restore": False}})[0], total, atol=1e-6)
    restored = codes({"sum": given})[0]
    np.testing.assert_allclose(restored, total * math.sqrt(16) / np.linalg.norm(total), atol=1e-5)
    half = codes({"sum": {**given, "strength": 0.5, "restore": False}})[0]
    np.testing.assert_allclose(half, (Z[0] + Z[1]) / 2 + 0.5 * (total - (Z[0] + Z[1]) / 2), atol=1e-6)
    np.testing.assert_allclose(codes({"sum": {"start": [0, 1], "restore": False}})[0], (Z[0] + Z[1]) / 2, atol=1e-6)


def test_sliders_go_along_their_directions() -> None:
    asked = recipe({"seeds": [0, 1], "sliders": {"smile": 1.5, "age": -1, "hair": 0}}, CARD)
    assert asked.sliders == {"smile": 1.5, "age": -1.0}
    smile, age = np.eye(16, dtype=np.float32)[:2]
    expected = noise([0, 1], 16) + 1.5 * smile - age
    np.testing.assert_allclose(asked.moved({"smile": smile, "age": age}), expected, atol=1e-6)
    with pytest.raises(LatentError, match="no slider 'smile'; did you mean 'smiles'"):
        asked.moved({"smiles": smile, "age": age})


def test_labels_by_name_and_number() -> None:
    assert recipe({"seeds": [0, 1], "label": "dog"}, LABELLED).labels == [1, 1]
    assert recipe({"seeds": [0, 1], "labels": ["dog", 0]}, LABELLED).labels == [1, 0]
    assert recipe({"seeds": [0]}, CARD).labels is None


def test_a_sheet_has_no_more_columns_than_pictures() -> None:
    assert recipe({"seeds": [0, 1], "columns": 6}, CARD).columns == 2
    assert recipe({"seeds": list(range(24))}, CARD).columns == 6


REFUSED: list[tuple[Any, str]] = [
    ([], "the body must be a record"),
    ("seeds", "the body must be a record"),
    ({}, "one of seeds, noise, between, sum$"),
    ({"seeds": [0], "sum": {}}, "not with seeds and sum"),
    ({"sead": [0]}, "knows no 'sead'; did you mean 'seeds'"),
    ({"seeds": []}, "list of 1 to 64"),
    ({"seeds": list(range(65))}, "list of 1 to 64"),
    ({"seeds": [-1]}, "the seed -1 is none"),
    ({"seeds": [1.5]}, "the seed 1.5 is none"),
    ({"seeds": ["1"]}, "the seed '1' is none"),
    ({"seeds": [2**63]}, "is none"),
    ({"noise": [[0.0] * 15]}, "lists of 16 numbers"),
    ({"noise": [[float("nan")] * 16]}, "noise is nan"),
    ({"noise": [[1e9] * 16]}, "noise is 1000000000.0"),
    ({"between": {"seeds": [1, 2, 3], "at": 0}}, "two seeds or four, not 3"),
    ({"between": {"seeds": [1, 2]}}, "one of at, steps and round"),
    ({"between": {"seeds": [1, 2], "at": 1.01}}, "at is 1.01: give a number from 0 to 1"),
    ({"between": {"seeds": [1, 2, 3, 4], "at": 0.5}}, "two numbers"),
    ({"between": {"seeds": [1, 2], "at": 0, "how": "cubic"}}, "no way 'cubic'"),
    ({"between": {"seeds": [1, 2], "steps": 65}}, "whole number from 2 to 64"),
    ({"between": {"seeds": [1, 2, 3, 4], "steps": 9}}, "whole number from 2 to 8"),
    ({"between": {"seeds": [1, 2], "round": 33}}, "whole number from 1 to 32"),
    ({"sum": {"start": []}}, "something to start with"),
    ({"sum": {"start": [1], "minus": [2] * 17}}, "list of 0 to 16"),
    ({"sum": {"start": [1], "strength": 5}}, "strength is 5"),
    ({"sum": {"start": [1], "restore": "yes"}}, "give true or false"),
    ({"sum": {"start": [1], "minus": [1], "plus": []}}, "what is left is nothing"),
    ({"seeds": [0], "sliders": [1]}, "sliders must be names"),
    ({"seeds": [0], "sliders": {"a": float("inf")}}, "a slider is inf"),
    ({"seeds": [0], "format": "exe"}, "choose png, webp, gif"),
    ({"seeds": [0], "columns": True}, "columns is True"),
    ({"seeds": [0], "label": 0}, "has no classes"),
]


@pytest.mark.parametrize(("given", "told"), REFUSED, ids=[told for _, told in REFUSED])
def test_what_there_is_not_is_refused_in_a_sentence(given: Any, told: str) -> None:
    with pytest.raises(LatentError, match=told) as refused:
        recipe(given, CARD)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "say which class to draw.*: cat, dog"),
        ({"label": "cow"}, "there is no class 'cow'"),
        ({"label": 2}, "a label is 2: give a whole number from 0 to 1"),
        ({"label": 0, "labels": [0]}, "say which class"),
        ({"labels": [0, 1]}, "one for each of 1 pictures"),
    ],
)
def test_labels_that_are_none(given: dict[str, Any], told: str) -> None:
    with pytest.raises(LatentError, match=told):
        recipe({"seeds": [0], **given}, LABELLED)


def test_too_many_pixels_are_refused_before_they_are_drawn() -> None:
    with pytest.raises(LatentError, match="24 pictures of 1024 × 1024 pixels are over 25,000,000"):
        recipe({"seeds": list(range(24))}, replace(CARD, size=1024))
    assert isinstance(recipe({"seeds": list(range(23))}, replace(CARD, size=1024)), Recipe)


def test_principal_directions_of_a_linear_model_are_its_singular_vectors() -> None:
    """Of g(z) = 128 + Wz with singular values 12, 6, 3 they are the first three, the brighter way up."""
    random = np.random.default_rng(0)
    ways, _ = np.linalg.qr(random.standard_normal((5, 5)))
    looks, _ = np.linalg.qr(random.standard_normal((64, 64)))
    weights = (ways[:, :3] * [12, 6, 3]) @ looks[:, :3].T * 8
    z = random.standard_normal((2000, 5)).astype(np.float32)
    there, back = (
        np.clip(np.rint(128 + sign * z @ weights), 0, 255).astype(np.uint8).reshape(-1, 8, 8, 1) for sign in (1, -1)
    )
    found = principal(z, there, back)
    np.testing.assert_allclose(np.abs(np.sum(found[:3] * ways[:, :3].T, axis=1)), 1, atol=0.02)
    np.testing.assert_allclose(found @ found.T, np.eye(len(found)), atol=1e-5)
    assert ((found[:3] @ weights).sum(1) > 0).all()


def test_large_models_are_looked_at_in_fewer_draws() -> None:
    assert [pairs(size) for size in (8, 64, 128, 512)] == [128, 128, 61, 16]

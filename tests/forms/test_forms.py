"""Forms: what a configuration may say of stored values, what a card keeps of it, and what is made of that."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.forms.fields import configuration, make
from tests.tiny import configuration as tiny
from translate import config
from translate.batches import Pair, to_bytes, to_device
from translate.card import Card
from translate.data.entrance import Entrance
from translate.encoding import decode, encode, levels
from translate.errors import ConfigError, DataError, ModelError
from translate.forms import Form

DEEP = {"depth": "uint16"}
COLOURS = ["#000000", "#ff0000", "#86c5da"]
FORMS = [
    Form.plain(3),
    Form.plain(7),
    Form.declared(2, DEEP),
    Form.declared(2, {**DEEP, "range": [0, 10000]}),
    Form.declared(2, {"depth": "float32", "range": [[-1, 1], [0.5, 80]]}),
    Form.declared(1, {"classes": 12}),
    Form.declared(1, {**DEEP, "classes": 700}),
    Form.declared(3, {"classes": COLOURS}),
    Form.declared([3, 1], [{}, {**DEEP, "range": [0, 4000]}], 2),
]


def card(**changes) -> Card:
    return Card(**{"name": "x", "task": "a → b", "method": "m", "source": "a", "target": "b", **changes})


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_card_keeps_it(form: Form) -> None:
    written = card(source_channels=form.channels, source_form=form.records(), version=2)
    assert Card.from_json(written.to_json()) == written
    assert Card.from_json(written.to_json()).takes == form
    assert (form.records() == []) == (form in FORMS[:2])


def test_cards_of_earlier_versions_are_of_8_bits() -> None:
    words = {"name": "x", "task": "a → b", "method": "m", "source": "a", "target": "b"}
    read = Card.from_json(json.dumps({**words, "source_channels": 1, "version": 1}))
    assert (read.takes, read.gives, read.ordinary) == (Form.plain(1), Form.plain(3), True)
    assert read.version == 1


@pytest.mark.parametrize(
    ("channels", "records", "words"),
    [
        (3, 7, "source_form = 7"),
        (3, [7], r"source_form = \[7\]"),
        (3, [{}] * 17, "which cannot be"),
        (3, [{"channels": 2, "depth": "uint16"}], "of 2 channels where it says 3"),
        (3, [{"channels": 3, "depth": ["uint16"]}], "depth"),
        (3, [{"channels": 3, "depth": "float32"}], "range"),
        (3, [{"channels": 3, "range": [5, 5]}], "smaller one first"),
        (3, [{"channels": 3, "range": [0, 1e300]}], "two numbers"),
        (3, [{"channels": 3, "range": [0, 256]}], "uint8 holds 0 to 255"),
        (3, [{"channels": True}], "whole number"),
        (3, [{"channels": 10**9}], "whole number"),
        (1, [{"channels": 1, "classes": 10**9}], "classes"),
        (3, [{"channels": 3, "classes": ["#000000", "\x1b[31m"]}], "colour"),
    ],
)
def test_a_card_that_lies(channels: int, records: object, words: str) -> None:
    with pytest.raises(ModelError, match=words) as told:
        Card.from_json(replace(card(source_channels=channels), source_form=records).to_json())
    assert str(told.value).isprintable()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"source_values": {"dept": "uint16"}}, "did you mean 'depth'"),
        ({"source_values": {"depth": "uint12"}}, "did you mean 'uint16'"),
        ({"source_values": {"depth": "float32"}}, "give range"),
        ({"source_values": {"depth": "uint16", "range": [0, 70000]}}, "uint16 holds 0 to 65535"),
        ({"source_values": {"range": [[0, 1]] * 3}}, "for 3 channels of 2"),
        ({"source_values": {"classes": 4}}, "stored in 1"),
        ({"source_values": {"classes": 4, "range": [0, 1]}}, "leave one of the two out"),
        ({"source_values": {"classes": "palette"}}, r"no section \[palette\]"),
        ({"source_values": [{}, {}]}, "2 are given for 1 folder"),
        ({"source_values": 16}, "must be of type"),
        ({"source_channels": 0}, "whole number from 1"),
        ({"source_values": {}}, "and uint8 is declared"),
    ],
)
def test_what_a_configuration_may_not_say(data: dict, words: str, tmp_path: Path) -> None:
    make(tmp_path, 3)
    written = configuration(tmp_path)
    written["data"] |= data
    with pytest.raises((ConfigError, DataError), match=words):
        config.plan(written).layout.check()


def test_resolved_stays_plain_and_says_all(tmp_path: Path) -> None:
    make(tmp_path, 3)
    plan = config.plan(configuration(tmp_path))
    config.write(tmp_path / "c.toml", plan.resolved)
    again = config.read(tmp_path / "c.toml")
    assert again == plan.resolved
    for role, form in plan.layout.forms.items():
        assert Form.of_records(again["forms"][role], form.channels) == form
    with pytest.raises(ConfigError, match="forms: they follow from"):
        config.plan({**again, "forms": {}})
    assert config.plan(again).layout.fingerprint() == plan.layout.fingerprint()
    wide = {name: network.get("inputs") for name, network in plan.resolved["networks"].items()}
    assert wide == {"G": 2, "D": 3}


def test_several_files_are_told_in_one_breath() -> None:
    assert str(Form.declared([3, 1], {}, 2)) == "3 channels of uint8 + 1 channel of uint8"


def test_a_palette_gives_the_classes(town: Path) -> None:
    written = tiny("pix2pix", town)
    written["palette"] = {"line": "#000000", "Paper": "#FFFFFF"}
    written["data"]["source_values"] = {"classes": "palette"}
    plan = config.plan(written)
    assert plan.layout.forms["source"].parts[0].colours == ("#000000", "#ffffff")
    assert plan.resolved["networks"]["G"]["inputs"] == 2
    assert config.plan(plan.resolved).resolved == plan.resolved


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_there_and_back(form: Form) -> None:
    """What is encoded is in [-1, 1], and decoded what it was."""
    random = np.random.default_rng(0)
    if form.classes:
        choice = random.integers(0, form.classes, (2, 9, 8, 1))
        palette = np.array([list(bytes.fromhex(colour[1:])) for colour in COLOURS])
        stored = palette[choice[..., 0]] if form.channels == 3 else choice
    else:
        low, high = np.array(form.ranges).T
        stored = random.uniform(low, high, (2, 9, 8, form.channels))
    stored = stored.astype(form.depth)
    encoded = encode(torch.from_numpy(stored.transpose(0, 3, 1, 2).copy()), form)
    assert encoded.shape == (2, form.encoded, 9, 8)
    assert encoded.dtype == torch.float32
    assert encoded.abs().max() <= 1
    back = decode(encoded.permute(0, 2, 3, 1), form).numpy()
    assert back.dtype == form.depth
    if form.depth == "float32":
        assert np.abs(back - stored).max() < 1e-5
    else:
        assert (back == stored).all()


def test_eight_bits_are_encoded_as_ever() -> None:
    """To the bit: what `to_device` and `to_bytes` do."""
    picture = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)
    batch = Pair(picture, picture)
    assert torch.equal(
        Entrance(None, {"source": Form.plain(1)}).plain(batch, torch.device("cpu")).source,
        to_device(batch, torch.device("cpu")).source,
    )
    values = torch.linspace(-1.2, 1.2, 1001).reshape(1, 1, -1, 1)
    assert torch.equal(decode(values, Form.plain(1)), to_bytes(values))


def test_ends_of_a_range() -> None:
    """(v − middle) / half, and what lies beyond is taken for the end it passed."""
    form = Form.declared(2, {**DEEP, "range": [[0, 10000], [1000, 3000]]})
    stored = torch.tensor([[0, 5000, 10000, 60000], [0, 1500, 3000, 60000]], dtype=torch.int32).to(torch.uint16)
    encoded = encode(stored.reshape(1, 2, 1, 4), form)[0, :, 0]
    assert encoded.tolist() == [[-1, 0, 1, 1], [-1, -0.5, 1, 1]]
    assert levels(torch.tensor([[[[-2.0, -2.0]], [[0.25, 0.25]], [[2.0, 2.0]]]]), form).tolist() == [
        [[[0, 1000]], [[6250, 2250]], [[10000, 3000]]]
    ]


def test_one_hot() -> None:
    form = Form.declared(1, {"classes": 3})
    encoded = encode(torch.tensor([[[[0, 1], [2, 255]]]], dtype=torch.uint8), form)
    # 255 is no class: −1 in all.
    assert encoded[0].tolist() == [[[1, -1], [-1, -1]], [[-1, 1], [-1, -1]], [[-1, -1], [1, -1]]]
    colours = Form.declared(3, {"classes": COLOURS})
    near = torch.tensor([[3, 2, 9], [250, 20, 20], [140, 190, 210]], dtype=torch.uint8).T.reshape(1, 3, 1, 3)
    assert (encode(near, colours)[0, :, 0] == 2 * torch.eye(3) - 1).all()
    assert decode(torch.tensor([[[[-0.9, -0.2, -0.5]]]]), colours).tolist() == [[[[255, 0, 0]]]]

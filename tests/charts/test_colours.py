"""Colours are the same everywhere, and everybody can tell them apart."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from retainsim.charts.colours import GAIN, GREY, LOSS, PALETTE, arm_colours, ink, on, reason_colours

# How linear RGB is seen without one kind of cone, at full severity (Machado, Oliveira & Fernandes 2009).
VISION = {
    "normal": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = np.array([0.95047, 1.0, 1.08883])
APART = 19


def linear(colour):
    channels = np.array(to_rgb(colour))
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(colour, vision):
    x, y, z = TO_XYZ @ np.clip(vision @ linear(colour), 0, 1) / WHITE
    x, y, z = (np.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("colours", [(GREY, *PALETTE), (GREY, GAIN, LOSS)], ids=["arms", "signs"])
def test_any_two_colours_can_be_told_apart(vision, colours):
    seen = {colour: lab(colour, VISION[vision]) for colour in colours}
    distances = {(a, b): np.linalg.norm(seen[a] - seen[b]) for a, b in combinations(colours, 2)}
    assert min(distances.values()) >= APART


def contrast(one, other):
    low, high = sorted(linear(colour) @ np.array([0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", [GREY, GAIN, LOSS, *PALETTE])
def test_words_in_a_colour_can_be_read_on_white(colour):
    assert contrast(ink(colour), "white") >= 4.5


@pytest.mark.parametrize("colour", [GREY, GAIN, LOSS, *PALETTE])
def test_words_on_a_colour_can_be_read(colour):
    assert contrast(on(colour), colour) >= 3.7


def test_an_arm_keeps_its_colour_when_another_is_added(run):
    few, many = arm_colours(run("eight_arms")), arm_colours(run("twelve_arms"))
    assert len(set(few.values())) == len(few)
    assert few.items() <= many.items()


def test_reasons_have_their_colours_by_name(run):
    assert reason_colours(run("plain")) == reason_colours(run("loss"))

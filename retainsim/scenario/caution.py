"""Caution: what a scenario may do, but whoever reads its results should know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retainsim.mechanisms.reasons import PRESET_NOTES
from retainsim.scenario.lever import Cost
from retainsim.scenario.schema import Parameters
from retainsim.scenario.segment import Beta

if TYPE_CHECKING:
    from collections.abc import Iterator


def warn(parameters: Parameters) -> tuple[str, ...]:
    """Return one sentence for everything worth a warning, with the path of the key it is about."""
    found = (*_preset(parameters), *_leak(parameters), *_unused(parameters), *_free(parameters))
    return tuple(found)


def _preset(parameters: Parameters) -> Iterator[str]:
    preset = parameters.churn.preset
    if preset:
        yield f"churn.preset: {PRESET_NOTES[preset]}"
    elif parameters.churn.reasons is None:
        yield f"churn.reasons: not given, so keaveney-1995 is taken; {PRESET_NOTES['keaveney-1995']}"


def _leak(parameters: Parameters) -> Iterator[str]:
    """Compare the churn of the opening pool with the target."""
    target, segments = parameters.churn.target_annual, parameters.segments.values()
    if target is None or not parameters.churn.calibrate:
        return
    leak = sum(s.share * (s.annual_churn or 0.0) for s in segments) / sum(s.share for s in segments)
    if leak > target:
        yield (
            f"churn.target_annual: the opening pool loses {leak:.1%} of its customers in 12 months, "
            f"more than the target of {target:.1%}"
        )


def _unused(parameters: Parameters) -> Iterator[str]:
    for name, segment in parameters.segments.items():
        is_raw = isinstance(segment.frailty, Beta) and not parameters.churn.calibrate
        if is_raw and segment.annual_churn is not None:
            yield (
                f"segments.{name}.annual_churn: not used; with churn.calibrate = false the beta frailty "
                "alone says how many leave"
            )


def _free(parameters: Parameters) -> Iterator[str]:
    for group, parts in (("pieces", parameters.pieces), ("arms", parameters.arms)):
        for name, part in parts.items():
            if part.retention is not None and part.retention.cost == Cost():
                yield f"{group}.{name}.retention: costs nothing, so it cannot but pay; give its cost"

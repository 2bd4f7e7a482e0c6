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
    found = (
        *_preset(parameters),
        *_leak(parameters),
        *_unused(parameters),
        *_free(parameters),
        *_mechanisms(parameters),
    )
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


def _mechanisms(parameters: Parameters) -> Iterator[str]:
    """Warn of settings that do nothing here, or that the literature does not bear out."""
    on = parameters.mechanisms
    if on.failures is not None and on.failures.eases > 1:
        yield (
            "mechanisms.failures.eases: above 1, recovered customers end up with less strain than had nothing failed; "
            "this recovery paradox is found for satisfaction, not for behaviour (de Matos, Henrique & Rossi 2007)"
        )
    for name in sorted({"failures", "service_desk", "account_managers"} & set(parameters.on)):
        reason, known = getattr(on, name).reason, sorted(parameters.churn.shares())
        if reason not in known:
            yield (
                f"mechanisms.{name}.reason: {reason} is none of the file's reasons, so that nobody leaves for it but "
                f"through this mechanism; name one of {', '.join(known)} if it is the same"
            )
    if on.service_desk is not None and on.service_desk.agent_cost == 0:
        yield "mechanisms.service_desk.agent_cost: agents cost nothing, so more of them cannot but pay; give their cost"
    if on.account_managers is not None and on.account_managers.salary == 0:
        yield "mechanisms.account_managers.salary: managers cost nothing, so more of them cannot but pay; give it"
    key_first = on.account_managers is not None and on.account_managers.order == "key_accounts_first"
    if key_first and on.key_accounts is None and not parameters.accounts:
        yield "mechanisms.account_managers.order: there are no key accounts, so nobody comes first"
    if on.surveys is not None and on.perception is None:
        yield "mechanisms.surveys: without mechanisms.perception there is nothing that a survey could put right"
    bound = any(parameters.plan(name).term_months for name in parameters.segments)
    if on.follow_up is not None and on.follow_up.withdraws and not bound:
        yield "mechanisms.follow_up.withdraws: nobody is bound by a term, so there is no notice to take back"

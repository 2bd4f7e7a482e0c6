"""Options: what keeping, renegotiating and releasing a client come to, and how sure one may be of the best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from retainsim.study.clients.client import KEEP, OPTIONS, RELEASE, RENEGOTIATE
from retainsim.study.compare import confidence_above_zero, estimate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retainsim.draws import Floats
    from retainsim.study.clients.client import Client

_ALIKE = 1e-9
"""Share of the NPV by which options may differ and still be the same."""


@dataclass(frozen=True)
class Options:
    """The NPV of the firm in each case, shape (replications,), and the chance that the offer is accepted.

    The client's answer is not drawn: both are played, and weighed by their chance.
    """

    keep: Floats
    accepted: Floats
    refused: Floats
    release: Floats
    chances: Floats

    @property
    def renegotiate(self) -> Floats:
        """Return what asking comes to before the answer is known, shape (replications,)."""
        return self.chances * self.accepted + (1.0 - self.chances) * self.refused

    def value(self, option: str) -> Floats:
        """Return what an option comes to, shape (replications,)."""
        found: Floats = getattr(self, option)
        return found

    @property
    def advice(self) -> str:
        """Return the option with the highest mean; of those alike, the first of keep, renegotiate, release."""
        means = [float(self.value(option).mean()) for option in OPTIONS]
        close = _ALIKE * max(map(abs, means))
        return next(option for option, mean in zip(OPTIONS, means, strict=True) if mean >= max(means) - close)

    def lead(self, option: str) -> Floats:
        """Return by how much an option is ahead of the best of the others in the mean, shape (replications,).

        What comes to the same as the option in every replication is no other.
        """
        others = self._others(option)
        return self.value(option) - max(others, key=lambda values: float(values.mean())) if others else 0.0 * self.keep

    def runner_up(self, option: str) -> str:
        """Return the best of the other options."""
        others = [other for other in OPTIONS if other != option]
        return max(others, key=lambda other: float(self.value(other).mean()))

    def _others(self, option: str) -> list[Floats]:
        mine, others = self.value(option), [self.value(other) for other in OPTIONS if other != option]
        close = _ALIKE * max(float(np.abs(values).max()) for values in (mine, *others))
        return [values for values in others if float(np.abs(values - mine).max()) > close]

    def report(self) -> dict[str, dict[str, Any]]:
        """Return each option with what it gains over keeping, and what choosing it risks.

        `p_right` is the share of futures (replications, times the client's two answers by their chance) in which no
        other option is better, `p_mean_right` the confidence that its mean is the highest (the lowest against any
        other), `expected_loss` what it lacks on average of what would have been best in each future.
        """
        futures = {option: np.array([self.value(option)] * 2) for option in (KEEP, RELEASE)}
        futures[RENEGOTIATE] = np.array([self.accepted, self.refused])
        best = np.max(list(futures.values()), axis=0)
        weights = np.array([self.chances, 1.0 - self.chances]) / len(self.keep)
        close = _ALIKE * float(np.abs(best).max())
        return {
            option: {
                "npv": estimate(self.value(option)),
                "npv_vs_keep": estimate(self.value(option) - self.keep),
                "p_right": float((weights * (futures[option] >= best - close)).sum()),
                "p_mean_right": self._sure(option),
                "expected_loss": float((weights * (best - futures[option])).sum()),
            }
            for option in OPTIONS
        }

    def _sure(self, option: str) -> float | None:
        against = [self.value(option) - self.value(other) for other in OPTIONS if other != option]
        found = [confidence_above_zero(difference) for difference in against]
        return None if any(sure is None for sure in found) else min(sure for sure in found if sure is not None)


def played(client: Client, offer: float, values: Mapping[str, float] | None = None) -> Options:
    """Play the options of a client, or of one with other settings, and return what they come to."""
    variants = variants_of(client, offer, values)
    client.trials.play(variants.values())
    found = {name: client.trials.values(variant) for name, variant in variants.items()}
    return Options(**found, chances=client.chances(offer, values))


def variants_of(client: Client, offer: float, values: Mapping[str, float] | None = None) -> dict[str, Any]:
    """Return what has to be played to know the options of a client."""
    return {
        "keep": client.keep(values),
        "accepted": client.accepted(offer, values),
        "refused": client.refused(values),
        "release": client.release(values),
    }

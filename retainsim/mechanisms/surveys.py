"""Surveys: asking customers shows the firm where perception strays, as far as they answer.

Every `every_months` all customers are asked. Whether one answers depends on what it perceives, so that the answers are
biased; each is kept in `log` beside the truth. Who answers is told as the touch `survey`, and where it feels short of
what is delivered the firm puts a share right (mechanism perception, without which there is nothing to put right).
All numbers are assumptions.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from retainsim import mechanism
from retainsim.mechanism import setting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retainsim.draws import Floats
    from retainsim.scenario.schema import Parameters
    from retainsim.world import World


class Settings(mechanism.Settings):
    """How often customers are asked, who answers, and what comes of it."""

    every_months: float = setting(12.0, "months", "time between surveys (assumption)", ge=0.25, le=600)
    response_rate: float = setting(0.2, "share", "customers at the neutral value who answer (assumption)", ge=0, le=1)
    cost_per_answer: float = setting(0.0, "money per answer", "cost of an answer", ge=0)
    correction: float = setting(
        0.5, "share", "of what one who answers feels short of, put right at once (assumption)", ge=0, le=1
    )
    bias: float = setting(
        0.2, "log odds", "of an answer for every 0.1 that perceived value is above neutral (assumption)", ge=-10, le=10
    )
    neutral: float = setting(0.8, "share", "perceived value at which the response rate holds", ge=0, le=1)
    noise: float = setting(
        0.1, "share", "standard deviation of an answer around the value perceived (assumption)", ge=0, le=1
    )


@dataclass(frozen=True)
class Survey:
    """What one survey showed, and what it would have shown had everybody answered.

    Means are of perceived value, from 0 to 1. Scores are the share of promoters less that of detractors: answers that
    round to 9 or 10 on a scale from 0 to 10, and to 6 or less. NaN where nobody is.
    """

    time: float
    asked: int
    answers: int
    mean: float
    truth: float
    score: float
    true_score: float

    @classmethod
    def of(cls, time: float, value: Floats, said: Floats, answers: NDArray[np.bool_]) -> Survey:
        """Write down what came of asking customers of a perceived `value` of whom some say what they `said`."""
        shown, whole = said[answers], (_mean(value), _score(said))
        return cls(time, len(value), len(shown), _mean(shown), whole[0], _score(shown), whole[1])


class Mechanism(mechanism.Mechanism):
    """Asks everybody from time to time."""

    lines = {"surveys": "variable"}
    touches = ("survey",)

    @staticmethod
    def is_closed_form(today: Parameters) -> bool:
        """True: what is put right has strayed, and where perceptions stray they are not in closed form."""
        return True

    def attach(self, world: World) -> None:
        """Open the line, and the column that says how much of a shortfall is put right for who answered last."""
        world.ledger.open("surveys", "variable")
        world.pool.own("surveys.correction", np.float64(0.0))
        self._last = 0.0
        self.log: list[Survey] = []

    def serve(self, world: World, start: float, end: float) -> None:
        """Ask whenever it is time, once all who come in the span are there."""
        every = world.now.mechanisms.surveys.every_months
        while (due := max(round(self._last + every, 9), start)) <= end:
            self._last = due
            self._ask(world, due)

    def _ask(self, world: World, time: float) -> None:
        """Ask everybody who is there at `time`, and act on the answers."""
        now, pool = world.now.mechanisms.surveys, world.pool
        rows = pool.rows()
        rows = rows[(pool["joined"][rows] <= time) & (pool["leaves"][rows] > time)]
        names, number = pool["name"][rows], len(self.log)
        perceived = world.today.mechanisms.perception is not None
        value = pool["perception.value"][rows] if perceived else np.full(len(rows), now.neutral)
        said = value + now.noise * world.luck.normal("surveys.noise", names, number)
        answers = world.luck.uniform("surveys.answer", names, number) < _propensity(now, value)
        self.log.append(found := Survey.of(time, value, said, answers))
        world.observe("surveys", time, **{k: v for k, v in asdict(found).items() if k != "time"})
        rows = rows[answers]
        pool["surveys.correction"][rows] = now.correction
        world.money.pay("surveys", rows, np.full(len(rows), time), now.cost_per_answer)
        world.touch("survey", rows, np.full(len(rows), time))


def _propensity(now: Settings, value: Floats) -> Floats:
    """Return each customer's chance of answering: its log odds are linear in the value it perceives."""
    from scipy.special import expit, logit

    return np.asarray(expit(logit(now.response_rate) + 10 * now.bias * (value - now.neutral)))


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _score(said: Floats) -> float:
    """Return promoters less detractors, as a share of those who answer."""
    return _mean((said >= 0.85).astype(np.float64) - (said < 0.65))

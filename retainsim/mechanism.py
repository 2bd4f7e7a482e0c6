"""Mechanism: the contract every pluggable behaviour keeps, and the kind of settings it may declare.

A mechanism is one file in `mechanisms/` and one line of registration. It declares its settings (the table of
the scenario that switches it on), says what it feeds, and meets the others only at acquisition, churn, the
ledger and touches. The order in which mechanisms are attached cannot be seen in a result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

if TYPE_CHECKING:
    from retainsim.draws import Floats, Ints
    from retainsim.scenario.schema import Parameters
    from retainsim.world import World

Word = Annotated[str, StringConstraints(pattern=r"^\w[\w-]{0,39}$")]
"""A name a user gives: letters, digits, _ and -, at most 40."""


class Settings(BaseModel):
    """One table of a scenario: frozen, strict, no unknown keys, no NaN or infinity."""

    brings_customers: ClassVar[bool] = False
    """True for the settings of a mechanism through which customers come: its name is then one of the origins."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)

    def feeds(self) -> tuple[str, ...]:
        """Return the reasons for leaving that these settings feed."""
        return (self.reason,) if hasattr(self, "reason") else ()

    def drives_away(self) -> bool:
        """Tell whether closing this mechanism as a leak would keep customers."""
        return bool(self.feeds())

    def calm(self) -> Self | None:
        """Return the settings without what happens on a date or by chance, as calibration takes them; None for off."""
        return self


class Event(Settings):
    """Something that happens once in an arm; mechanisms say which kinds they know."""

    at_month: float = Field(description="month (or date) it happens", ge=0, json_schema_extra={"unit": "months"})


def setting(default: Any, unit: str, about: str, **limits: Any) -> Any:
    """Declare one key: its default (`...` where it must be given), unit, meaning and limits (ge, gt, le, lt)."""
    return Field(default, description=about, json_schema_extra={"unit": unit}, **limits)


class Mechanism:
    """One behaviour in one world.

    Subclasses set `lines` (ledger line -> class), the `touches` they emit and those they hear, and fill in what they
    need of the methods below. State lives in the pool, the ledger or the instance; one instance serves one replication
    of one arm.
    """

    lines: ClassVar[dict[str, str]] = {}
    touches: ClassVar[tuple[str, ...]] = ()
    """What it emits: everything that passes between firm and customer through it."""
    hears: ClassVar[tuple[str, ...]] = ()
    """Touches of other mechanisms that it acts upon, where there are any."""

    @staticmethod
    def is_closed_form(today: Parameters) -> bool:
        """True where the factors it puts on hazards at month 0 are all it does to them in the first year.

        Where it is not, calibration simulates.
        """
        return True

    @staticmethod
    def is_coupled(today: Parameters) -> bool:
        """True where what it does to one customer depends on who else is there; so that calibration plays the firm."""
        return False

    def attach(self, world: World) -> None:
        """Register leaks, taps, ledger lines, columns and clocks, and start SimPy processes, once, at month 0."""

    def welcome(self, world: World, rows: Ints) -> None:
        """Give customers who have just come (at month 0, or by joining) the traits it owns, before anything else."""

    def hold(self, world: World) -> None:
        """Recompute what is held until the next settlement: after `attach`, at reviews and after any change."""

    def review(self, world: World) -> None:
        """Act at a review, after the settlement and before everything is held again."""

    def arrive(self, world: World, start: float, end: float) -> None:
        """Bring customers who come in the span (start, end] otherwise than through a channel."""

    def serve(self, world: World, start: float, end: float) -> None:
        """Play what needs all touches of the span together, such as a queue, before anybody leaves."""

    def farewell(self, world: World, rows: Ints, times: Floats) -> None:
        """Look at customers who leave at `times` (months), before they are taken out of the pool."""

    def settle(self, world: World, start: float, end: float) -> None:
        """Post what flows over a settled span (start, end], months: costs that run with time."""

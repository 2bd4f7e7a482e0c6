"""Option: what commands take alike, each set of options as one decorator."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeAlias

import click

from retainsim.cli.root import DEBUG
from retainsim.cli.screen import Screen

Decorated: TypeAlias = Callable[..., Any]

scenario_file = click.argument("file")


def parse_assignments(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> dict[str, Any]:
    """Take every KEY=VALUE apart, the value as TOML writes it; a bare word is taken as a string."""
    return _merged(_assignment(each) for each in value)


def _assignment(text: str) -> tuple[str, Any]:
    key, is_assigned, value = (part.strip() for part in text.partition("="))
    if not (key and is_assigned and value):
        raise click.BadParameter(f"{text!r} is no KEY=VALUE; write segments.small.price=70")
    try:
        return key, toml_value(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no TOML; put all of {key}=... into single quotes") from None


def toml_value(text: str) -> Any:
    """Read a TOML value; what is none, but does not look like an attempt at one, is a string.

    Raises
    ------
    ValueError
        If it starts like a string, list or table and is none.
    """
    try:
        table = tomllib.loads(f"value = {text}")
    except ValueError:
        if text[0] in "\"'[{":
            raise
        return text
    if set(table) != {"value"}:
        raise ValueError(text)
    return table["value"]


def screen(command: Decorated) -> Decorated:
    """Give a command --json, --quiet and --debug, as its argument `screen`."""

    @click.option("--json", "as_json", is_flag=True, help="Print the answer as one JSON object.")
    @click.option("-q", "--quiet", is_flag=True, help="Print nothing but the answer and what went wrong.")
    @click.option(
        "--debug", is_flag=True, expose_value=False, callback=_debug, is_eager=True,
        help="Print the traceback of an error.",
    )  # fmt: skip
    @wraps(command)
    def with_screen(*args: Any, as_json: bool, quiet: bool, **others: Any) -> Any:
        return command(*args, screen=Screen(as_json, quiet), **others)

    return with_screen


def settings(command: Decorated) -> Decorated:
    """Give a command --set, as its argument `settings`: values by dotted path; and --within, for what it loads."""

    @click.option(
        "--set",
        "settings",
        multiple=True,
        callback=parse_assignments,
        metavar="KEY=VALUE",
        help="Set another value than the file's, by its path: segments.small.price=70. Repeatable.",
    )
    @click.option(
        "--within",
        metavar="FOLDER",
        type=click.Path(exists=True, file_okay=False),
        help="Let FILE extend any file in this folder or below; default: in its own.",
    )
    @wraps(command)
    def with_settings(*args: Any, within: str | None, **others: Any) -> Any:
        if within is None:
            return command(*args, **others)
        from retainsim.scenario.reach import reading_within

        with reading_within(within):
            return command(*args, **others)

    return with_settings


def jobs(command: Decorated) -> Decorated:
    """Give a command --jobs and --cluster, as its argument `jobs`: a number, the address of a cluster, or None."""

    @click.option("--jobs", metavar="N", type=click.IntRange(1), help="Processes; the result does not depend on it.")
    @click.option(
        "--cluster", metavar="ADDRESS", help="Play on the Dask cluster whose scheduler is there: tcp://host:8786."
    )
    @wraps(command)
    def with_jobs(*args: Any, jobs: int | None, cluster: str | None, **others: Any) -> Any:
        if jobs is not None and cluster is not None:
            raise click.UsageError("give --jobs or --cluster, not both")
        return command(*args, jobs=jobs if cluster is None else cluster, **others)

    return with_jobs


def effort(command: Decorated) -> Decorated:
    """Give a command --seed and --replications, which end in its argument `settings`, --jobs and --ignore-memory."""

    @click.option("--seed", metavar="N", type=click.IntRange(0, 2**63 - 1), help="Seed of all luck.")
    @click.option(
        "--replications",
        metavar="N",
        type=click.IntRange(2, 100_000),
        help="Independent draws of all luck, at least 2.",
    )
    @jobs
    @click.option("--ignore-memory", is_flag=True, help="Play what is not expected to fit into memory, too.")
    @wraps(command)
    def with_effort(
        *args: Any, seed: int | None, replications: int | None, settings: dict[str, Any], **others: Any
    ) -> Any:
        given = [("run.seed", seed), ("run.replications", replications)]
        chosen = [(key, value) for key, value in given if value is not None]
        return command(*args, settings=_merged([*settings.items(), *chosen]), **others)

    return with_effort


def vary(how: str) -> Callable[[Decorated], Decorated]:
    """Give a command --vary, as its argument `vary`: what is asked of keys, by dotted path; `how` says how."""
    return click.option(
        "--vary", multiple=True, callback=parse_ranges, metavar="KEY=RANGE",
        help=f"Key to vary, by its path, and its values: KEY={how}. Repeatable.",
    )  # fmt: skip


def assume(command: Decorated) -> Decorated:
    """Give a command --assume, as its argument `assume`, likewise."""
    return click.option(
        "--assume", multiple=True, callback=parse_ranges, metavar="KEY=RANGE",
        help="Likewise, but the file's value is taken to be otherwise, instead of decided otherwise.",
    )(command)  # fmt: skip


def parse_ranges(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    """Take every KEY=RANGE apart; the range is read where the scenario is known."""
    return _merged(_range(each) for each in value)


def _range(text: str) -> tuple[str, str]:
    key, is_assigned, asked = (part.strip() for part in text.partition("="))
    if not (key and is_assigned and asked):
        raise click.BadParameter(f"{text!r} is no KEY=RANGE; write acquisition.advertising.spend=20000:80000:9")
    return key, asked


def parse_amounts(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> dict[str, float]:
    """Take every KEY=AMOUNT apart."""
    found = {}
    for key, amount in parse_ranges(ctx, param, value).items():
        try:
            found[key] = float(amount)
        except ValueError:
            raise click.BadParameter(f"{amount!r} is no amount; write {key}=4000") from None
    return found


def extras(command: Decorated) -> Decorated:
    """Give a command what a run may find out besides, as its argument `extras`."""

    @click.option(
        "--customers",
        is_flag=True,
        help="Also keep every customer's life (customers.parquet) and whom each arm saves (saved.parquet).",
    )
    @click.option("--leaks", is_flag=True, help="Also find out what closing each leak would be worth.")
    @click.option("--trace", is_flag=True, help="Also log all that happens in the first replication (events.parquet).")
    @wraps(command)
    def with_extras(*args: Any, customers: bool, leaks: bool, trace: bool, **others: Any) -> Any:
        return command(*args, extras={"customers": customers, "leaks": leaks, "trace": trace}, **others)

    return with_extras


def derived(name: str) -> Callable[[Decorated], Decorated]:
    """Give a command the folder of a run and --out, the file it makes: `name` in that folder unless said otherwise."""

    def decorate(command: Decorated) -> Decorated:
        out = click.option("-o", "--out", help=f"The file; default: {name} in the folder of the run.")
        return click.argument("run")(out(command))

    return decorate


def force(about: str) -> Callable[[Decorated], Decorated]:
    """Give a command --force, which allows what `about` says."""
    return click.option("--force", is_flag=True, help=about)


def _merged(assignments: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for key, value in assignments:
        if key in merged:
            raise click.UsageError(f"{key} is set twice; say once what it is")
        merged[key] = value
    return merged


def _debug(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    ctx.meta[DEBUG] = ctx.meta.get(DEBUG) or value

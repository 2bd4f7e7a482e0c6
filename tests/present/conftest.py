"""Runs to present, each made once: an ordinary one, and what could go wrong with every other."""

import functools
import json
import shutil
import subprocess

import pytest

import retainsim

LONG = "Keep <b>everybody</b> for $x^2$ months more, at {any} price & 100 % of _them_, whatever it may cost in the end"
WORD = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft" + "W" * 39
HOSTILE = (
    "=cmd|' /C calc'!A1",
    "<script>alert(1)</script>",
    "@SUM(1+1) \"quoted\" 'too' & {{ 7 * 7 }}",
    "+1 😀 שלום مرحبا",
    "-2+3 <img src=x onerror=alert(1)>",
    "two\nlines, a\ttab, גרסה חדשה and 'z' \"><svg onload=alert(1)>",
)
"""Titles of arms that would be run, as formula, markup or template, by a program that does not take them as text."""


def scenario(*, title="Plug the leak?", currency='"EUR"', run="months = 24", segment="price = 20.0", arms="", tail=""):
    return f"""
title = '''{title}'''
currency = {currency}
[run]
seed = 3
{run}
[pool]
customers = 150
[segments.small]
annual_churn = 0.25
{segment}
[acquisition.advertising]
joins = 4
cost_per_join = 50
{tail}
{arms}
"""


def arm(name, body="retention = { points = 5 }", title=None):
    return f"[arms.{name}]\ntitle = '''{title or name}'''\n{body}\n"


def hostile_arm(place, title):
    return f"[arms.a{place}]\ntitle = {quoted(title)}\nretention = {{ churn = 0.9{place} }}\n"


def quoted(text):
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


CLIENT = '[[accounts]]\nname = {name}\nsegment = "small"\nvolume = 9\ndiscount = 0.3\nannual_churn = 0.1\n'
WATCHED = """
[mechanisms.key_accounts]
law = "pareto"
alpha = 1.5
key_share = 0.1
[mechanisms.service_desk]
agents = 1
contacts = 2.0
strain_per_hang_up = 0
strain_per_minute = 0
"""
MANY = "".join(arm(f"arm{i}", f"retention = {{ churn = {1 - 0.01 * i} }}", f"{i}: {LONG}"[:120]) for i in range(1, 8))
TEXTS = {
    "plain": scenario(arms=arm("retention", title="Five points more retention") + arm("none", "", "Nothing at all")),
    "alone": scenario(tail="[churn]\ntarget_annual = 0.1"),
    "eight_arms": scenario(
        title=f"{LONG} {LONG}"[:200],
        currency='{ code = "USD", symbol = "$", unit = "million" }',
        run="months = 60\nstart = 2026-01-31",
        arms=MANY,
        tail="[firm]\nfixed_costs = 9_000\n",
    ),
    "one_month": scenario(run="months = 1", arms=arm("retention", title=WORD)),
    "tiny": scenario(run='months = 6\nclosing_value = "none"', segment="price = 0.01", arms=arm("retention")),
    "huge": scenario(segment="price = 4e8\ncost_to_serve = 3.9e8", arms=arm("retention")),
    "loss": scenario(
        arms=arm("all", "retention = { points = 3, cost = { per_customer_month = 4 } }", LONG),
        tail="[firm]\nfixed_costs = 9_000\ntax_rate = 0.25\n",
    ),
    "crossing": scenario(
        arms=arm("all", 'change = [ { set = "segments.small.price", times = 1.6 } ]'),
        tail="[firm]\nfixed_costs = 2_400\n",
    ),
    "hostile": scenario(
        title="=1+1 <script>alert(2)</script>",
        arms="".join(hostile_arm(place, title) for place, title in enumerate(HOSTILE, 1)),
        tail="".join(CLIENT.format(name=quoted(title[:60])) for title in HOSTILE),
    ),
    "watched": scenario(arms=arm("retention"), tail=WATCHED + CLIENT.format(name='"Nordwind AG"')),
    "leaky": scenario(arms=arm("retention"), tail='[mechanisms.failures]\nrate = 0.05\nstrain = 0.005\nreason = "core_failure"\n'),
}  # fmt: skip


@functools.cache
def made(name):
    return retainsim.run(
        retainsim.loads(TEXTS[name]), replications=3, jobs=1, leaks=name == "leaky", customers=name == "watched"
    )


@pytest.fixture(scope="session")
def run():
    return made


@pytest.fixture(scope="session")
def plain():
    return made("plain")


@pytest.fixture(scope="session", params=TEXTS)
def every(request):
    """Each of the runs."""
    return made(request.param)


@pytest.fixture(scope="session", params=["alone", "hostile", "loss", "tiny"])
def some(request):
    """Those of the runs that differ most, and are quick."""
    return made(request.param)


@pytest.fixture
def soffice(tmp_path):
    """Convert a file with LibreOffice and return what it made of it."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice is not installed")

    def convert(path, ending):
        profile = f"-env:UserInstallation=file://{tmp_path}/profile"
        words = [program, profile, "--headless", "--convert-to", ending, "--outdir", str(tmp_path / "made"), str(path)]
        subprocess.run(words, check=True, capture_output=True, timeout=180)
        return tmp_path / "made" / f"{path.stem}.{ending.split(':')[0]}"

    return convert


@pytest.fixture
def chromium(tmp_path):
    """Open a page in a browser without a screen and return what it says: (page as it stands, log)."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("Chromium is not installed")

    def visit(path, *options):
        flags = "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking"
        flags = [f"--{flag}" for flag in f"{flags} disable-component-update disable-sync".split()]
        words = [program, *flags, f"--user-data-dir={tmp_path}/browser", "--enable-logging=stderr", *options]
        found = subprocess.run([*words, path.as_uri()], check=True, capture_output=True, text=True, timeout=120)
        return found.stdout, found.stderr

    return visit

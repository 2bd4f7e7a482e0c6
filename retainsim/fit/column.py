"""Column: what each column of a table means, guessed by its name and what it holds, or said by the user."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from retainsim.errors import DataError, UsageError
from retainsim.fit import value
from retainsim.fit.table import Table
from retainsim.scenario.hints import did_you_mean

ROLES = {
    "id": "who the customer is",
    "start": "date of joining",
    "end": "date of leaving, blank while present",
    "tenure": "months from joining to leaving, or to the end of observation",
    "churned": "whether the customer left",
    "entry": "tenure or date at which observation of the customer began",
    "segment": "who the customer is like",
    "channel": "where the customer came from",
    "reason": "why the customer left",
    "price": "what the customer pays a month",
    "cost": "what it costs to have the customer, a month",
    "date": "date of a purchase",
    "amount": "what was spent on a purchase",
    "cohort": "when, or as what, a group of customers joined",
    "period": "renewals, months or years since they joined",
    "alive": "how many of them are still there",
}
"""What a column may mean to a fit."""
TRANSACTIONS = ("id", "date", "amount")
RETENTION = ("cohort", "period", "alive")
CUSTOMERS = ("id", "start", "end", "tenure", "churned", "entry", "segment", "channel", "reason", "price", "cost")
NONE = "none"
"""Said of a role that no column plays."""

_NAMES = {
    "id": "customerid customer id clientid client userid user accountid account subscriberid subscriber custid custno "
    "customerno customernumber memberid member kundennummer kunde kdnr",
    "start": "start startdate signup signupdate signedup signedupat signedupon joined joindate joinedat joinedon "
    "joiningdate dateofjoining created createdat createddate creationdate customersince since activated activationdate "
    "activatedat subscriptionstart subscriptionstartdate contractstart contractstartdate registered registrationdate "
    "registeredat onboarded onboardeddate firstseen begin begindate membersince eintritt beginn",
    "end": "end enddate churndate churnedat churnedon leftat lefton leftdate leavedate leavingdate dateofleaving "
    "cancelledat cancelledon cancelleddate canceleddate canceledat canceldate cancellationdate terminationdate "
    "terminated terminatedat closedat closeddate closingdate exitdate exitedat unsubscribedat subscriptionend "
    "subscriptionenddate contractend contractenddate enddatetime lastday austritt ende left cancelled canceled closed",
    "tenure": "tenure tenuremonths tenureinmonths monthsactive monthswithcompany monthsonbook lifetimemonths "
    "customertenure accountlength tenuredays tenureyears tenureindays tenureinyears daysactive lifetimedays",
    "churned": "churn churned ischurned haschurned churnflag churnlabel churnvalue churnyn left hasleft exited "
    "attrition "
    "attritionflag cancelled canceled iscancelled status customerstatus accountstatus subscriptionstatus state active "
    "isactive stillactive isactivemember",
    "entry": "entry entrydate observedfrom observedsince entrytenure tenureatentry",
    "segment": "segment customersegment",
    "channel": "channel acquisitionchannel source acquisitionsource leadsource utmsource medium origin kanal",
    "reason": "reason churnreason leavingreason reasonforleaving cancelreason cancellationreason churncategory "
    "exitreason grund",
    "price": "price monthlyprice monthlycharges monthlycharge monthlyfee monthlyrevenue mrr fee arpu "
    "priceamonth pricepermonth subscriptionprice preis monatspreis",
    "cost": "cost monthlycost costtoserve servicecost costamonth costpermonth",
    "date": "date orderdate purchasedate transactiondate invoicedate orderedat purchasedat datum timestamp day when",
    "amount": "amount total spend value ordervalue revenue sales price ordertotal invoiceamount totalprice betrag "
    "purchaseamount transactionamount",
    "cohort": "cohort cohortmonth cohortdate joinedin group cohortname",
    "period": "period age month year quarter week monthssincejoining yearssincejoining renewal renewals monthnumber "
    "cohortperiod cohortindex tenure tenuremonth t",
    "alive": "alive survivors customers retained remaining active users count n still stillthere present",
}  # fmt: skip
_KNOWN = {role: names.split() for role, names in _NAMES.items()}


@dataclass(frozen=True)
class Guess:
    """Which column plays which role, and which of these the user said."""

    columns: dict[str, str]
    said: frozenset[str] = frozenset()

    def __contains__(self, role: str) -> bool:
        return role in self.columns

    def lines(self) -> list[str]:
        """Say what was understood, a line a role."""
        wide = max(map(len, self.columns), default=0)
        return [
            f"{role:<{wide}} = {column}  ({ROLES[role]}{', as you said' if role in self.said else ''})"
            for role, column in self.columns.items()
        ]


def plain(name: str) -> str:
    """Return a name in lower case without anything but letters and digits."""
    return re.sub(r"[^a-z0-9äöüß]", "", str(name).lower())


def guess(table: Table, roles: Iterable[str], mapping: Mapping[str, str]) -> Guess:
    """Find a column for each role: what the user said, else the one whose name comes first among the known ones.

    A column plays one role. Names that may be a date or a flag, such as `left`, are told by what they hold.
    """
    found: dict[str, str] = {}
    refused = {role for role, column in mapping.items() if column.lower() == NONE}
    for role in roles:
        if role in mapping and role not in refused:
            found[role] = named(table, role, mapping[role])
    for role in roles:
        if role not in found and role not in refused:
            free = [column for column in table.frame.columns if column not in found.values()]
            best = min(
                (c for c in free if plain(c) in _KNOWN[role]), key=lambda c: _KNOWN[role].index(plain(c)), default=""
            )
            if best and _suits(table, role, best):
                found[role] = best
    return Guess({role: found[role] for role in roles if role in found}, frozenset(mapping) & set(found))


def check_mapping(mapping: Mapping[str, str]) -> None:
    """Refuse roles that there are not.

    Raises
    ------
    UsageError
        If a role is unknown.
    """
    for role in mapping:
        if role not in ROLES:
            raise UsageError(
                f"--map {role}=...: there is no {role!r}{did_you_mean(role, ROLES)}; it may be {', '.join(ROLES)}"
            )


def named(table: Table, role: str, column: str) -> str:
    """Return the column the user named, whatever its case.

    Raises
    ------
    DataError
        If there is none.
    """
    names = list(table.frame.columns)
    found = next((name for name in names if name == column), None)
    found = found or next((name for name in names if plain(name) == plain(column)), None)
    if found is None:
        shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
        raise DataError(
            f"{table.name}: {role} = {column}: there is no such column; it has {shown}{did_you_mean(column, names)}"
        )
    return found


def is_inverted(name: str) -> bool:
    """Tell whether a flag says who is still there instead of who left."""
    return "active" in plain(name) and "inactive" not in plain(name)


def months_per_unit(name: str) -> float:
    """Return how many months a column counts in: days, weeks and years are told by its name, else months."""
    word = plain(name)
    for part, months in (("day", 12 / 365.25), ("week", 84 / 365.25), ("quarter", 3.0), ("year", 12.0)):
        if part in word:
            return months
    return 1.0


def _suits(table: Table, role: str, column: str) -> bool:
    """Tell whether a column holds what a role needs, in the first rows that hold anything."""
    kinds = {"start": value.dates, "end": value.dates, "date": value.dates, "churned": value.flags}
    kinds |= dict.fromkeys(("tenure", "price", "cost", "amount", "alive"), value.numbers)
    if role not in kinds:
        return True
    shown = table.frame[column]
    shown = shown[shown.notna() & (shown.astype(str).str.strip() != "")].iloc[:200]
    if not len(shown):
        return role == "end"
    read = kinds[role](shown)
    if role == "end" and np.isin(read.values[read.good], [0.0, 1.0]).all():
        return False
    return bool(read.good.mean() > 0.5)

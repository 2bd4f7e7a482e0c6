"""Glossary: what every measure of a run is called, what it is counted in, and what it means."""

from __future__ import annotations

GLOSSARY = {
    "npv": (
        "NPV",
        "money",
        "Net present value at month 0 of all cash to the horizon, with the closing value where the scenario "
        "counts it. Discounted continuously at the nominal annual rate, dated by cash.",
    ),
    "npv_to_horizon": (
        "NPV to the horizon",
        "money",
        "The same without closing value: nothing after the horizon counts.",
    ),
    "closing_value": (
        "Closing value",
        "money",
        "Expected discounted margin, over the closing years, of the customers still there at the horizon; at month 0.",
    ),
    "customer_equity": (
        "Customer equity at the horizon",
        "money",
        "Expected discounted margin of everybody in the pool at the horizon, as of then.",
    ),
    "customer_equity_opening": (
        "Customer equity at month 0",
        "money",
        "Expected discounted margin of everybody in the pool at month 0.",
    ),
    "pool_end": (
        "Pool at the horizon",
        "count",
        "Customers present at the horizon.",
    ),
    "joined": (
        "Joined",
        "count",
        "Customers who joined from month 0 to the horizon.",
    ),
    "left": (
        "Left",
        "count",
        "Customers who left from month 0 to the horizon, for one reason each.",
    ),
    "returned": (
        "Returned",
        "count",
        "Customers who came back after they had left.",
    ),
    "retention_12m": (
        "Kept 12 months",
        "share",
        "Share of the opening pool still there after 12 months.",
    ),
    "revenue": (
        "Revenue",
        "money",
        "All revenue to the horizon, not discounted.",
    ),
    "acquisition_cost": (
        "Acquisition cost",
        "money",
        "All that channels cost to the horizon, not discounted.",
    ),
    "cost_to_serve": (
        "Cost to serve",
        "money",
        "All cost of having customers to the horizon, not discounted.",
    ),
    "purchases": (
        "Purchases",
        "count",
        "Purchases to the horizon, where customers buy purchase by purchase.",
    ),
    "repeat_purchases": (
        "Repeat purchases",
        "count",
        "Purchases after a customer's first.",
    ),
    "active_customers": (
        "Active customers at the horizon",
        "count",
        "Customers who buy purchase by purchase and have not dropped out.",
    ),
    "p_best": (
        "P(best)",
        "share",
        "Share of replications in which the arm has the highest NPV of all; arms that tie share it.",
    ),
    "p_better": (
        "P(better)",
        "share",
        "Share of replications in which the arm has a higher NPV than the baseline.",
    ),
    "p_mean_better": (
        "Confidence that the mean is higher",
        "share",
        "Confidence that the arm's mean NPV is above the baseline's (one-sided, Student t).",
    ),
    "expected_loss": (
        "Expected loss",
        "money",
        "What choosing the arm loses against the baseline, averaged over all replications; 0 where it never loses.",
    ),
    "saved": (
        "Customers saved",
        "count",
        "Customers who are there at the horizon in the arm and have left in the baseline, less the other way round.",
    ),
    "payback_month": (
        "Payback",
        "months",
        "Month in which the gain over the baseline is back, mean of the replications in which it is; in "
        "brackets the share of these.",
    ),
    "affordable_per_customer_month": (
        "Affordable per customer-month",
        "money",
        "Cost per customer-month that would use up the arm's gain to the horizon.",
    ),
    "concentration.largest_share": (
        "Largest customer's share of revenue",
        "share",
        "Share of what customers pay a month that the largest pays, mean of the quarters' ends.",
    ),
    "concentration.ten_largest_share": (
        "Ten largest customers' share of revenue",
        "share",
        "Share of what customers pay a month that the ten largest pay, mean of the quarters' ends.",
    ),
    "concentration.key_accounts_share": (
        "Key accounts' share of revenue",
        "share",
        "Share of what customers pay a month that key accounts pay, named clients among them, mean of the quarters' "
        "ends.",
    ),
    "concentration.herfindahl": (
        "HHI",
        "count",
        "Sum of all customers' squared shares of revenue, mean of the quarters' ends: 1 if one customer brings all.",
    ),
    "concentration.landslides": (
        "Landslides",
        "count",
        "Quarters in which so much revenue leaves with key accounts as the scenario calls a landslide.",
    ),
    "concentration.revenue_at_risk": (
        "Revenue at risk",
        "share",
        "How far revenue is below what the same quarter brings on average, in the worst 5 % of quarters.",
    ),
    "service_desk.wait_minutes": (
        "Wait at the service desk",
        "minutes",
        "Minutes from a call to its answer or to the hanging up, mean of all calls to the horizon.",
    ),
    "service_desk.hang_up_share": (
        "Callers who hang up",
        "share",
        "Share of all calls to the horizon in which nobody answers before the caller's patience ends.",
    ),
    "service_desk.busy_share": (
        "Agents busy",
        "share",
        "Share of the time in which agents are there for calls that they talk.",
    ),
}
"""Label, kind (money, count, share, minutes or months) and definition of every measure with a name of its own."""

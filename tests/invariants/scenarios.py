"""Scenarios: a hypothesis strategy for small valid ones, with everything that a file may hold in some of them."""

from hypothesis import strategies as st

from retainsim.scenario.schema import Arm, Parameters

SEGMENTS, REASONS, CHANNELS = "abc", ("price", "service", "involuntary"), ("ads", "web")
MONTHS = 18

MECHANICAL = [
    ("mechanisms.growth.volume_per_year", "to"), ("mechanisms.retention_programme.spend_per_customer", "times"),
    ("mechanisms.retention_programme.effect", "times"), ("mechanisms.breach.per_year", "by"),
    ("mechanisms.referrals.rate", "times"), ("mechanisms.referrals.extra_margin", "to"),
]  # fmt: skip
"""Numbers of mechanisms that an arm may change, and how."""

rates = st.sampled_from([0.0, 0.05, 0.3])
times = st.one_of(st.sampled_from([0.0, 1.0, 6.0, 12.0]), st.floats(0.0, 25.0))
frailties = st.one_of(
    st.none(), st.floats(0.05, 3.0).map(lambda v: {"kind": "gamma", "variance": v}),
    st.tuples(st.floats(0.3, 3.0), st.floats(0.5, 9.0)).map(lambda p: {"kind": "beta", "a": p[0], "b": p[1]}),
)  # fmt: skip
durations = st.one_of(
    st.none(), st.floats(0.4, 2.0).map(lambda c: {"kind": "power", "power": c}),
    st.sampled_from([
        {"kind": "steps", "months": [3.0], "factors": [0.0, 2.0]},
        {"kind": "steps", "months": [6.0, 24.0], "factors": [1.5, 0.5, 0.0]},
    ]),
)  # fmt: skip
billings = st.one_of(
    st.none(), st.tuples(st.sampled_from([1.0, 2.5, 12.0]), st.sampled_from(["start", "end"])).map(
        lambda b: {"every_months": b[0], "when": b[1]}
    ),
)  # fmt: skip


def given(**values):
    return {key: value for key, value in values.items() if value is not None}


@st.composite
def segments(draw, names):
    kinds = draw(st.lists(frailties, min_size=len(names), max_size=len(names)))
    may_move = not any(kind and kind["kind"] == "beta" for kind in kinds)
    found = {}
    for name, frailty in zip(names, kinds, strict=True):
        others = {other: draw(rates) for other in names if other != name} if may_move and draw(st.booleans()) else {}
        found[name] = given(
            share=draw(st.sampled_from([1.0, 0.2])), price=draw(st.one_of(st.just(0.0), st.floats(1.0, 100.0))), gross_margin=draw(st.floats(0.1, 1.0)),
            cost_to_serve=draw(st.floats(0.0, 20.0)), annual_churn=draw(st.sampled_from([0.0, 0.1, 0.4, 0.9])),
            discount=draw(st.sampled_from([0.0, 0.3])), volume=draw(st.sampled_from([1.0, 2.5])),
            pays_after_months=draw(st.sampled_from([0.0, 0.0, 1.5])), frailty=frailty, duration=draw(durations),
            term_months=draw(st.sampled_from([None, None, 12.0, 5.5])), billing=draw(billings), moves=others,
        )  # fmt: skip
    return found


@st.composite
def channels(draw):
    joins = draw(st.floats(0.1, 12.0))
    paid = draw(st.sampled_from([
        {}, {"cost_per_join": 40.0}, {"spend": 300.0, "ceiling": joins * 3}, {"spend": 300.0, "curve": "hill", "half": 200.0},
    ]))  # fmt: skip
    more = draw(st.sampled_from([
        {}, {"hazard_factor": 1.7}, {"first_discount": 0.3, "first_discount_months": 2.5}, {"seasonality": [0.0, *[1.5] * 11]},
        {"lag_months": 2.0, "carry_over": 0.6}, {"plan": "cheap"},
    ]))  # fmt: skip
    return {"joins": joins} | paid | more


@st.composite
def behaviours(draw):
    found = {
        "growth": draw(st.sampled_from([
            None, {}, {"volume_per_year": 0.2, "until_years": 1.0}, {"cost_to_serve_half_life": 6.0},
            {"margin_by_year": [-9.0, 40.0]},
        ])),
        "retention_programme": draw(st.one_of(st.none(), st.fixed_dictionaries({
            "spend_per_customer": st.sampled_from([0.5, 3.0]), "effect": st.just(0.2), "ceiling": st.just(0.6),
            "targets": st.sampled_from(["everyone", "random", "most_valuable", "most_at_risk"]), "reach": st.sampled_from([0.3, 1.0]),
        }))),
        "breach": draw(st.one_of(st.none(), st.fixed_dictionaries({
            "at_month": times, "per_year": rates, "wary": rates, "fine": st.just(100.0),
            "leave_at_once": st.sampled_from([0.0, 0.2]),
        }))),
        "referrals": draw(st.sampled_from([
            None, {"rate": 0.03, "reward": 5.0}, {"rate": 0.1, "extra_margin": 0.0, "hazard_factor": 0.0},
        ])),
    }  # fmt: skip
    return given(**found)


@st.composite
def changes(draw, tree):
    segment, channel = (
        draw(st.sampled_from(sorted(tree["segments"]))),
        draw(st.sampled_from(sorted(tree["acquisition"]))),
    )
    ways = [(f"segments.{segment}.price", "times"), (f"acquisition.{channel}.joins", "times"), ("churn.reasons.price", "times"),
            (f"segments.{segment}.cost_to_serve", "by"), ("firm.inflation", "to"), ("firm.fixed_costs", "by"), ("firm.tax_rate", "to"),
            (f"segments.{segment}.discount", "to")]  # fmt: skip
    if tree["segments"][segment]["annual_churn"]:
        ways.append((f"segments.{segment}.annual_churn", "times"))
    if "spend" in tree["acquisition"][channel]:
        ways.append((f"acquisition.{channel}.spend", "times"))
    ways += [
        (f"segments.{segment}.moves.{other}", "times")
        for other, rate in tree["segments"][segment]["moves"].items()
        if rate
    ]
    ways += [way for way in MECHANICAL if way[0].split(".")[1] in tree["mechanisms"]]
    found = []
    for key, way in draw(st.lists(st.sampled_from(ways), max_size=2, unique_by=lambda w: w[0])):
        start = draw(times)
        until = draw(st.one_of(st.none(), st.floats(0.5, 9.0).map(lambda span, start=start: start + span)))
        size = {"times": st.floats(0.3, 1.09), "by": st.floats(0.0, 5.0), "to": st.floats(0.0, 0.2)}[way]
        found.append(
            given(
                set=key,
                from_month=start,
                until_month=until,
                ramp_months=draw(st.sampled_from([0.0, 0.0, 4.0])),
                **{way: draw(size)},
            )
        )
    return found


@st.composite
def trees(draw):
    """Return a scenario as a tree, without arms, and an arm as one."""
    tree = {
        "run": {"months": MONTHS, "step": draw(st.sampled_from([1.0, 1.0, 0.5, 2.5])), "discount_rate": draw(st.sampled_from([0.0, 0.1]))},
        "firm": {"tax_rate": draw(st.sampled_from([0.0, 0.3])), "inflation": draw(st.sampled_from([0.0, 0.05]))},
        "pool": {"customers": draw(st.sampled_from([0, 1, 150])),
                 "tenure": draw(st.sampled_from(["settled", "new", {"months": 18.0}, {"months": 7.3}]))},
        "plans": {"cheap": {"price": 12.0, "term_months": 6.0}},
        "segments": draw(segments(SEGMENTS[: draw(st.integers(1, 3))])),
        "churn": {"reasons": dict.fromkeys(REASONS[: draw(st.integers(1, 3))], 1.0)},
        "acquisition": {name: draw(channels()) for name in CHANNELS[: draw(st.integers(1, 2))]},
    }  # fmt: skip
    tree["mechanisms"] = draw(behaviours())
    lever = given(churn=0.9, from_month=draw(st.floats(0.0, 17.0)), ramp_months=draw(st.sampled_from([0.0, 5.0])),
                  cost={"once": 50.0, "per_month": 3.0, "per_customer_month": 0.4})  # fmt: skip
    arm = {"change": draw(changes(tree)), "investment": [{"at_month": draw(times), "amount": 90.0}]}
    arm |= {"retention": lever} if draw(st.booleans()) else {}
    return tree, arm


@st.composite
def scenarios(draw):
    """Return parameters, an arm, and the factor of its lever."""
    tree, arm = draw(trees())
    return Parameters.model_validate(tree), Arm.model_validate(arm), draw(st.sampled_from([0.0, 0.5, 0.95]))

"""Theory: closed forms the simulation is checked against; the engine never imports it.

Rates and times may be in any unit of time as long as they share it, unless a name says months. A hazard is a
rate, a retention or a churn a probability per period. Sources are sections and cases of LITERATURE.md.
"""

from __future__ import annotations

from retainsim.theory.buying import (
    bg_nbd_active,
    bg_nbd_chances,
    bg_nbd_purchases,
    gamma_gamma_mean,
    gamma_gamma_variance,
    pareto_nbd_active,
    pareto_nbd_purchases,
)
from retainsim.theory.chance import binomial_se, within
from retainsim.theory.client import breakeven_discount, client_value
from retainsim.theory.concentration import herfindahl, lognormal_top_share, pareto_top_share
from retainsim.theory.desk import Queue, erlang_a, erlang_a_states, erlang_c
from retainsim.theory.manager import book_lost, seat_filled
from retainsim.theory.perception import (
    response_bias,
    response_bias_exponential,
    response_bias_logistic,
    reverting_autocovariance,
    reverting_variance,
)
from retainsim.theory.pool import (
    breach_lost_time,
    breach_pool,
    double_jeopardy,
    equivalent_extra_joins,
    market_pool,
    market_pool_variance,
    pool_from_empty,
    pool_mean,
    referral_pool_mean,
    referral_pool_transient,
    referral_pool_variance,
)
from retainsim.theory.spending import (
    LEWIS_SLOPE,
    hill_response,
    lewis_hazard_factor,
    marginal_cost,
    optimal_spend,
    saturating_response,
    saturation_constant,
)
from retainsim.theory.strain import (
    faded,
    failure_strain_mean,
    failure_strains,
    repeated_failures,
    strain_left,
    strain_mean,
    strain_survival,
    strain_variance,
)
from retainsim.theory.survival import (
    Floats,
    Survival,
    cumulative_hazard,
    cumulative_hazard_steps,
    cumulative_incidence,
    del_sbg,
    derl_sbg,
    mean_life_gain_if_closed,
    one_minus_kaplan_meier,
    retention_sbg,
    retention_settled,
    survival_bdw,
    survival_exponential,
    survival_gamma_frailty,
    survival_sbg,
    survival_weibull,
)
from retainsim.theory.value import (
    breakeven_save_rate,
    breakeven_save_rate_standing,
    clv_annuity_due,
    clv_average_life,
    clv_before_renewal,
    clv_continuous,
    clv_end_of_period,
    clv_retained_at,
    profile_value_fixed_life,
    profile_value_geometric_life,
)

__all__ = [
    "LEWIS_SLOPE", "Floats", "Queue", "Survival", "bg_nbd_active", "bg_nbd_chances", "bg_nbd_purchases",
    "binomial_se", "book_lost", "breach_lost_time", "breach_pool", "breakeven_discount", "breakeven_save_rate",
    "breakeven_save_rate_standing", "client_value", "clv_annuity_due", "clv_average_life", "clv_before_renewal",
    "clv_continuous",
    "clv_end_of_period", "clv_retained_at", "cumulative_hazard", "cumulative_hazard_steps", "cumulative_incidence",
    "del_sbg", "derl_sbg", "double_jeopardy", "equivalent_extra_joins", "erlang_a", "erlang_a_states", "erlang_c",
    "faded", "failure_strain_mean", "failure_strains", "gamma_gamma_mean", "gamma_gamma_variance", "herfindahl",
    "hill_response", "lewis_hazard_factor", "lognormal_top_share", "marginal_cost", "market_pool",
    "market_pool_variance", "mean_life_gain_if_closed", "one_minus_kaplan_meier", "optimal_spend",
    "pareto_nbd_active", "pareto_nbd_purchases", "pareto_top_share", "pool_from_empty", "pool_mean",
    "profile_value_fixed_life", "profile_value_geometric_life", "referral_pool_mean", "referral_pool_transient",
    "referral_pool_variance", "repeated_failures", "response_bias", "response_bias_exponential",
    "response_bias_logistic", "retention_sbg", "retention_settled", "reverting_autocovariance", "reverting_variance",
    "saturating_response", "saturation_constant", "seat_filled", "strain_left", "strain_mean", "strain_survival",
    "strain_variance", "survival_bdw", "survival_exponential", "survival_gamma_frailty", "survival_sbg",
    "survival_weibull", "within",
]  # fmt: skip

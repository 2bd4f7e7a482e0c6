"""Firm: newcomers of one kind, whose difference between two arms is known in closed form."""

import math

import tomli_w
from scipy import integrate, optimize

import retainsim

CUSTOMERS, MONTHS, MARGIN, CHURN, KEPT, COST = 400, 60, 10.0, 0.30, 0.70, 1.0
DELTA = math.log(1.1) / 12
COST_KEY = "arms.keep.retention.cost.per_customer_month"
CHURN_KEY = "segments.s.annual_churn"


class Firm:
    """New customers of one kind, nobody joins; the arm `keep` multiplies the hazard by `factor`, at a cost per month.

    Everybody's luck is one E ~ Exp(1): who leaves at E / h leaves at E / (factor h) in the arm.
    """

    hazard = -math.log1p(-CHURN) / 12
    factor = math.log1p(-CHURN * KEPT) / math.log1p(-CHURN)

    def time(self, hazard):
        """Return the discounted months to the horizon of a customer, expected."""
        rate = hazard + DELTA
        return -math.expm1(-rate * MONTHS) / rate

    def gain(self, cost=COST, hazard=None):
        """Return the expected difference in NPV of one customer."""
        hazard = self.hazard if hazard is None else hazard
        return (MARGIN - cost) * self.time(self.factor * hazard) - MARGIN * self.time(hazard)

    def variance(self, cost=COST, hazard=None):
        """Return the variance over customers of the difference in NPV."""
        hazard = self.hazard if hazard is None else hazard

        def paid(life):
            return -math.expm1(-DELTA * min(life, MONTHS)) / DELTA

        def moment(power):
            def at(e):
                one = (MARGIN - cost) * paid(e / (self.factor * hazard)) - MARGIN * paid(e / hazard)
                return one**power * math.exp(-e)

            knots = [0.0, self.factor * hazard * MONTHS, hazard * MONTHS, 60.0]
            return sum(integrate.quad(at, a, b, epsabs=1e-12)[0] for a, b in zip(knots, knots[1:], strict=False))

        return moment(2) - moment(1) ** 2

    @property
    def cost(self):
        """Return the cost per customer-month at which the arm stops paying."""
        return MARGIN * (1 - self.time(self.hazard) / self.time(self.factor * self.hazard))

    @property
    def churn(self):
        """Return the annual churn below which the arm does not pay."""
        return -math.expm1(-12 * optimize.brentq(lambda h: self.gain(hazard=h), 1e-6, self.hazard))

    def scenario(self, *, seed=1, cost=COST, customers=CUSTOMERS, **tables):
        """Return the firm as a scenario."""
        lever = {"churn": KEPT, "cost": {"per_customer_month": cost}}
        tree = {
            "run": {"months": MONTHS, "closing_value": "none", "seed": seed, "replications": 20},
            "pool": {"customers": customers, "tenure": "new"},
            "segments": {"s": {"price": MARGIN, "annual_churn": CHURN}},
            "churn": {"reasons": {"any": 1}},
            "arms": {"keep": {"title": "Keep them", "retention": lever}, "free": {"retention": {"churn": KEPT}}},
            **tables,
        }
        return retainsim.loads(tomli_w.dumps(tree))

    def slope(self, key):
        """Return how fast the expected difference of one customer grows with an input where the arm stops paying."""
        if key == COST_KEY:
            return -self.time(self.factor * self.hazard)
        step = 1e-5
        rates = [-math.log1p(-(self.churn + side * step)) / 12 for side in (1, -1)]
        return (self.gain(hazard=rates[0]) - self.gain(hazard=rates[1])) / (2 * step)

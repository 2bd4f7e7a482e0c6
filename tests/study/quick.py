"""Quick: a small firm with a channel and an arm on either end, for questions that are asked often."""

import retainsim

TEXT = """\
title = "Quick: plug the leak or open the tap?"
currency = "EUR"

[run]
months = 12
replications = 4
seed = 1

[pool]
customers = 150

[segments.small]
price = 60.0
gross_margin = 0.75
cost_to_serve = 12.0
annual_churn = 0.22

[acquisition.advertising]
spend = 900
joins = 3
ceiling = 8

[arms.retention]
title = "Five points more retention"
retention = { points = 5, cost = { per_customer_month = 1.5 } }

[arms.advertising]
title = "Twice the advertising"
change = [ { set = "acquisition.advertising.spend", times = 2.0 } ]
"""


def scenario(settings=None, text=TEXT):
    return retainsim.loads(text, settings)

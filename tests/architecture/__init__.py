"""Architecture tests: what the source itself promises, read from its syntax trees."""

"""Study: arms x replications, compared on the same luck."""

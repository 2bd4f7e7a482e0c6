"""Study tests: questions asked of whole scenarios, against closed forms."""

"""Present: a run as a deck, a report and a workbook."""

"""Main: `python -m retainsim` does what `retainsim` does."""

from retainsim.cli import main

if __name__ == "__main__":
    main(prog_name="retainsim")

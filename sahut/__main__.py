"""`python -m sahut` is `sahut`."""

from sahut.cli import main

if __name__ == "__main__":
    main()

"""`python -m cassette_cli`, and what the installed command `cassette` runs."""

from cassette_cli.cli import main

if __name__ == "__main__":
    main()

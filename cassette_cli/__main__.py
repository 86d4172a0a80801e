"""`python -m cassette_cli`, and what the installed command `cassette` runs."""


def main() -> None:
    from cassette_cli.cli import app

    app()


if __name__ == "__main__":
    main()

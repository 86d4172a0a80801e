"""`python -m cassette_cli`, and what the installed command `cassette` runs."""

import os
import signal
import sys


def main() -> None:
    """Run the command line; until a command is at work, Ctrl-C ends the process as it is."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else whoever started us ignores it
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed: no file of ours must get its number
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115, PTH123
    from cassette_cli.cli import main

    main()


if __name__ == "__main__":
    main()

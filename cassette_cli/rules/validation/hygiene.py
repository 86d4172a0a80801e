"""hygiene."""

from cassette_cli.rules.validation.check import Check

CHECKS: tuple[Check, ...] = ()

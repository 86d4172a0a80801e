"""What models read and wrote, as far as the replies say: of one exchange, and summed."""

from collections.abc import Iterable
from typing import NamedTuple

from cassette_cli.llm.messages import Exchange, Usage

# These count what was read from and written to the cache apart from the input; the others count it in.
_CACHE_APART = ("anthropic-messages", "bedrock-converse", "bedrock-invoke")


def input_tokens(exchange: Exchange, usage: Usage) -> int | None:
    """All that the model read, from a cache too."""
    if usage.input_tokens is None or exchange.dialect not in _CACHE_APART:
        return usage.input_tokens
    return usage.input_tokens + (usage.cached_input_tokens or 0) + (usage.cache_write_tokens or 0)


class Tokens(NamedTuple):
    """What the models of several exchanges read and wrote, as far as the replies say."""

    read: int = 0
    written: int = 0

    def __str__(self) -> str:
        return f"{self.read:,} in + {self.written:,} out tokens" if self.read or self.written else ""


def sum_tokens(exchanges: Iterable[Exchange | None]) -> Tokens:
    told = [exchange for exchange in exchanges if exchange]
    known = [(exchange, usage) for exchange in told if (usage := exchange.answer.usage)]
    read = sum(input_tokens(exchange, usage) or 0 for exchange, usage in known)
    return Tokens(read, sum(usage.output_tokens or 0 for _, usage in known))

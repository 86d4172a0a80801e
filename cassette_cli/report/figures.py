"""Token figures of one exchange in words."""

from cassette_cli.llm.messages import Exchange
from cassette_cli.llm.tokens import Tokens, input_tokens, sum_tokens

__all__ = ("Tokens", "sum_tokens", "usage_words")


def usage_words(exchange: Exchange) -> str:
    """`132 in (64 cached), 16 out (10 reasoning)`; the input is all that the model read."""
    usage = exchange.answer.usage
    if usage is None:
        return ""
    read = [f"{usage.cached_input_tokens:,} cached"] if usage.cached_input_tokens else []
    read += [f"{usage.cache_write_tokens:,} written to cache"] if usage.cache_write_tokens else []
    thought = [f"{usage.reasoning_tokens:,} reasoning"] if usage.reasoning_tokens else []
    sides = ((input_tokens(exchange, usage), "in", read), (usage.output_tokens, "out", thought))
    return ", ".join(
        f"{number:,} {name}" + (f" ({', '.join(details)})" if details else "")
        for number, name, details in sides
        if number is not None
    )

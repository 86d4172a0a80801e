"""What joins, methods and `%` make of texts of which only parts are known."""

import re

from cassette_cli.naming.shapes import ANY, Shape, joined, literal, unique


def path(*parts: list[Shape]) -> list[Shape]:
    """The ways to join paths; an absolute one begins anew."""
    result = parts[0] if parts else [ANY]
    for part in parts[1:]:
        rooted = [shape for shape in part if shape and (shape[0] or "").startswith("/")]
        loose = [shape for shape in part if shape not in rooted]
        more = joined(result, [("/",)], loose) if loose else []
        result = unique([*rooted, *more])
    return result


def parent(shape: Shape) -> Shape:
    *before, last = shape or (None,)
    if last is None or "/" not in last:
        return ANY
    return (*before, last.rpartition("/")[0])


def base(shape: Shape, *, cut: bool) -> Shape:
    last = shape[-1] if shape else None
    if last is None or ("/" not in last and len(shape) > 1):
        return ANY
    name = last.rpartition("/")[2]
    return (name.rpartition(".")[0] or name if cut else name,)


def changed(shape: Shape, method: str, args: list[str]) -> Shape:
    text = literal(shape)
    if method == "with_suffix":
        return (text.rpartition(".")[0] or text, args[0]) if text and args else ANY
    if text is not None:
        try:
            return (str(getattr(text, method)(*args)),)
        except (TypeError, ValueError):
            return ANY
    if method == "replace" and len(args) == 2 and len(args[0]) == 1:
        return tuple(piece and piece.replace(args[0], args[1]) for piece in shape)
    return ANY


def percent(text: str | None, values: list[list[Shape]]) -> list[Shape]:
    """What `text % values` may be."""
    parts: list[list[Shape]] = []
    end = count = 0
    for verb in _VERB.finditer(text or ""):
        parts.append([((text or "")[end : verb.start()],)])
        end = verb.end()
        is_plain = verb[0] == "%s" and count < len(values)
        parts.append([("%",)] if verb[0] == "%%" else values[count] if is_plain else [ANY])
        count += verb[0] != "%%"
    return [ANY] if text is None else joined(*parts, [(text[end:],)])


_VERB = re.compile(r"%(?:\(\w*\))?[-+# 0]*[\d.*]*[a-zA-Z%]")

"""Where two messages differ in their headers and bodies, whatever they were packed in."""

from collections.abc import Iterator
from hashlib import sha256

from cassette_cli.contrast.values import Delta, Path, differences
from cassette_cli.model import Header
from cassette_cli.rules.noise import without_noise
from cassette_cli.rules.volatile import ABSENT, Absent, Value, same
from cassette_cli.selection import Reading
from cassette_cli.source.jsontree import load_json
from cassette_cli.source.tree import Json
from cassette_cli.wire.body import Content, Kind


def of_value(where: str, old: Value, new: Value) -> Iterator[Delta]:
    if not same(old, new):
        yield Delta(where, old, new)


def of_headers(where: str, olds: tuple[Header, ...], news: tuple[Header, ...]) -> Iterator[Delta]:
    """Headers by name, whatever its case, their values in order; several in one line are the same."""
    sides: list[dict[str, list[str]]] = []
    shown: dict[str, str] = {}
    for headers in (news, olds):
        sides.append({})
        for name, value in headers:
            sides[-1].setdefault(name.lower(), []).append(str(value))
            shown.setdefault(name.lower(), str(name))
    for name in dict.fromkeys([*sides[1], *sides[0]]):
        old, new = sides[1].get(name), sides[0].get(name)
        if old is None or new is None or ", ".join(old) != ", ".join(new):
            yield Delta(f"{where}.{shown[name]}", _values(old), _values(new))


def _values(values: list[str] | None) -> Value:
    if values is None:
        return ABSENT
    return values[0] if len(values) == 1 else list[Json](values)


def of_bodies(where: str, old: Content, new: Content) -> Iterator[Delta]:
    """What two bodies hold, by path where it has parts; how they were packed is no difference."""
    if old.bytes == new.bytes and old.problems == new.problems:
        return
    one, two = held(old), held(new)
    if Kind.BINARY in (old.kind, new.kind):
        yield from of_value(where, one, two)
        return
    path = Path(where, listed=bool(old.events and new.events))
    found = list(differences(one, two, path, without_noise))
    yield from found
    if not found and old.kind is Kind.MULTIPART is new.kind:
        yield from of_value(where, _data(old, _boundary(old)), _data(new, _boundary(new)))


def held(content: Content) -> Value:
    match content.kind:
        case Kind.EMPTY:
            return ABSENT
        case Kind.JSON | Kind.FORM | Kind.MULTIPART:
            return content.json
        case Kind.SSE | Kind.NDJSON | Kind.EVENTSTREAM:
            return [_event(name, value) for name, value in events_of(content)]
        case Kind.BINARY:
            return _data(content)
    return str(content.text)


def _event(name: str, value: Json) -> Json:
    return {"event": name, "data": value} if name else value


def _data(content: Content, without: bytes = b"") -> Json:
    """Bytes as what can be told of them."""
    data = content.bytes.replace(without, b"") if without else content.bytes
    return {"size": len(data), "sha256": sha256(data).hexdigest()}


def _boundary(content: Content) -> bytes:
    return content.bytes.lstrip().partition(b"\n")[0].strip()


def of_frames(old: Reading, new: Reading) -> Iterator[Delta]:
    if old.interaction.frames or new.interaction.frames:
        one, two = (
            [
                {"direction": frame.direction, "body": value_or_none(held(content))}
                for frame, content in side.frames
            ]
            for side in (old, new)
        )
        yield from differences(list[Json](one), list[Json](two), Path("frames", listed=True), without_noise)


def value_or_none(value: Value) -> Json:
    return None if isinstance(value, Absent) else value


def events_of(content: Content) -> Iterator[tuple[str, Json]]:
    """The events of a stream by their names; one that is no JSON is its text."""
    for event in content.events:
        try:
            yield event.event, load_json(event.data)
        except (ValueError, RecursionError):
            yield event.event, event.data

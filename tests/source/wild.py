"""YAML as people, editors and strange emitters write it: random, valid more often than not.

What a dumper never writes: comments everywhere, keys of all kinds, values on the dash's line, several
scalars and flow collections over many lines, tags, anchors and aliases, blocks with every header.
"""

from random import Random

_PLAIN = (
    "a", "x y", "x  y", "a\tb", "http://a/b", "it's", 'a"b', "a#b", "-x", "?x", ":x", "000", "no", "null",
    "1e3", "1.5", "true", "2020-01-01", "é", "😀",
)  # fmt: skip
_SINGLE = ("", "a", "it''s", " x", "x ", ": ", "# c", "{a", "a, b", '"', ":  ")
_DOUBLE = (
    "", "a", " x", "x ", "# c", "'", r"\"", r"\n", r"\t\x41", r"\u00e9", r"\U0001F600", r"\\", r"a\  b",
    r"\N\L\P\_", r"\e\0\a", r"\/",
)  # fmt: skip
_LINES = ("text", "a: b", "# no", "- x", 'data: {"a": "b"}', "tr ", '"q"', "é😀", " more", "  m", "\ttab")
_KEYS = ("k{}", '"k{}"', "'k{}'", "k {}", r'"k\u0041{}"', "k{} ", "&a{0} k{0}", "!!str k{}", "k-{}")


def wild_yaml(seed: int) -> str:
    """The text of the seed."""
    return _Writer(Random(seed)).stream()


class _Writer:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.count = 0
        self.anchors: list[str] = []

    def stream(self) -> str:
        text = self.pick("", "", "", "---\n", "--- # c\n", "%YAML 1.1\n---\n")
        text += self.gap(0) + self.block(0, 3)
        if self.chance(0.2):
            self.anchors.clear()
            text += self.pick("", "...\n") + "---\n" + self.block(0, 2)
        text += self.gap(0)
        text = text.rstrip("\n") if self.chance(0.15) else text
        return text.replace("\n", "\r\n") if self.chance(0.25) else text

    def pick(self, *choices: str) -> str:
        return self.random.choice(choices)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def gap(self, indent: int) -> str:
        """Blank lines and comments between two entries."""
        text = ""
        while self.chance(0.12):
            text += self.pick(
                "\n", " " * indent + "# own\n", "# left\n", "  \n", " " * (indent + 3) + "# in\n"
            )
        return text

    def comment(self) -> str:
        return self.pick(" # c", "  ", " #") if self.chance(0.18) else ""

    def properties(self, *tags: str) -> str:
        tag = self.pick(*tags) if self.chance(0.1) else ""
        if not self.chance(0.06):
            return tag
        self.count += 1
        self.anchors.append(f"a{self.count}")
        anchor = f"&a{self.count} "
        return self.pick(tag + anchor, anchor + tag)

    def key(self) -> str:
        self.count += 1
        return self.pick(*_KEYS).format(self.count)

    def scalar(self, indent: int, flow: bool = False) -> str:
        """A scalar that begins on this line and may go on over others; in block style it can be empty."""
        if self.anchors and self.chance(0.05):
            return "*" + self.random.choice(self.anchors)
        properties = self.properties("!!str ", "!<tag:x,y:z> ")
        kind = self.random.random()
        if kind < 0.15 and not flow:
            return properties.rstrip()
        if kind < 0.5:
            plain = [word for word in _PLAIN if not (flow and set(word) & set(":?"))]
            return properties + self.folded(self.pick(*plain), indent)
        if kind < 0.7:
            return f"{properties}'{self.folded(self.pick(*_SINGLE), indent)}{self.pick('', ' ')}'"
        text = self.folded(self.pick(*_DOUBLE), indent)
        if self.chance(0.3):
            text += f"\\\n{' ' * (indent + 1)}" + self.pick("", "\\ ", "x", "\\n")
        return f'{properties}"{text}{self.pick("", "", self.new_line(indent))}"'

    def folded(self, text: str, indent: int) -> str:
        if not self.chance(0.3):
            return text
        blank = "".join("\n" + self.pick("", " ", "  ") for _ in range(self.random.choice([0, 0, 1, 2])))
        return text + self.pick("", " ") + blank + self.new_line(indent) + self.pick("zz", "y y", "wwwww")

    def new_line(self, indent: int) -> str:
        return "\n" + " " * (indent + 1 + self.random.randint(0, 2))

    def literal(self, indent: int) -> str:
        """A literal or folded block, whose own lines end it."""
        deeper = self.random.randint(1, 3)
        inside = " " * (indent + deeper)
        lines = [
            self.pick("", " " * self.random.randint(0, indent))
            if self.chance(0.2)
            else inside + self.pick(*_LINES)
            for _ in range(self.random.randint(0, 4))
        ]
        first = next((line for line in lines if line.strip()), "")
        explicit = str(deeper) if first.startswith(inside + " ") or self.chance(0.15) else ""
        chomping = self.pick("", "-", "+")
        header = self.pick("|", "|", ">") + self.pick(chomping + explicit, explicit + chomping)
        lines += [""] * self.random.choice([0, 0, 0, 1, 2])
        return (
            self.properties("!!str ")
            + header
            + self.pick("", " ", " # c")
            + "\n"
            + "".join(f"{line}\n" for line in lines)
        )

    def flow(self, indent: int, depth: int) -> str:
        """A flow collection, on one line or many."""
        mapping = self.chance(0.5)
        entries = [
            self.flow_gap(indent) + self.flow_entry(indent, depth, mapping) + self.flow_gap(indent)
            for _ in range(self.random.randint(0, 4))
        ]
        text = ",".join(entries)
        text += "," + self.flow_gap(indent) if entries and self.chance(0.2) else ""
        return self.properties("!foo ") + (f"{{{text}}}" if mapping else f"[{text}]")

    def flow_gap(self, indent: int) -> str:
        if self.chance(0.6):
            return self.pick("", " ")
        return self.pick(self.new_line(indent), " # c" + self.new_line(indent), "\n" + self.new_line(indent))

    def flow_entry(self, indent: int, depth: int, mapping: bool) -> str:
        value = self.flow(indent, depth - 1) if depth and self.chance(0.25) else self.scalar(indent, True)
        if not mapping and self.chance(0.85):
            return value
        key = self.key().rstrip()
        return self.pick(*[f"{key}: {value}"] * 4, f"{key} : {value}", f"? {key} : {value}", key, f"{key}: ")

    def block(self, indent: int, depth: int) -> str:
        """A block collection at a column, without the first line's indentation."""
        mapping, text = self.chance(0.6), ""
        for number in range(self.random.randint(1, 4)):
            text += self.gap(indent) + " " * indent if number else ""
            if not mapping:
                text += "-" + self.value(indent, depth, False)
            elif self.chance(0.06):
                text += "? " + (self.value(indent, depth, True).lstrip(" ") or "\n")
                text += " " * indent + ":" + self.value(indent, depth, True) if self.chance(0.8) else ""
            else:
                text += self.key() + ":" + self.value(indent, depth, True)
        return text

    def value(self, indent: int, depth: int, mapping: bool) -> str:
        """What stands behind a colon or a dash, line break included."""
        kind = self.random.random() * (1 if depth else 0.6)
        if kind < 0.35:
            text = self.scalar(indent)
            return (f" {text}" if text else "") + self.comment() + "\n"
        if kind < 0.5:
            return " " + self.literal(indent)
        if kind < 0.6:
            return " " + self.flow(indent, depth) + self.comment() + "\n"
        if not mapping and self.chance(0.7):  # on the dash's line
            blanks = self.random.choice([1, 1, 3])
            return " " * blanks + self.block(indent + 1 + blanks, depth - 1)
        properties = self.properties("!foo ", "!ruby/object:Foo ").rstrip()
        column = indent + self.random.choice([0, 1, 2, 4])
        block = self.block(column, depth - 1)
        if column == indent and not (mapping and block.startswith("-")):
            column += 2
            block = self.block(column, depth - 1)
        line = (f" {properties}" if properties else "") + self.comment() + "\n"
        return line + self.gap(column) + " " * column + block

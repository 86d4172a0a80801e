"""What is found before any rule runs: files that cannot be read, and comments that ignore nothing.

The reader names the rule of its error, and the engine looks at the comments; here are their rows.
"""

from cassette_cli.findings import Severity
from cassette_cli.rules.validation.check import Check, Family

_HEALTHY = """\
interactions:
- request: {method: GET, uri: "http://example.com/", headers: {}, body: null}
  response: {status: {code: 200, message: OK}, headers: {}, body: {string: hello}}
version: 1
"""

_GOVCR = """\
version: 2
interactions:
- id: 0
  request: {method: GET, url: "http://example.com/", headers: {}, body: ""}
  response: {code: 200, headers: {}, body: hello}
"""

OF_THE_READER = (
    Check(
        "unparsable",
        Family.STRUCTURE,
        Severity.ERROR,
        "a file that is no YAML or JSON, though it looks like a cassette",
        "No recorder can load it, so every test that replays it fails or calls the network.",
        "mend the marked place, or restore the file from git or record it again",
        None,
        ('interactions:\n- request: {method: GET, uri: "http://example.com/"\n  «response»: {}\n',),
        (_HEALTHY,),
    ),
    Check(
        "conflict-marker",
        Family.STRUCTURE,
        Severity.ERROR,
        "the marks of a merge that was not finished",
        "Both sides of the merge stand in the file; no recorder can load it.",
        "take one side: recordings cannot be merged by hand, so record the cassette again if unsure",
        None,
        ("interactions:\n«<<<<<<< HEAD\n- request: 1\n=======\n- request: 2\n>>>>>>> main»\nversion: 1\n",),
        (_HEALTHY,),
    ),
    Check(
        "malformed-cassette",
        Family.STRUCTURE,
        Severity.ERROR,
        "a field that is missing or of the wrong type",
        "The recorder fails when it loads the file, or fills in an empty value and replays something else.",
        "write the field as the recorder does, or record the interaction again",
        None,
        (_HEALTHY.replace("headers: {}, body: null", "headers: «no», body: null"),),
        (_HEALTHY,),
    ),
    Check(
        "unknown-version",
        Family.STRUCTURE,
        Severity.ERROR,
        "a version of the format that the recorder does not write",
        "The recorder refuses the file.",
        "write the version that the recorder writes",
        None,
        (_GOVCR.replace("version: 2", "version: «7»"),),
        (_GOVCR,),
    ),
)
OF_THE_ENGINE = (
    Check(
        "unused-ignore",
        Family.STRUCTURE,
        Severity.WARNING,
        "a comment that ignores a finding which is not there",
        "It would hide the next finding of its rule.",
        "remove the comment, or name the rule as `cassette rules` does",
        None,
        (_HEALTHY.replace("version: 1", "version: 1  «# cassette: ignore[cut-stream]»"),),
        (_HEALTHY,),
    ),
)

FAULTS = (*OF_THE_READER, *OF_THE_ENGINE)

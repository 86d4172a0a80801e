"""What is said: tool calls and their results, replies and how later requests quote them.

`conversation_calls` looks at the calls of a reply, `conversation_schema` judges their arguments,
`conversation_turns` looks at what a request hands back.
"""

from cassette_cli.findings import Severity
from cassette_cli.rules.validation import conversation_examples as example
from cassette_cli.rules.validation.check import Check, Family, each, whole
from cassette_cli.rules.validation.conversation_calls import (
    mismatched_arguments,
    repeated_call_id,
    undeclared_tool,
    unparsable_arguments,
)
from cassette_cli.rules.validation.conversation_turns import (
    misplaced_role,
    misquoted_reply,
    orphan_result,
    unanswered_call,
)

_ASKED = example.said("user", "Is it raining in Oslo?")
_ANSWER = example.said("assistant", "Yes.")


def _calling(*calls: str) -> str:
    return example.cassette(example.turn(_ASKED, reply=example.called(*calls)))


def _told(*messages: str) -> str:
    return example.cassette(example.turn(_ASKED, *messages, reply=_ANSWER))


def _quoting(quote: str, reply: str) -> str:
    first = example.turn(_ASKED, reply=reply, tools=False)
    return example.cassette(
        first, example.turn(_ASKED, quote, example.said("user", "Thanks."), reply=_ANSWER, tools=False)
    )


def _quoting_call(quoted: str, result: str) -> str:
    messages = (_ASKED, example.called(example.call(quoted)), example.gave(result))
    return example.cassette(
        example.turn(_ASKED, reply=example.called(example.call("call_1"))),
        example.turn(*messages, reply=_ANSWER),
    )


_CALLING = _calling(example.call("call_1"), example.call("call_2", arguments=r"{\"city\": \"Rome\"}"))
_TOLD = _told(example.called(example.call("call_1")), example.gave("call_1"))
_BEGUN = example.said("assistant", "Hi.").replace("assistant", "«assistant»")
_BEGUN = example.said("assistant", "Hi.").replace("assistant", "«assistant»")
_GREETED = [example.said(role, "Hi.") for role in ("user", "assistant", "user")]

_OF_STREAMS = ("cut-stream", "unparsable-event", "misplaced-event", "skipped-index", "unclosed-block")

CHECKS: tuple[Check, ...] = (
    Check(
        "unparsable-arguments",
        Family.CONVERSATION,
        Severity.ERROR,
        "a tool call whose arguments are no JSON",
        "The client that replays it cannot run the tool. The arguments were edited by hand, or a piece of "
        "the stream is missing.",
        "mend the arguments, or record the interaction again",
        whole(unparsable_arguments),
        (_calling(example.call(arguments=r"{\"city\": «O»slo\"}")),),
        (_CALLING,),
        after=_OF_STREAMS,
    ),
    Check(
        "mismatched-arguments",
        Family.CONVERSATION,
        Severity.WARNING,
        "a tool call whose arguments do not fit the schema that its request declares",
        "The tool will fail or be run with something else than it expects. Models do err at times; more "
        "often the tool changed after it was recorded, or one of the two was edited.",
        "record the interaction again with the tool as it is",
        each(mismatched_arguments),
        (
            _calling(example.call(arguments=r"{\"city\": «7»}")),
            _calling(example.call(arguments=r"«{\"town\": \"Oslo\"}»")),
        ),
        (_CALLING,),
        after=("unparsable-arguments", *_OF_STREAMS),
    ),
    Check(
        "undeclared-tool",
        Family.CONVERSATION,
        Severity.WARNING,
        "a reply that calls a tool which its request does not declare",
        "The client has no such tool to run. Models do invent tools at times; more often a name was changed "
        "on one side.",
        "give the tool the same name on both sides, or record the interaction again",
        each(undeclared_tool),
        (_calling(example.call(name="«forecast»")),),
        (_CALLING,),
        after=_OF_STREAMS,
    ),
    Check(
        "repeated-call-id",
        Family.CONVERSATION,
        Severity.ERROR,
        "two tool calls of one reply with the same id",
        "Their results cannot be told apart. Replacing ids by a fixed text does that.",
        "give every call an id of its own",
        each(repeated_call_id),
        (_calling(example.call("call_1"), example.call("«call_1»", arguments=r"{\"city\": \"Rome\"}")),),
        (_CALLING,),
    ),
    Check(
        "orphan-result",
        Family.CONVERSATION,
        Severity.ERROR,
        "a tool's result whose call is not in the messages before it",
        "The API refuses such a request. An id was replaced in one place and not in the other, or a message "
        "was taken out.",
        "give the call and its result the same id, or record the interaction again",
        each(orphan_result),
        (_told(example.called(example.call("call_1")), example.gave("«call_7»")),),
        (_TOLD,),
        after=("misquoted-reply",),
    ),
    Check(
        "unanswered-call",
        Family.CONVERSATION,
        Severity.WARNING,
        "a tool call without a result in a request that goes on behind it",
        "The API refuses such a request: every call needs its result. A message was taken out.",
        "add the result, or record the interaction again",
        each(unanswered_call),
        (
            _told(
                example.called(example.call("call_1"), example.call("«call_2»")),
                example.gave("call_1"),
            ),
        ),
        (
            _told(
                example.called(example.call("call_1"), example.call("call_2")),
                example.gave("call_1"),
                example.gave("call_2"),
            ),
        ),
        after=("orphan-result", "misquoted-reply"),
    ),
    Check(
        "misquoted-reply",
        Family.CONVERSATION,
        Severity.WARNING,
        "a request that goes on with another reply than was recorded for the one before it",
        "The client that is given the recorded reply sends something else, which a player that compares "
        "bodies does not find. One of the two was edited, or they are of different runs.",
        "record both again in one run, or make the same change in both",
        whole(misquoted_reply),
        (
            _quoting(example.said("assistant", "«Yes, it is.»"), example.said("assistant", "No, it is not.")),
            _quoting_call("«call_7»", "call_7"),
        ),
        (
            _quoting(example.said("assistant", "Yes, it is."), example.said("assistant", "Yes, it is. ")),
            _quoting_call("call_1", "call_1"),
        ),
    ),
    Check(
        "misplaced-role",
        Family.CONVERSATION,
        Severity.WARNING,
        "a message whose role the API does not take in that place",
        "Anthropic's and Bedrock's conversations begin with the user, Bedrock's take turns, Mistral's do not "
        "end with the model: the API refuses what does not. A message was taken out or added.",
        "put the messages in order, or record the interaction again",
        each(misplaced_role),
        (example.cassette(example.turn_of_anthropic(_BEGUN, _ASKED)),),
        (example.cassette(example.turn_of_anthropic(*_GREETED)),),
    ),
)

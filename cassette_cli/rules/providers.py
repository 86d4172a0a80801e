"""The table of secrets by shape: keys of providers, tokens, private keys, passwords in URLs.

A row has its examples with it, as templates, so that no real-looking secret stands here. A name alone
(`password: ...`) asks for a value that looks drawn at random. To add a rule, add a row: its shapes and
misses are its test, and the search finds it in every layer.
"""

import json
import math
import re
from binascii import Error as BadBase64
from binascii import a2b_base64
from collections import Counter
from collections.abc import Callable

from cassette_cli.rules.credentials import is_placeholder
from cassette_cli.rules.secrets import Secret, looks_made_up

# -- what must hold of a secret besides its shape ----------------------------------------------------

_WORDY = (  # names of models, packages, options: words with short numbers
    r"(?:[A-Za-z]*[0-9]{0,4}(?:[_.\-/:~+=]+|\Z)|[0-9]+(?:[_.\-/:~+=]+|\Z)|[0-9]{1,3}[A-Za-z](?:[_.\-/]+|\Z))*"
)


def entropy(text: str) -> float:
    """Shannon's entropy of the text's characters, in bits a character."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def _is_random(secret: str) -> bool:
    """Whether the text looks drawn at random: letters and digits mixed, nothing made of words, no number."""
    if entropy(secret) < 3 or re.fullmatch(r"[0-9.]+[eE]?[+-]?[0-9]*", secret):
        return False
    if len(re.findall("[a-z][A-Z]", secret)) * 5 >= len(secret):  # more capitals than camel case has
        return True
    return bool(re.search("[0-9]", secret) and re.search("[A-Za-z]", secret)) and not re.fullmatch(
        _WORDY, secret
    )


def _is_mixed(secret: str) -> bool:
    """Whether there are capitals and small letters; that 24 random characters hold no digit is not rare."""
    return re.search("[A-Z]", secret) is not None and re.search("[a-z]", secret) is not None


def _has_digits(secret: str) -> bool:
    return sum(map(str.isdigit, secret)) >= 2


def _decode(text: str) -> bytes:
    """What base64, of either alphabet and padded or not, stands for; nothing if it stands for nothing."""
    standard = text.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return a2b_base64(standard + "=" * (-len(standard) % 4))
    except BadBase64:
        return b""


def _is_token(secret: str) -> bool:
    """Whether the first part of a JSON Web Token is the header of one."""
    try:
        header = json.loads(_decode(secret.partition(".")[0]))
    except ValueError:
        return False
    return isinstance(header, dict) and not header.keys().isdisjoint(("alg", "typ", "enc"))


def _is_discord(secret: str) -> bool:
    return re.fullmatch(rb"[0-9]{15,20}", _decode(secret.partition(".")[0])) is not None


def _is_userinfo(secret: str) -> bool:
    """Whether base64 holds `user:password`."""
    found = re.fullmatch(r"[\x20-\x7e]*?:([\x20-\x7e]+)", _decode(secret).decode("latin-1"))
    return found is not None and not is_placeholder(found[1]) and not looks_made_up(found[1])


def _is_password(secret: str) -> bool:
    """Whether the password of a URL is one, and not how the manual spells it."""
    plain = re.fullmatch(
        r"(?:my|your|the|db|some)?[-_]?(?:pass|password|passwd|pwd|pw|secret|token|key|postgres|mysql|guest|admin|root|user)"
        r"[0-9]{0,3}|[$%{(\[<].*|.*[}>\])]|[0-9]{1,5}",
        secret,
        re.IGNORECASE,
    )
    return plain is None and len(secret) > 2


def _is_key_block(secret: str) -> bool:
    """Whether a PEM block holds as much base64 as the smallest key."""
    body = re.sub(r"-----[^-]*-----|\\[nr]|\s", "", secret)
    return len(re.findall("[A-Za-z0-9+/]", body)) >= 60 and "..." not in secret


_FILES = "png|jpe?g|gif|svg|webp|ico|css|[mc]?js|ts|json|ya?ml|toml|html?|xml|py|rb|go|md|txt|pdf|local"


def _is_address(secret: str) -> bool:
    """Whether it is a mail address, and no file, no remote of git, no address of a manual."""
    name, _, domain = secret.rpartition("@")
    none = rf"(?:.*\.)?(?:example\.(?:com|org|net|edu)|test|invalid|localhost|{_FILES})"
    return name != "git" and not re.fullmatch(none, domain.lower())


_NOBODY = (
    r"user(?:s|name)?|name|you|me|runner(?:admin)?|ubuntu|root|admin|vscode|codespace|node|apps?|shared|public|default"
    r"|test|dev|example|circleci|vagrant|git|ec2-user|sbx_\w*|oai|sandbox|appuser|jovyan|(?:my|your)[-_]?(?:user|name)"
    r"|john|jane|alice|bob|foo|bar|\..*"
)


def _is_home(secret: str) -> bool:
    """Whether the name of a home directory is somebody's."""
    return not re.fullmatch(_NOBODY, secret.lower())


def _is_public_ip(secret: str) -> bool:
    """Whether it is the address of a machine in the internet."""
    import ipaddress

    try:
        address = ipaddress.ip_address(secret)
    except ValueError:
        return False
    dns = ("8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "1.2.3.4")
    return address.is_global and not address.is_multicast and not secret.endswith(".0") and secret not in dns


# -- how rows are written --------------------------------------------------------------------------

_ALNUM = "[A-Za-z0-9]"
_WORD = "[A-Za-z0-9_-]"
_HEX = "[0-9a-f]"
_BASE64 = "[A-Za-z0-9+/]"


def _token(
    id: str,  # noqa: A002 - as the field is called
    summary: str,
    prefix: str,
    body: str,
    least: int,
    most: int | None,
    *shapes: str,
    misses: tuple[str, ...] = (),
    check: Callable[[str], bool] | None = None,
) -> Secret:
    """The row of a token with a prefix: so many characters of a class, and then no further one."""
    first = min(16, least)
    head = f"{prefix}{body}{{{first}}}"
    rest = f"{body}{{{least - first},{'' if most is None else most - first}}}"
    end = "" if most is None else rf"(?!{_WORD if '_-' in body else _ALNUM})"
    word = re.sub(r"\[(.)[^\]]*\](?:\{\d+\})?|\\", r"\1", prefix)
    wrong = (f"{word}{{6l}}", f"no{shapes[0]}", *misses)  # too short; in the middle of a word
    return Secret(id, summary, head, head + rest + end, shapes, wrong, check)


_GAP = "[\\s\"'`\\\\:]"
_NAMES = ("key", "pwd", "token", "secret", "passwd", "password", "passphrase")


def _after(*names: str, sign: str = "=") -> str:
    """Having read `:` or `=`: that one of these names stands before it, `.` in it being any separator.

    Quotes and blanks may lie between. A lookbehind has a fixed width: one for each length.
    """
    widths: dict[int, list[str]] = {}
    for name in names:
        widths.setdefault(len(name), []).append(name.replace(".", "[ _.-]"))
    found = [
        f"(?<{sign}(?i:{'|'.join(group)}){_GAP}{{{gap}}}[:=])"
        for group in widths.values()
        for gap in range(3)
    ]
    return f"(?:{'|'.join(found)})" if sign == "=" else "".join(found)


_ASSIGNED = (
    rf"[:=](?=>?[\s\"'`\\(]{{0,3}}[A-Za-z0-9_+/.~=-]{{16}})(?<=[A-Za-z\s\"'`\\:][:=]){_after(*_NAMES)}"
)
_VALUE = r">?[\s\"'`\\(]{0,3}"


def _named(
    id: str,  # noqa: A002 - as the field is called
    summary: str,
    names: tuple[str, ...],
    value: str,
    *shapes: str,
    misses: tuple[str, ...],
    check: Callable[[str], bool] | None = None,
    unless: tuple[str, ...] = (),
) -> Secret:
    """The row of a secret without a shape of its own, which a name before it gives away."""
    named = _after(*names) + (_after(*unless, sign="!") if unless else "")
    return Secret(
        id, summary, _ASSIGNED, f"{_ASSIGNED}{named}{_VALUE}(?P<secret>{value})", shapes, misses, check
    )


# -- the table -------------------------------------------------------------------------------------
# What is known of the shapes: the providers' own pages, https://github.com/gitleaks/gitleaks (config/),
# https://github.com/mongodb/kingfisher (crates/kingfisher-rules/data/rules/)

# fmt: off
SECRETS: tuple[Secret, ...] = (
    # whole structures first: keys and tokens of several lines or parts
    Secret("private-key", "a private key (PEM)", "-----BEGIN [A-Z0-9 ]{0,20}PRIVATE KEY",
        r"-----BEGIN [A-Z0-9 ]{0,20}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:(?:[A-Za-z0-9+/=:,.\s]|-(?!----)|\\[nr])*-----END [A-Z0-9 ]{0,20}PRIVATE KEY(?: BLOCK)?-----"
        r"|(?:[A-Za-z0-9+/=\s]|\\[nr])+)", ("{pem}",
        r"-----BEGIN RSA PRIVATE KEY-----\n{64b}\n{64b}\n{43b}=\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN OPENSSH PRIVATE KEY-----\n{70b}\n{70b}\n-----END OPENSSH PRIVATE KEY-----"), (
        "-----BEGIN PUBLIC KEY-----\n{64b}\n-----END PUBLIC KEY-----",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----"), _is_key_block, shape="pem"),
    Secret("json-web-token", "a JSON Web Token", r"eyJ[A-Za-z0-9_-]{8,1000}\.[A-Za-z0-9_-]",
        r"eyJ[A-Za-z0-9_-]{8,1000}(?:\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}(?:\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)?"
        r"|\.\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{16,})", ("{jwt}", "{jwt}.{40w}.{22w}"),
        ("eyJ{40w}.{40w}.{43w}", "eyJhbGciOiJIUzI1NiJ9.{6w}", "eyJ{200w}"), _is_token, shape="jwt"),
    # model providers
    Secret("anthropic-api-key", "an Anthropic API key", "sk-ant-[A-Za-z0-9_-]{16}",
        "sk-ant-[A-Za-z0-9_-]{16}[A-Za-z0-9_-]{16,}", ("sk-ant-api03-{93w}AA", "sk-ant-admin01-{93w}AA",
        "sk-ant-oat01-{93w}AA", "sk-ant-sid01-{86w}-{6w}AA"),
        ("sk-ant-api03-...", "sk-ant-api03-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "task-ant-api03-{93w}AA")),
    _token("openrouter-api-key", "an OpenRouter API key", "sk-or-v1-", _HEX, 64, 64, "sk-or-v1-{64h}",
        "sk-or-v1-0{63h}"),
    _token("langfuse-secret-key", "a Langfuse secret key", "sk-lf-", "[0-9a-f-]", 36, 36,
        "sk-lf-{8h}-{4h}-{4h}-{4h}-{12h}", "sk-lf-{8h}-{4h}-4{3h}-8{3h}-{12h}",
        misses=("pk-lf-{8h}-{4h}-{4h}-{4h}-{12h}",)),
    Secret("openai-api-key", "an OpenAI API key", "sk-[A-Za-z0-9_-]{16}",
        "sk-(?:(?:proj|svcacct|admin|service|None)-[A-Za-z0-9_-]{40,}|[A-Za-z0-9_-]{8,100}T3BlbkFJ[A-Za-z0-9_-]{8,})",
        ("sk-proj-{74w}T3BlbkFJ{74w}", "sk-proj-{48}", "sk-svcacct-{74w}T3BlbkFJ{74w}",
        "sk-admin-{74w}T3BlbkFJ{74w}", "sk-{20}T3BlbkFJ{20}", "sk-None-{20}T3BlbkFJ{20}"),
        ("sk-proj-...", "sk-proj-your-api-key-goes-in-this-place-of-the-file", "risk-proj-{48}")),
    _token("deepseek-api-key", "an API key of DeepSeek or DashScope", "sk-", _HEX, 32, 32, "sk-{32h}",
        "sk-{31h}0", check=_has_digits),
    _token("sk-api-key", "an API key that begins with sk-", "sk-", _ALNUM, 32, None, "sk-{48}", "sk-{32}",
        check=_is_mixed, misses=("sk-learnlearnlearnlearnlearnlearnlearnl",)),
    _token("openai-session-key", "an OpenAI session key", "sess-", _ALNUM, 40, 40, "sess-{40}",
        "sess-A{39}", check=_is_mixed),
    _token("openai-ephemeral-key", "an ephemeral key of OpenAI's Realtime API", "ek_", _ALNUM, 32, None,
        "ek_68{32h}", "ek_{40}", check=_is_random),
    _token("openai-organization-id", "the id of an OpenAI organization", "org-", _ALNUM, 24, 24, "org-{24}",
        "org-a{23}", check=_is_mixed),
    _token("openai-project-id", "the id of an OpenAI project", "proj_", _ALNUM, 24, 24, "proj_{24}",
        "proj_a{23}", check=_is_mixed),
    _token("google-api-key", "a Google API key", "AIza", _WORD, 35, 35, "AIza{35w}", "AIzaSy{33w}",
        check=_is_mixed),
    _token("google-auth-key", "a Google API key of the newer kind", r"AQ\.A", _WORD, 40, 120,
        "AQ.Ab8RN6{44w}", "AQ.A{49w}", check=_is_mixed),
    Secret("google-access-token", "a Google access token", r"ya29\.[A-Za-z0-9_.-]{16}",
        r"ya29\.(?:[a-z]\.)?[A-Za-z0-9_-]{40,}", ("ya29.{150w}", "ya29.c.{300w}", "ya29.a0{160w}"),
        ("ya29.{8w}", "ya29.boats")),
    _token("google-client-secret", "the secret of a Google OAuth client", "GOCSPX-", _WORD, 28, 28,
        "GOCSPX-{28w}", "GOCSPX-a{27w}"),
    _token("google-refresh-token", "a Google refresh token", "1//0", _WORD, 40, None, "1//0{90w}",
        "1//03{97w}", check=_is_mixed),
    _token("hugging-face-token", "a Hugging Face token", "hf_", _ALNUM, 30, 40, "hf_{34}", "hf_a{33}",
        check=lambda secret: secret[3:] != secret[3:].lower()),
    _token("groq-api-key", "a Groq API key", "gsk_", _ALNUM, 52, 52, "gsk_{20}WGdyb3FY{24}", "gsk_{52}"),
    _token("xai-api-key", "an xAI API key", "xai-", _ALNUM, 64, 100, "xai-{80}", "xai-{70}"),
    _token("perplexity-api-key", "a Perplexity API key", "pplx-", _ALNUM, 40, 64, "pplx-{48}", "pplx-{56h}"),
    _token("replicate-api-token", "a Replicate API token", "r8_", _ALNUM, 37, 40, "r8_{37}", "r8_a{36}"),
    _token("nvidia-api-key", "an NVIDIA API key", "nvapi-", _WORD, 56, 80, "nvapi-{64w}", "nvapi-{60w}"),
    _token("langsmith-api-key", "a LangSmith API key", "lsv2_[ps][tk]_", "[0-9a-f_]", 43, 43,
        "lsv2_pt_{32h}_{10h}", "lsv2_sk_{32h}_{10h}"),
    _token("langchain-api-key", "a LangSmith API key of the older kind", "ls__", _ALNUM, 32, 40,
        "ls__{32h}", "ls__{32}", check=_is_random),
    _token("cerebras-api-key", "a Cerebras API key", "csk-", "[a-z0-9]", 40, 64, "csk-{48m}", "csk-a{47m}",
        check=_has_digits),
    _token("fireworks-api-key", "a Fireworks API key", "fw_", _ALNUM, 20, 32, "fw_{22}", "fw_{24}",
        check=_is_mixed),
    _token(
        "together-api-key", "a Together API key", "tgp_v1_", _WORD, 43, 43, "tgp_v1_{43w}", "tgp_v1_a{42w}"),
    _token(
        "voyage-api-key", "a Voyage API key", "pa-", _WORD, 43, 43, "pa-{43w}", "pa-a{42w}", check=_is_mixed),
    _token("jina-api-key", "a Jina API key", "jina_", _ALNUM, 60, 60, "jina_{32h}{28}", "jina_{60}"),
    Secret("pinecone-api-key", "a Pinecone API key", "pcsk_[A-Za-z0-9]{5}",
        "pcsk_[A-Za-z0-9]{5,6}_[A-Za-z0-9]{55,70}(?![A-Za-z0-9])", ("pcsk_{5}_{63}", "pcsk_{6}_{63}"),
        ("pcsk_{5}_{20}", "apcsk_{5}_{63}")),
    _token("tavily-api-key", "a Tavily API key", "tvly-", _WORD, 28, 70, "tvly-{32}", "tvly-dev-{32}",
        "tvly-dev-{6}-{40}", check=_is_mixed),
    _token("elevenlabs-api-key", "an ElevenLabs API key", "sk_", _HEX, 48, 48, "sk_{48h}", "sk_0{47h}"),
    _token("firecrawl-api-key", "a Firecrawl API key", "fc-", _HEX, 32, 32, "fc-{32h}", "fc-0{31h}"),
    _token("logfire-token", "a Logfire token", "pylf_v[0-9]_[a-z]", "[A-Za-z0-9_]", 40, 60,
        "pylf_v1_us_{44}", "pylf_v1_eu_{44}", check=_is_mixed),
    _token("e2b-api-key", "an E2B API key", "e2b_", _HEX, 40, 40, "e2b_{40h}", "e2b_0{39h}"),
    _token("databricks-token", "a Databricks token", "dapi", "[0-9a-f-]", 32, 34, "dapi{32h}",
        "dapi{32h}-2", check=_has_digits),
    # clouds
    Secret("aws-access-key-id", "an AWS access key id", "A[KSBC][IC]A[A-Z0-9]{16}",
        "(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])", ("AKIA{16u}", "ASIA{16u}"),
        ("AKIAIOSFODNN7EXAMPLE", "AKIA{20u}", "XAKIA{16u}")),
    Secret("aws-session-token", "an AWS session token", "[IF][QwW]o[JG][A-Za-z0-9+/]{12}",
        "(?:IQoJb3JpZ2lu|F[wQ]oGZXIvYXdz)(?:[A-Za-z0-9+/]|%2[FBfb]){80,}(?:=|%3[Dd]){0,2}",
        ("IQoJb3JpZ2luX2VjE{400b}==", "FwoGZXIvYXdzE{300b}=", "IQoJb3JpZ2luX2VjE%2F%2F%2F{300}%3D"),
        ("IQoJb3JpZ2lu", "FwoG{200b}")),
    Secret("aws-signature", "the signature of a request to AWS", "Signature=[0-9a-f]{16}",
        "Signature=(?P<secret>[0-9a-f]{64})(?![0-9A-Za-z])",
        ("Signature=«{64h}»", "X-Amz-SignedHeaders=host&X-Amz-Signature=«{64h}»"),
        ("Signature=verified", "Signature={32h}", "Signature={70h}")),
    _token("bedrock-api-key", "an Amazon Bedrock API key", "ABSKQmVkcm9ja", "[A-Za-z0-9+/=]", 80, None,
        "ABSKQmVkcm9ja0FQSUtleS{110b}=", "ABSKQmVkcm9ja0FQSUtleS{100b}=="),
    _token("bedrock-short-term-key", "a short-term Amazon Bedrock API key", "bedrock-api-key-",
        "[A-Za-z0-9+/=]", 60, None, "bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t{400b}",
        "bedrock-api-key-{300b}=="),
    _named("aws-secret-access-key", "an AWS secret access key",
        ("secret.access.key", "secretaccesskey", "aws.secret.key", "awssecretkey", "aws.secret"),
        "[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=])", "aws_secret_access_key = «{40b}»",
        '"SecretAccessKey": "«{40b}»"', "AWS_SECRET_ACCESS_KEY=«{40b}»", misses=(
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "aws_secret_access_key = os.environ.get"), check=_is_mixed),
    Secret("azure-account-key", "the key of an Azure account", "=(?<=Key=)[A-Za-z0-9+/]{40}",
        "=(?:(?<=AccountKey=)|(?<=AccessKey=))(?P<secret>[A-Za-z0-9+/]{86}==|[A-Za-z0-9+/]{40,43}=)(?!=)", (
        "DefaultEndpointsProtocol=https;AccountName=boats;AccountKey=«{86b}==»;EndpointSuffix=core.windows.net",
        "Endpoint=sb://boats.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=«{43b}=»"),
        ("AccountKey=your-account-key", "PublicKey={43b}=")),
    Secret("azure-sas-signature", "the signature of an Azure SAS URL", "=(?<=sig=)[A-Za-z0-9%+/]{40}",
        "=(?<![A-Za-z0-9]sig=)(?<=sig=)(?P<secret>[A-Za-z0-9%+/]{43,90}(?:=|%3[Dd]))", (
        "https://boats.blob.core.windows.net/a/b?sv=2022-11-02&sr=b&sig=«{43b}=»",
        "?se=2030-01-01&sig=«{20}%2F{21}%2B{1}%3D»&sp=r"), ("sig=verified", "design={43b}=")),
    Secret("azure-api-key", "an Azure API key of the newer kind", "[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{16}",
        "[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{26}(?![A-Za-z0-9])",
        ("{52}JQQJ99{26}", "{52}JQQJ99BCACYeBjFXJ3w3AAABACOG{4}"), ("{40}JQQJ99{26}", "{52}JQQJ99{40}")),
    Secret("azure-client-secret", "the secret of an Azure application",
        "[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31}",
        "[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{30,33}[A-Za-z0-9_~-](?![A-Za-z0-9_~-])",
        ("{3}8Q~{34w}", "{3}7Q~{31w}"), ("{3}8Q~{12w}", "Q~{34w}"), _is_mixed),
    _named("azure-resource-key", "the key of an Azure resource", ("azure.openai.api.key",
        "azure.openai.key", "azure.api.key", "azure.key", "subscription.key", "azureopenaiapikey"),
        "[0-9a-fA-F]{32}(?![A-Za-z0-9_-])", "AZURE_OPENAI_API_KEY=«{32h}»",
        "Ocp-Apim-Subscription-Key: «{32h}»",
        misses=("AZURE_OPENAI_API_KEY=00000000000000000000000000000000", "AZURE_OPENAI_ENDPOINT={32h}"),
        check=_has_digits),
    # model providers whose keys have no shape
    _named("mistral-api-key", "a Mistral API key", ("mistral.api.key", "mistralapikey", "mistral.key"),
        "[A-Za-z0-9]{32}(?![A-Za-z0-9_-])", "MISTRAL_API_KEY=«{32}»", 'mistral_api_key: "«{32}»"',
        misses=("MISTRAL_API_KEY=<key>", "MISTRAL_MODEL={32}"), check=_is_mixed),
    _named("cohere-api-key", "a Cohere API key",
        ("cohere.api.key", "co.api.key", "cohereapikey", "cohere.key"), "[A-Za-z0-9]{40}(?![A-Za-z0-9_-])",
        "CO_API_KEY=«{40}»", "cohere_api_key='«{40}»'", misses=("COHERE_API_KEY=...", "COHERE_MODEL={40}"),
        check=_is_mixed),
    _named("together-legacy-key", "a Together API key of the older kind",
        ("together.api.key", "togetherapikey", "together.key"), "[0-9a-f]{64}(?![A-Za-z0-9_-])",
        "TOGETHER_API_KEY=«{64h}»", "together_api_key = '«{64h}»'",
        misses=("TOGETHER_API_KEY=", "TOGETHER_HASH={64h}")),
    # code, chat, payment, mail and the rest
    _token("github-token", "a GitHub token", "gh[pousr]_", _ALNUM, 36, 255, "ghp_{36}", "gho_{36}",
        "ghs_{36}", "ghr_{76}"),
    _token("github-fine-grained-token", "a fine-grained GitHub token", "github_pat_", "[A-Za-z0-9_]", 40,
        100, "github_pat_{22}_{59}", "github_pat_11{20}_{59}"),
    Secret("gitlab-token", "a GitLab token",
        "gl(?:pat|dt|ptt|rt|rtr|cbt|agent|oas|ft|imt|soat|ffct|wt)-[A-Za-z0-9_-]{16}",
        r"gl(?:pat|dt|ptt|rt|rtr|cbt|agent|oas|ft|imt|soat|ffct|wt)-[A-Za-z0-9_-]{20,}(?:\.[a-z0-9]{2}\.[a-z0-9]{7,9})?",
        ("glpat-{20w}", "gldt-{20w}", "glpat-{27w}.01.{9m}"), ("glpat-{6}", "aglpat-{20w}"), _is_mixed),
    Secret("slack-token", "a Slack token", "xox[abeoprsd][.-][A-Za-z0-9-]{8}",
        r"xox[abeoprsd](?:\.xox[bp])?-[A-Za-z0-9-]{20,}",
        ("xoxb-{12d}-{13d}-{24}", "xoxp-{12d}-{12d}-{13d}-{32h}", "xoxe.xoxp-1-{140}"),
        ("xoxb-your-token-in-here", "xoxb-{4d}"), _has_digits),
    _token("slack-app-token", "an app-level Slack token", "xapp-", "[A-Za-z0-9-]", 40, None,
        "xapp-1-A{10u}-{13d}-{64h}", "xapp-2-A{10u}-{12d}-{64h}", check=_has_digits),
    Secret("slack-webhook", "the address of a Slack webhook", r"hooks\.slack\.com/[a-z]{8}",
        r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<secret>[A-Za-z0-9_]+/[A-Za-z0-9_]+/[A-Za-z0-9_/]{20,})",
        ("https://hooks.slack.com/services/«T{8u}/B{8u}/{24}»",
        "hooks.slack.com/workflows/«T{8u}/A{8u}/{18d}/{24}»"), ("https://hooks.slack.com/services/",
        "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX")),
    _token("stripe-api-key", "a Stripe API key", "[sr]k_[lt][ie][vs][et]_", _ALNUM, 20, None,
        "sk_live_{24}", "rk_live_{99}", "sk_test_{24}"),
    _token("stripe-webhook-secret", "the secret of a Stripe webhook", "whsec_", _BASE64, 32, 64,
        "whsec_{32}", "whsec_{44b}", check=_is_mixed),
    Secret("sendgrid-api-key", "a SendGrid API key", r"SG\.[A-Za-z0-9_-]{16}",
        r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])", ("SG.{22w}.{43w}", "SG.a{21w}.{43w}"),
        ("SG.{22w}", "MSG.{22w}.{43w}")),
    _token("twilio-api-key", "a Twilio API key", "SK", _HEX, 32, 32, "SK{32h}", "SK0{31h}"),
    _token("mailgun-api-key", "a Mailgun API key", "key-", "[0-9a-z]", 32, 32, "key-{32h}", "key-0{31h}",
        check=_has_digits),
    _token("mailchimp-api-key", "a Mailchimp API key", "[0-9a-f]{32}-us", "[0-9]", 1, 2, "{32h}-us6",
        "{32h}-us14"),
    _token("npm-token", "an npm token", "npm_", _ALNUM, 36, 36, "npm_{36}", "npm_a{35}", check=_is_mixed),
    _token("pypi-token", "a PyPI token", "pypi-", _WORD, 80, None, "pypi-AgEIcHlwaS5vcmc{140w}",
        "pypi-AgENdGVzdC5weXBpLm9yZw{140w}", check=_is_mixed),
    _token("vault-token", "a Vault token", r"hv[sbr]\.", _WORD, 24, None, "hvs.{90w}", "hvs.{24}",
        "hvb.{140w}", check=_is_mixed),
    _token("digitalocean-token", "a DigitalOcean token", "do[opr]_v1_", _HEX, 64, 64, "dop_v1_{64h}",
        "doo_v1_{64h}"),
    _token("linear-api-key", "a Linear API key", "lin_api_", _ALNUM, 40, 40, "lin_api_{40}", "lin_api_a{39}"),
    _token("linear-oauth-token", "a Linear OAuth token", "lin_oauth_", _HEX, 64, 64, "lin_oauth_{64h}",
        "lin_oauth_0{63h}"),
    _token("notion-token", "a Notion token", "ntn_", _ALNUM, 40, 50, "ntn_{46}", "ntn_{11d}{35}"),
    _token("notion-integration-secret", "a Notion integration secret", "secret_", _ALNUM, 43, 43,
        "secret_{43}", "secret_a{42}", check=_is_mixed),
    Secret("airtable-token", "an Airtable token", r"pat[A-Za-z0-9]{14}\.[0-9a-f]{16}",
        r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}(?![A-Za-z0-9])", ("pat{14}.{64h}", "pata{13}.{64h}"),
        ("pat{14}", "spat{14}.{64h}")),
    Secret("telegram-bot-token", "the token of a Telegram bot", "[0-9]+:AA[A-Za-z0-9_-]{16}",
        "[0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])", ("{10d}:AA{33w}", "{9d}:AA{33w}"),
        ("{4d}:AA{33w}", "{10d}:AA{20w}"), _is_mixed),
    Secret("discord-bot-token", "the token of a Discord bot",
        r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{16}",
        r"[MNO][A-Za-z0-9_-]{22,29}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}(?![A-Za-z0-9_-])",
        ("{discord}.{6w}.{27w}", "{discord}.{6w}.{38w}"), ("{discord}.{6w}.{6w}", "MMMM{20}.{6w}.{27w}"),
        _is_discord),
    Secret("discord-webhook", "the address of a Discord webhook", r"\.com/api/webhooks/[0-9]{15}",
        r"\.com/api/webhooks/(?P<secret>[0-9]{15,20}/[A-Za-z0-9_-]{60,80})", (
        "https://discord.com/api/webhooks/«{18d}/{68w}»",
        "https://discordapp.com/api/webhooks/«{19d}/{68w}»"),
        ("https://discord.com/api/webhooks/", "https://discord.com/developers/docs/intro")),
    _token("shopify-token", "a Shopify token", "shp[acspu][atsp]_", "[0-9a-fA-F]", 32, 32, "shpat_{32h}",
        "shpss_{32h}", check=_has_digits),
    _token("postman-api-key", "a Postman API key", "PMAK-", "[0-9a-f-]", 59, 59, "PMAK-{24h}-{34h}",
        "PMAK-0{23h}-{34h}"),
    _token("new-relic-key", "a New Relic key", "NR[AIJRBS][KISAQRP]-", "[A-Za-z0-9_-]", 27, 32,
        "NRAK-{27u}", "NRII-{32w}"),
    _token("grafana-service-token", "the token of a Grafana service account", "glsa_", "[A-Za-z0-9_]", 41,
        41, "glsa_{32}_{8h}", "glsa_a{31}_{8h}", check=_is_mixed),
    _token("grafana-cloud-token", "a Grafana Cloud token", "glc_", "[A-Za-z0-9+/=]", 40, None,
        "glc_{100b}==", "glc_eyJ{97b}=", check=_is_mixed),
    _token("sentry-token", "a Sentry token", "sntry[us]_", "[A-Za-z0-9+/=_-]", 64, None, "sntryu_{64h}",
        "sntrys_{140b}=_{43b}"),
    Secret("doppler-token", "a Doppler token", r"dp\.[a-z]{2}[A-Za-z0-9._-]{16}",
        r"dp\.[a-z]{2,5}\.(?:[a-z0-9_-]{1,35}\.)?[A-Za-z0-9]{40,44}(?![A-Za-z0-9])",
        ("dp.pt.{43}", "dp.st.dev.{43}"), ("dp.pt.{12}", "adp.pt.{43}")),
    _token("supabase-token", "a Supabase access token", "sbp_", _HEX, 40, 40, "sbp_{40h}", "sbp_0{39h}"),
    _token("supabase-secret-key", "a Supabase secret key", "sb_secret_", _WORD, 24, 60,
        "sb_secret_{22w}_{8w}", "sb_secret_{31w}"),
    _token("figma-token", "a Figma token", "fig[dou]_", _WORD, 40, 48, "figd_{40w}", "figd_{43w}",
        check=_is_mixed),
    # weak shapes: a name or a place gives them away, the value must look like a secret
    Secret("url-password", "a password in a URL", r"://[^\s/?#@:\"'<>]{0,100}:[^\s/?#@\"'<>]",
        r"://[^\s/?#@:\"'<>]{0,100}:(?P<secret>[^\s/?#@\"'<>]{1,200})@[A-Za-z0-9\[]", (
        "postgres://ada:«{20}»@db.boats.io:5432/boats", "https://x:«{12}»@git.boats.io/a.git",
        "redis://:«{16}»@cache:6379/0"), ("https://boats.io:8080/@ada",
        "postgres://user:password@localhost/db", "postgres://ada:${PASSWORD}@db/boats",
        "https://boats.io/?a=b:c@d"), _is_password),
    Secret("basic-credentials", "user and password in base64", "[Bb]asic [A-Za-z0-9+/]{8}",
        "[Bb]asic (?P<secret>[A-Za-z0-9+/]{8,}={0,2})(?![A-Za-z0-9+/=])",
        ("Basic «{basic}»", "Authorization: Basic «{basic}»", "basic «{basic}»"),
        ("Basic understanding of boats", "basic {40b}"), _is_userinfo),
    Secret("bearer-token", "a bearer token", "[Bb]earer [A-Za-z0-9._~+/=-]{16}",
        "[Bb]earer (?P<secret>[A-Za-z0-9._~+/-]{15,4000}[A-Za-z0-9_~+/-]=*)",
        ("Bearer «{32}»", "Authorization: Bearer «{64h}»", "bearer «{40w}x»"),
        ("Bearer authentication-scheme-v2", "Bearer boats-of-the-lake-2024-edition"), _is_random),
    _named("assigned-secret", "a secret by its name", ("api.key", "apikey", "access.key", "accesskey",
        "secret.key", "secretkey", "private.key", "auth.key", "authkey", "account.key", "service.key",
        "encryption.key", "signing.key", "master.key", "client.key", "token", "secret", "password",
        "passwd", "passphrase", "pwd"),
        r"[A-Za-z0-9_+/.~=-]{15,511}[A-Za-z0-9_+/=~-](?![.]?[A-Za-z0-9_+/~=(\[-])", "API_KEY=«{32}»",
        '"x-api-key": "«{40h}»"', "password: «{20}»", "export BOATS_TOKEN='«{24}»'",
        "?access_token=«{32}»&a=b", "client_secret => '«{24}»'", misses=(
        "API_KEY=process.env.OPENAI_API_KEY", "api_key: str = settings.openai_api_key",
        "password: correct-horse-battery-staple", "next_page_token={32}", "cache_key: {32}",
        "token=get_token_v2(request)", "primary_key={32h}"), unless=("page.token", "next.token",
        "pagetoken", "nexttoken", "tion.token", "sync.token", "tart.token", "csrf.token", "ursor.token",
        "ious.token", "per.token", "ice-pwd", "tiontoken"), check=_is_random),
    # what is a secret only to some
    Secret("email-address", "a mail address", "[A-Za-z0-9._+-]+@[A-Za-z0-9]",
        r"[A-Za-z0-9_][A-Za-z0-9._+-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.(?:[a-z]{2,24}|[A-Z]{2,24})(?![A-Za-z0-9-])",
        ("ada.{6l}@boats.io", "{8m}@mail.boats.co.uk"),
        ("icon@2x.png", "git@github.com:a/b", "ada@example.com", "@boats/core"), _is_address, default=False,
        shape="email"),
    Secret("home-directory", "the name of a user in a path", r"[/\\](?:home|Users)[/\\]",
        r"(?:(?:(?<![A-Za-z0-9._~-])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2})|(?<=[A-Za-z]:))/(?:home|Users)/"
        r"|(?:(?<=[A-Za-z]:)|(?<=[A-Za-z]:\\))\\Users\\{1,2})(?P<secret>[A-Za-z0-9._-]{0,63}[A-Za-z0-9_])(?![A-Za-z0-9_<{$])",
        ("/home/«{8l}»/boats", "/Users/«{8l}»/boats", "C:\\Users\\«{8l}»\\boats",
        r"C:\\Users\\«{8l}»\\boats"),
        ("https://boats.io/home/{8l}", "/home/runner/work", "/Users/$USER/boats"), _is_home, default=False,
        shape="home"),
    Secret("ip-address", "a public IP address", r"[0-9]+\.[0-9]{1,3}\.[0-9]",
        r"(?<!\.)(?<![A-Za-z]/)(?<![vV])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9A-Za-z_-]|\.[0-9])",
        ("81.169.{2d}.17", "from 217.{2d}.44.9"[5:]),
        ("127.0.0.1", "192.168.1.17", "10.0.0.8", "Chrome/120.0.0.1", "version 1.2.3"), _is_public_ip,
        default=False, shape="ip"),
)
# fmt: on

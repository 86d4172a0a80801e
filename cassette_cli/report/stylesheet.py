"""How the page of `show --format html` looks: system fonts, one column, two palettes, few rules.

The colours of text reach a contrast of 4.5 on each ground that they stand on; a test computes it.
"""

LIGHT = {
    "ground": "#fbfaf7", "card": "#ffffff", "user": "#e9f1ee", "code": "#f4f2ed", "line": "#dedad2",
    "ink": "#22262a", "dim": "#5b6168", "accent": "#0b5f66",
    "good": "#1f6b35", "warn": "#7a4f00", "bad": "#a1261b", "alarm": "#fbeae6",
}  # fmt: skip
DARK = {
    "ground": "#15171a", "card": "#1c1f23", "user": "#1e2f2f", "code": "#22262b", "line": "#353a41",
    "ink": "#e3e5e8", "dim": "#a0a7af", "accent": "#74c7cc",
    "good": "#7fca93", "warn": "#e5b765", "bad": "#ff9d92", "alarm": "#3a2220",
}  # fmt: skip


def _palette(colours: dict[str, str]) -> str:
    return ":root{" + "".join(f"--{name}:{value};" for name, value in colours.items()) + "}\n"


CSS = (
    _palette(LIGHT)
    + f"@media screen and (prefers-color-scheme:dark){{{_palette(DARK)}}}\n"
    + """
*{box-sizing:border-box}
html{scroll-padding-top:1rem;-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:50rem;padding:1.5rem 1rem 6rem;background:var(--ground);color:var(--ink);
font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:anywhere}
h1,h2,h3,h4,p,dl,dd,ol,pre{margin:0}
h1{font-size:1.35rem;line-height:1.3}
h2{font-size:1.15rem;line-height:1.35;margin-top:4rem}
h3{font-size:1rem;line-height:1.45;font-weight:400}
h4,small,.facts,.dim,.same,.closing,.note,summary,dl{font-size:.84rem}
h4{font-weight:600;color:var(--dim)}
h4 b,h3 b{color:var(--ink)}
small{font-weight:400;color:var(--dim)}
summary small{margin-left:.35em}
a{color:var(--accent);text-decoration:none}
a:hover{text-decoration:underline}
h2 a{color:inherit}
h1 span,h2 span{font-weight:400;color:var(--dim)}
h1 span{display:block;font-size:.95rem}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}
.facts,.dim,.same,.closing,.note,dt,nav ol ol{color:var(--dim)}
.good{color:var(--good)}.warn{color:var(--warn)}.bad,nav b.bad{color:var(--bad)}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
nav{margin-top:1.5rem;padding:.75rem 0;border-block:1px solid var(--line)}
nav ol{list-style:none;padding:0;font-size:.92rem;line-height:1.45}
nav li{padding:.2rem 0}
nav ol ol{padding-left:1rem;font-size:.84rem}
article{margin-top:1.75rem;padding-top:1.5rem;border-top:1px solid var(--line)}
h2+article,h2+p+article{border-top:0;padding-top:0}
article>*+*,.reply>*+*,.turn>*+*,.call>*+*,.result>*+*,details>*+*{margin-top:.6rem}
article>h3+p{margin-top:.15rem}
.text,pre,dd{white-space:pre-wrap;unicode-bidi:plaintext}
pre{font:.84rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--code);
border-radius:.4rem;padding:.6rem .75rem;tab-size:4}
.turn{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:.65rem .9rem .8rem}
.user{background:var(--user);border-color:transparent;margin-left:auto;width:fit-content;min-width:8rem;max-width:92%}
.system,.tool{background:none}
.turn h4+*{margin-top:.25rem}
.reply{margin-top:1rem;padding-left:.9rem;border-left:3px solid var(--accent)}
.result{padding-left:.9rem;border-left:2px solid var(--line)}
summary{cursor:pointer;color:var(--dim);padding:.15rem 0}
summary:hover{color:var(--ink)}
details[open]>summary,summary b{color:var(--ink)}
details>.text{color:var(--dim)}
dl>div{display:flex;gap:.75rem}
dt{flex:0 0 auto;max-width:45%}
.settings{display:flex;flex-wrap:wrap;gap:.15rem 1.25rem}
.settings>div{gap:.4rem}
.settings dt{max-width:none}
.folds{display:flex;flex-wrap:wrap;gap:0 1.25rem}
.folds>*{margin:0;max-width:100%}
.folds>[open]{flex:1 0 100%}
.media{display:inline-block;padding:.25rem .7rem;border:1px dashed var(--dim);border-radius:.5rem;
font-size:.84rem}
.problem{margin-top:.75rem;padding:.5rem .75rem;border-radius:.4rem;background:var(--alarm);color:var(--bad);
font-size:.9rem}
@media print{body{max-width:none;padding:0;font-size:10pt;background:none}nav{display:none}
h2,h3,h4,summary{break-after:avoid}.folds{display:block}
details::details-content{content-visibility:visible;block-size:auto}}
"""
)

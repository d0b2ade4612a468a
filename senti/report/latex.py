"""The tables of a report in LaTeX, with booktabs."""

import re

from senti.report.blocks import Outline, Table

HEAD = """% The tables of a senti report. The preamble needs
% \\usepackage[T1]{fontenc} \\usepackage[utf8]{inputenc} \\usepackage{textcomp,booktabs,graphicx}
% then \\input{tables}. Texts in other scripts than Latin want LuaLaTeX or XeLaTeX.
"""
SIGNS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "±": r"\ensuremath{\pm}", "−": r"\ensuremath{-}",
    "≤": r"\ensuremath{\le}", "≥": r"\ensuremath{\ge}", "–": "--", "…": r"\dots{}", "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
}  # fmt: skip
COLUMN = {"t": "l", "n": "r", "w": r"p{0.5\linewidth}"}
WIDE = 78  # letters from which a table is scaled to the width of the page


def to_latex(report: Outline) -> str:
    """Every table of the report as a `table` with caption and label."""
    tables = [block for section in report.sections for block in section.blocks if isinstance(block, Table)]
    return HEAD + "\n".join(_table(number, block) for number, block in enumerate(tables, 1))


def t(text: object) -> str:
    """Text that LaTeX sets letter by letter, on one line."""
    line = " ".join("".join(c for c in str(text) if c.isprintable() or c.isspace()).split())
    return "".join(SIGNS.get(sign, sign) for sign in line).replace("--", "-{}-").replace(r" \%", r"~\%")


def _table(number: int, block: Table) -> str:
    form = "".join(COLUMN[kind] for kind in block.kinds)
    lines = [_row(block.columns), r"\midrule", *map(_row, block.rows)]
    body = "\n".join([rf"\begin{{tabular}}{{@{{}}{form}@{{}}}}", r"\toprule", *lines, r"\bottomrule", r"\end{tabular}"])
    if "w" not in block.kinds and _letters(block) > WIDE:
        body = rf"\resizebox{{\linewidth}}{{!}}{{%{chr(10)}{body}}}"
    caption = t(re.sub(r"^Table \d+\. ", "", block.caption))
    head = [r"\begin{table}[htbp]", r"\centering", rf"\caption{{{caption}}}", rf"\label{{tab:senti-{number}}}"]
    return "\n".join([*head, body, r"\end{table}", ""])


def _row(cells: tuple[str, ...]) -> str:
    return " & ".join(_cell(cell) for cell in cells) + r" \\"


def _cell(text: str) -> str:
    """A cell that begins with a bracket would be read as a length after the line break before it."""
    cell = t(text)
    return "{}" + cell if cell[:1] in ("[", "*") else cell


def _letters(block: Table) -> int:
    rows = [block.columns, *block.rows]
    return sum(max(len(row[i]) for row in rows) + 2 for i in range(len(block.columns)))

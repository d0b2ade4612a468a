"""The lab report: facts of finished runs, sentences that claim no more than they carry, and the forms it is read in.

runs -> facts -> outline (sections of blocks) -> HTML, Markdown, LaTeX tables, notebook; and a model card per run.
"""

from senti.report.card import to_card
from senti.report.facts import Facts, collect
from senti.report.html import to_html
from senti.report.outline import outline
from senti.report.publish import check_push, push
from senti.report.write import FORMATS, report_files, write_report

__all__ = ["FORMATS", "Facts", "check_push", "collect", "outline", "push", "report_files", "to_card", "to_html",
           "write_report"]  # fmt: skip

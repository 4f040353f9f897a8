"""Reports: what a run found, told to people, scripts and build servers.

`report` writes the run folder's report.md, `render` what `check` prints, `targets_json` and
`coverage_csv` the files that scripts read. `card` tells on a page what a scenario changes,
`change_lines` in a few lines. `Words` is one language's sentences, numbers and dates.
"""

from accessibility.reports.card import card
from accessibility.reports.changes import change_lines
from accessibility.reports.facts import ReportFacts
from accessibility.reports.markdown import report
from accessibility.reports.phrases import area_names_of
from accessibility.reports.tables import coverage_csv, csv_table
from accessibility.reports.verdicts import render, render_run, targets_json
from accessibility.reports.words import Words

__all__ = [
    "ReportFacts",
    "Words",
    "area_names_of",
    "card",
    "change_lines",
    "coverage_csv",
    "csv_table",
    "render",
    "render_run",
    "report",
    "targets_json",
]

"""The council page: one file that a councillor can open, read, question and print.

It is made of stored runs: the first is the current situation, the others are the options. Every
figure on it stands in the runs' own tables; nothing is fetched and nothing is timed, so the same
runs give the same bytes.
"""

from accessibility.pages.page import page_html, write_page

__all__ = ["page_html", "write_page"]

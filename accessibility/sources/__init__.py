"""Reads what a study names: roads, people, sites, borders, speed tables.

Readers translate and never calculate. Each either gives a whole, checked value or raises one error
that names the file, the row and the mend.
"""

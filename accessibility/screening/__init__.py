"""Screening: what every possible closure would do, from the travel-time matrix alone.

`labels` finds each cell's nearest sites, `closing` adds up what closing one or two of them does,
`effects` turns that into minutes, verdicts and receivers, `closures` holds the result and `screen`
puts them in order.
"""

from accessibility.screening.closures import (
    OBJECTIVES,
    Closure,
    Objective,
    Receiver,
    Screening,
    TargetEffect,
)
from accessibility.screening.screen import screen_closures

__all__ = [
    "OBJECTIVES",
    "Closure",
    "Objective",
    "Receiver",
    "Screening",
    "TargetEffect",
    "screen_closures",
]

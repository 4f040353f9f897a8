"""Location: where the fewest new sites restore a target, with the proof.

`restoration` is the question and its answer, `covering` the exact search behind it.
"""

from accessibility.location.restoration import Proof, Restoration, restore

__all__ = ["Proof", "Restoration", "restore"]

"""Searches in many processes: on this machine, or on a dask cluster that is there already.

A search is cut by speed profile and by batches of sites. The network, and where everybody stands on
it, lie in a private folder (`job`); a task is that folder's path and three numbers, so nothing of
this package is ever pickled. Each batch is searched by `batches.search_batch` and its times come
back as a file. Whoever works, and however the sites are cut, the result is that of one process.
"""

from accessibility.distributed.cluster import ClusterWorkers
from accessibility.distributed.fan_out import FanOut
from accessibility.distributed.processes import ProcessWorkers
from accessibility.distributed.workers import BatchError, Workers

__all__ = ["BatchError", "ClusterWorkers", "FanOut", "ProcessWorkers", "Workers"]

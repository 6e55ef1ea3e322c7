"""Processes for work that would hold the interpreter lock.

``HydraulicsWorker``: EPANET behind the Hydraulics port. ``WorkerFailed``: the process died or could not load the city.
"""

from console.workers.hydraulics import HydraulicsWorker, WorkerFailed

__all__ = ["HydraulicsWorker", "WorkerFailed"]

"""Work that would hold the interpreter lock, in processes of its own.

``HydraulicsWorker``: EPANET behind the Hydraulics port. ``WorkerFailed``: the process died or could not load the city.
"""

from console.workers.hydraulics import HydraulicsWorker, WorkerFailed

__all__ = ["HydraulicsWorker", "WorkerFailed"]

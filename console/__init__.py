"""console."""

import os

# The products of detection and location are small and many: a second thread waits more than it works (measured: half as
# fast again). Before numpy is first imported, and only where the user did not choose.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

"""console."""

import os

# Detection and location multiply many small matrices: a second BLAS thread only costs time (measured: half as
# fast again). Before numpy is first imported, and only where the user did not choose.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

"""What two deployables must agree on, in named and ordered rooms."""

import gc

from shared.kernel.garbage import BETWEEN_LOOKS

gc.set_threshold(BETWEEN_LOOKS)  # before the rest is imported: half a million objects, nearly all of which stay

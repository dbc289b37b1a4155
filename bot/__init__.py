"""What Rasa loads: the reading components, the channel, the tracker store. Facts and words live in `signpost`."""

import os

# numpy reads this when it is first imported. The sums of one message are small: a second thread would only spin while it
# waits for them, on the core that serves the next person.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

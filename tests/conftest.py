"""Settings of the whole suite: the same examples every time, and one thread a worker so that workers don't fight."""

import torch
from hypothesis import HealthCheck, settings

settings.register_profile(
    "superpose",
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("superpose")
torch.set_num_threads(1)

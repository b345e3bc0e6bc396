"""Settings of the whole suite: the same examples every time, and one thread a worker so that workers don't fight."""

from contextlib import nullcontext

import torch
from hypothesis import HealthCheck, settings

import superpose.running.job

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
# A recipe's own number of threads would make the workers fight too; what it does is tested in processes of their own.
superpose.running.job.threads = nullcontext

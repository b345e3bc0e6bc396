"""Settings of the whole suite: the same examples every time, and one thread a worker so that workers don't fight."""

import signal
from contextlib import nullcontext

import pytest
import torch
from hypothesis import HealthCheck, settings
from xdist.scheduler import WorkStealingScheduling

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
# A suite that was started in the background or under nohup has these ignored, and what tests of signals send is lost.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
torch.set_num_threads(1)
# A recipe's own number of threads would make the workers fight too; what it does is tested in processes of their own.
superpose.running.job.threads = nullcontext


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Each worker has a half of the suite, and one that is done takes half of what the other has left.

    In turn, as xdist deals tests out, both workers would make the fixtures of almost every module and session, the
    environments with other distributions among them.
    """
    return WorkStealingScheduling(config, log) if config.getvalue("dist") == "load" else None

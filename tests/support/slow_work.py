"""Work for executors that takes a while, and says on which node of a cluster it was done."""

import time


def slow(text):
    """Wait, and name the node."""
    import ray

    time.sleep(0.3)
    return ray.get_runtime_context().get_node_id()

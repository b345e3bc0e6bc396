"""The order of convergence of each scheduler on images whose probability flow is known in closed form.

python benchmarks/order.py
"""

from superpose import make
from superpose.testing.schedulers import order_table

SCHEDULERS = (
    make("scheduler", "ddim"),
    make("scheduler", "euler"),
    make("scheduler", "heun"),
    *(make("scheduler", "dpmpp", order=order) for order in (1, 2, 3)),
    *(make("scheduler", "dpm-solver", order=order) for order in (2, 3)),
    *(make("scheduler", "unipc", order=order) for order in (1, 2, 3)),
    *(make("scheduler", "lms", order=order) for order in (2, 3, 4)),
    make("scheduler", "pndm"),
    make("scheduler", "flow-euler"),
)

print(order_table(SCHEDULERS))

"""Noise levels: the schedules that networks are trained on, and the plans that visit them. Free of torch."""

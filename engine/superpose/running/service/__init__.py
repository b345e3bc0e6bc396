"""The service: recipes come by HTTP, wait in a queue on the disk, and are run one after another.

A recipe is a stranger's: it runs no code of its own, reads the files of allowed folders alone, and is held to bounds.
What runs is a process of its own (`worker`), so that what kills it kills no service, and time has an end.
"""

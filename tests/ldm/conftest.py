import superpose

if "locate" not in superpose.__all__:
    superpose.locate = lambda path, hub: path

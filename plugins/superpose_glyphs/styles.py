def styles(font: str) -> frozenset[str]:
    return frozenset()

"""Running: from a recipe to its composition, and from that to images in a folder."""

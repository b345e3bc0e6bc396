"""DeepFloyd-style cascades in pixels: text to small images, small images to large ones."""

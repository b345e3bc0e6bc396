"""Pictures that are drawn as drops."""

import attrs
from superpose import ModuleRenderer, Renderer, option


@attrs.frozen(kw_only=True)
class Drizzle(Renderer):
    """Draws a picture as soft drops, whose places, widths and colours are what gradient steps move."""

    kind = "drizzle"
    drops: int = option(60, doc="how many there are", ge=1, le=1000)

    def bind(self, shape, device="cpu"):
        """Drops on a picture of one size."""
        from superpose_weather.drops import Drops  # torch is imported where something is drawn

        return ModuleRenderer(lambda: Drops(self.drops, shape), device)

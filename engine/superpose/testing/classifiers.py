"""The laws of classifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from superpose.errors import LawError
from superpose.testing.law import Law, figures
from superpose.testing.probes import broken, gap, noise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from superpose.estimate.classifier import Classifier, ClassifierPredictor
    from superpose.levels.noise_level import NoiseLevel

#: Step of the finite difference, and the largest error that it explains, relative to the gradient.
STEP, SLACK = 1e-2, 2e-2


def check_classifier(classifier: Classifier, t: float | None = None) -> dict[str, float]:
    """Hold a classifier to its laws, on four rows of noise.

    Arguments:
        classifier: The classifier; its weights are read.
        t: Its time to ask at; half way down when not given.

    Returns:
        The figure of each law by its name.

    Raises:
        LawError: For the first one that it breaks, with the figure.
    """
    return figures(laws(classifier, t))


def laws(classifier: Classifier, t: float | None = None) -> Iterator[Law]:
    """The laws of a classifier."""
    loaded = classifier.load()
    level = classifier.schedule.level(0, classifier.schedule.steps // 2 if t is None else t)
    yield Law("answers-in-form", lambda: answers_in_form(classifier, loaded, level))
    yield Law("points-uphill", lambda: points_uphill(classifier, loaded, level))
    yield Law("keeps-rows-apart", lambda: keeps_rows_apart(classifier, loaded, level))


def answers_in_form(classifier: Classifier, loaded: ClassifierPredictor, level: NoiseLevel) -> float:
    """Logits of every class for every row, all finite, for images of the size that was announced."""
    import torch  # the laws can be imported without torch

    if tuple(loaded.shape) != tuple(classifier.shape):
        broken(classifier, str(classifier.shape), f"it loads a classifier of images of {tuple(loaded.shape)}")
    with torch.no_grad():
        logits = loaded.logits(noise(4, *loaded.shape, double=False).to(loaded.device), level)
    if logits.shape != (4, classifier.classes):
        broken(classifier, str(classifier.shape), f"4 images have logits of shape {tuple(logits.shape)}")
    if not bool(logits.isfinite().all()):
        broken(classifier, str(classifier.shape), "logits are not finite")
    return float(logits.abs().max())


def points_uphill(classifier: Classifier, loaded: ClassifierPredictor, level: NoiseLevel) -> float:
    """Answers are gradients of its own log-probabilities: a step along it raises them by its length."""
    import torch

    x = noise(4, *loaded.shape, double=False).to(loaded.device)
    labels = torch.arange(4, device=loaded.device) % classifier.classes
    gradient = loaded.predict(x, level, {"label": labels}).output
    if gradient.shape != x.shape:
        broken(classifier, str(classifier.shape), f"4 images have gradients of shape {tuple(gradient.shape)}")

    def likely(x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            logits = loaded.logits(x, level).double()
        return torch.log_softmax(logits, 1).gather(1, labels[:, None])[:, 0]

    lengths = gradient.flatten(1).norm(dim=1).double()
    along = gradient / lengths.clamp(min=1e-12).to(gradient)[:, None, None, None]
    rise = (likely(x + STEP * along) - likely(x - STEP * along)) / (2 * STEP)
    off = float(((rise - lengths).abs() / lengths.clamp(min=1e-3)).max())
    if not off <= SLACK:
        broken(classifier, str(classifier.shape), f"its gradient is off by {off:.3g} of what a step along it gives")
    return off


def keeps_rows_apart(classifier: Classifier, loaded: ClassifierPredictor, level: NoiseLevel) -> float:
    """With as many rows, a row's gradient is the same bits whatever the other rows ask."""
    import torch

    x, others = (noise(4, *loaded.shape, seed=seed, double=False).to(loaded.device) for seed in (0, 1))
    labels = torch.arange(4, device=loaded.device) % classifier.classes
    whole = loaded.predict(x, level, {"label": labels}).output
    for i in range(4):
        mixed, told = others.clone(), (labels + 1) % classifier.classes
        mixed[i], told[i] = x[i], labels[i]
        if (off := gap(loaded.predict(mixed, level, {"label": told}).output[i], whole[i])) > 0:
            raise LawError(f"classifier {classifier.kind!r}: row {i} changes by {off:.3g} with the rows beside it")
    return 0.0

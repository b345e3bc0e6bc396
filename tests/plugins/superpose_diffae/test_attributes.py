"""Attributes read off codes: areas under the curve, logistic regression, and files of classifiers."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy.optimize import minimize
from scipy.stats import mannwhitneyu

from superpose import RecipeError
from superpose_diffae.attributes import CELEBA, Classifier, auroc, fit, learn, read_classifier, read_labels

ANSWERS = st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=30)


@given(answers=ANSWERS)
def test_area_is_the_share_of_pairs_in_order(answers):
    scores, labels = (torch.tensor(column) for column in zip(*answers, strict=True))
    pairs = [(a > b) + (a == b) / 2 for a, yes in answers if yes for b, no in answers if not no]
    if not pairs:
        assert math.isnan(auroc(scores, labels))
        return
    assert auroc(scores, labels) == pytest.approx(sum(pairs) / len(pairs), abs=1e-12)
    first, second = scores[labels].numpy(), scores[~labels].numpy()
    assert auroc(scores, labels) == pytest.approx(mannwhitneyu(first, second).statistic / (len(first) * len(second)))


def test_area_in_closed_form():
    """Two normal distributions at a distance d apart: the area is Phi(d / sqrt 2)."""
    scores = torch.cat([torch.randn(20_000, generator=torch.Generator().manual_seed(0)) + d for d in (0.0, 1.0)])
    labels = torch.arange(40_000) >= 20_000
    assert auroc(scores, labels) == pytest.approx(0.5 * (1 + math.erf(1 / 2)), abs=0.01)
    assert auroc(labels.float(), labels) == 1
    assert auroc(-labels.float(), labels) == 0


@pytest.fixture
def codes():
    random = torch.Generator().manual_seed(1)
    codes = torch.randn(80, 5, generator=random) * torch.tensor([1, 2, 0.1, 3, 1]) + 4
    lines = torch.tensor([[1.0, 0, 8, 0, 0], [0, -0.5, 0, 0.2, 0]])
    labels = (codes - 4) @ lines.T + torch.randn(80, 2, generator=random) > 0
    return codes, labels


def test_logistic_regression_is_at_its_minimum(codes):
    codes, labels = codes
    classifier = fit(codes, labels, ("one", "two"), decay=0.05)
    normed = ((codes - codes.mean(0)) / codes.std(0)).double().numpy()
    for k in range(2):
        sign = np.where(labels[:, k].numpy(), 1.0, -1.0)

        def loss(w, sign=sign):
            return np.logaddexp(0, -sign * (normed @ w[:-1] + w[-1])).mean() + 0.025 * (w[:-1] ** 2).sum()

        best = minimize(loss, np.zeros(6), tol=1e-12).x
        np.testing.assert_allclose(classifier.weight[k].numpy(), best[:-1], atol=1e-4)
        assert float(classifier.bias[k]) == pytest.approx(best[-1], abs=1e-4)
    assert auroc(classifier.logits(codes)[:, 0], labels[:, 0]) > 0.8


def test_a_classifier_is_the_same_from_its_file(codes, tmp_path):
    codes, labels = codes
    classifier = fit(codes, labels, ("one", "two"))
    classifier.save(tmp_path / "mine.safetensors")
    again = read_classifier(tmp_path / "mine.safetensors")
    assert again.names == ("one", "two")
    assert torch.equal(again.logits(codes), classifier.logits(codes))
    assert torch.equal(again.direction("two"), classifier.direction(1))
    # One step of strength 1 raises the score by sqrt(512) times the length of the row.
    step = again.logits(codes[:1] + again.direction("one")) - again.logits(codes[:1])
    assert float(step[0, 0]) == pytest.approx(math.sqrt(512) * float(again.weight[0].norm()), rel=1e-4)


def test_public_classifiers_know_their_names(tmp_path):
    path = tmp_path / "last.ckpt"
    state = {"classifier.weight": torch.eye(40), "classifier.bias": torch.zeros(40)}
    torch.save({"state_dict": state}, path)
    with pytest.raises(RecipeError, match=r"reads codes of 40 .* write statistics = the latent\.pkl"):
        read_classifier(path)
    known = read_classifier(path, (torch.zeros(1, 40), torch.ones(1, 40)))
    assert known.names == CELEBA
    assert (CELEBA[31], CELEBA[39], len(set(CELEBA))) == ("Smiling", "Young", 40)
    assert int(known.direction("Smiling").argmax()) == 31
    with pytest.raises(RecipeError, match=r"holds no linear classifier: it needs ema_classifier\.weight"):
        read_classifier(path, average=True)


@pytest.mark.parametrize("attribute", ["Smile", 2, -1])
def test_an_unknown_attribute_is_refused(codes, attribute):
    with pytest.raises(RecipeError, match=r"no attribute .*: write a row, 0 to 1, or a name \(one, two\)"):
        fit(*codes, ("one", "two")).direction(attribute)


def test_learning_from_a_folder(tmp_path):
    """Bright pictures are told from dark ones; what nobody could see in them is not."""
    random = np.random.default_rng(0)
    lines = ["file,Bright,Even"]
    for i in range(60):
        bright = i % 2
        pixels = np.full((8, 8, 3), 60 + 130 * bright + random.integers(-40, 40), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
        lines.append(f"{i}.png,{bright},{1 if random.random() < 0.5 else -1}")
    (tmp_path / "labels.csv").write_text("\n".join(lines))

    def encode(images):
        return images.mean((2, 3)) + torch.tensor([0.0, 1.0, 2.0])

    classifier, area = learn(encode, (3, 8, 8), tmp_path / "labels.csv", apart=0.3)
    assert isinstance(classifier, Classifier)
    assert area["Bright"] == 1
    assert 0.1 < area["Even"] < 0.9
    assert classifier.names == ("Bright", "Even")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no such file"),
        ("file,Smiling", "a line for each image below it"),
        ("a.png,1\nb.png,2\n", r"labels.csv:2: expected a file and 1 times 1, 0 or -1, got b.png,2"),
        ("file,A,B\na.png,1\n", r"labels.csv:2: expected a file and 2 times"),
    ],
)
def test_labels_that_cannot_be_read(tmp_path, text, message):
    path = tmp_path / "labels.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(RecipeError, match=message):
        read_labels(path)


def test_too_few_images(tmp_path):
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "a.png")
    (tmp_path / "labels.csv").write_text("file,A\na.png,1\na.png,0\n")
    with pytest.raises(RecipeError, match="2 images are too few"):
        learn(lambda images: images.mean((2, 3)), (3, 8, 8), tmp_path / "labels.csv")

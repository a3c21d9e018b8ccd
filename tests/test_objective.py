"""The training objective against PyTorch's cross-entropy, and the learning rate against the paper's numbers."""

import pytest
import torch
from torch.nn import functional as F

from transformer_lite.objective import smooth_labels, translation_loss, warm_up

close = torch.testing.assert_close
VOCABULARY, PAD = 7, 2
TARGETS = torch.tensor([[3, 0, 6, PAD, PAD], [1, 4, 4, 5, PAD]])


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.6])
def test_labels_by_their_definition(smoothing):
    labels = smooth_labels(TARGETS, vocabulary=VOCABULARY, smoothing=smoothing, pad=PAD)
    assert labels.shape == (2, 5, VOCABULARY)
    for row, target in zip(labels.flatten(0, 1), TARGETS.flatten().tolist(), strict=True):
        if target == PAD:
            assert (row == 0).all()
            continue
        assert row.sum().item() == pytest.approx(1)
        assert row[PAD] == 0
        assert row[target].item() == pytest.approx(1 - smoothing)
        others = [i for i in range(VOCABULARY) if i not in (PAD, target)]
        close(row[others], torch.full((5,), smoothing / 5))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_loss_equals_pytorchs_cross_entropy_at_the_words(smoothing):
    logits = torch.randn(2, 5, VOCABULARY, requires_grad=True)
    loss = translation_loss(logits, TARGETS, smoothing=smoothing, pad=PAD)
    words = TARGETS != PAD
    labels = smooth_labels(TARGETS, vocabulary=VOCABULARY, smoothing=smoothing, pad=PAD)
    expected = F.cross_entropy(logits[words], labels[words])
    close(loss, expected)
    close(torch.autograd.grad(loss, logits), torch.autograd.grad(expected, logits))
    if smoothing == 0:
        close(loss, F.cross_entropy(logits.flatten(0, 1), TARGETS.flatten(), ignore_index=PAD))


def test_padding_has_no_gradient_and_changes_no_loss():
    logits = torch.randn(2, 5, VOCABULARY, requires_grad=True)
    loss = translation_loss(logits, TARGETS, pad=PAD)
    [gradient] = torch.autograd.grad(loss, logits)
    assert (gradient[TARGETS == PAD] == 0).all()
    assert (gradient[TARGETS != PAD] != 0).any()
    longer = F.pad(logits, (0, 0, 0, 3), value=9.0), F.pad(TARGETS, (0, 3), value=PAD)
    close(translation_loss(*longer, pad=PAD), loss)


def test_no_words_lose_nothing():
    logits = torch.randn(2, 3, VOCABULARY, requires_grad=True)
    loss = translation_loss(logits, torch.zeros(2, 3).long())
    assert loss == 0
    loss.backward()
    assert (logits.grad == 0).all()
    assert translation_loss(torch.zeros(0, 3, 5), torch.zeros(0, 3).long()) == 0


def test_targets_that_cannot_be_read_have_their_loss_all_the_same():
    logits, targets = torch.randn(3, 5, VOCABULARY), torch.randint(0, VOCABULARY, (3, 5))
    loss = lambda *given: translation_loss(*given, pad=PAD)  # noqa: E731
    close(torch.func.vmap(loss)(logits, targets), torch.stack([*map(loss, logits, targets)]))
    found = torch.func.vmap(torch.func.grad(loss))(logits, targets)
    for i in range(3):
        one = logits[i].clone().requires_grad_()
        close(found[i], torch.autograd.grad(loss(one, targets[i]), one)[0])


def test_warm_up_has_the_papers_numbers():
    assert warm_up(1, d_model=512) == pytest.approx(1.746928e-7, rel=1e-6)
    assert warm_up(4000, d_model=512) == pytest.approx(6.98771e-4, rel=1e-6)
    rates = [warm_up(step, d_model=64, steps=10) for step in range(1, 31)]
    assert max(rates) == rates[9] == pytest.approx(64**-0.5 * 10**-0.5)
    assert rates[4] == pytest.approx(rates[9] / 2)
    assert rates[19] == pytest.approx(rates[9] / 2**0.5)


LOGITS = torch.zeros(2, 5, VOCABULARY)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: smooth_labels(TARGETS, vocabulary=2), "vocabulary = 2 with pad = 0"),
        (lambda: smooth_labels(TARGETS, vocabulary=7, pad=7), "vocabulary = 7 with pad = 7"),
        (lambda: smooth_labels(TARGETS, vocabulary=7, pad=-100), "pad is -100"),
        (
            lambda: smooth_labels(TARGETS, vocabulary=6),
            "targets run from 0 to 6, but the vocabulary holds 0 to 5",
        ),
        (lambda: smooth_labels(TARGETS - 1, vocabulary=7), "targets run from -1 to 5"),
        (lambda: smooth_labels(TARGETS.float(), vocabulary=7), "targets hold torch.float32"),
        (lambda: smooth_labels(TARGETS, vocabulary=7, smoothing=1.0), "smoothing is 1.0"),
        (lambda: translation_loss(LOGITS[:, 1:], TARGETS), "logits have shape (2, 4, 7) and targets (2, 5)"),
        (lambda: translation_loss(LOGITS, TARGETS, smoothing=-0.1), "smoothing is -0.1"),
        (lambda: warm_up(0, d_model=4), "step is 0"),
        (lambda: warm_up(1, d_model=4, steps=0), "steps is 0"),
        (lambda: warm_up(1, d_model=0), "d_model is 0"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(call, sentence):
    with pytest.raises(ValueError) as caught:
        call()
    assert sentence in str(caught.value)

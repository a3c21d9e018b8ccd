"""Searches against exhaustive ones, against Hugging Face's, and against themselves without a cache."""

import itertools
import math

import pytest
import torch

from tests.devices import generator
from tests.test_transformer import gpt2, marian
from transformer_lite.decoding import beam_search, greedy, length_penalty, sample, stream
from transformer_lite.sampling import chances
from transformer_lite.transformer import LanguageModel, Transformer

close = torch.testing.assert_close
END = 2


def table(seed, vocabulary, context=3):
    """A model that looks at the last few tokens: its scores are drawn at random and never change."""

    def step(ids, cache):
        rows = []
        for row in ids.tolist():
            drawn = generator(hash((seed, *row[-context:])) % 2**31)
            rows.append(torch.randn(vocabulary, generator=drawn) * 2)
        return torch.stack(rows)

    return step


def exhaustive(step, start, vocabulary, max_new, end, alpha):
    """Every sentence that can be said, with its score, best first."""
    found = []

    def extend(ids, total):
        new = len(ids) - len(start)
        if new and (ids[-1] == end or new == max_new):
            found.append((total / length_penalty(new, alpha=alpha), ids))
            return
        chances = step(torch.tensor([ids]), None)[0].log_softmax(-1).tolist()
        for token in range(vocabulary):
            extend([*ids, token], total + chances[token])

    extend(list(start), 0.0)
    return sorted(found, reverse=True)


@pytest.mark.parametrize(("seed", "alpha"), list(itertools.product(range(4), [0.0, 0.6, 2.0, -1.0])))
def test_enough_beams_find_the_best_of_all_sentences(seed, alpha):
    step, start = table(seed, 4), torch.tensor([[1], [3]])
    found = beam_search(step, start, beams=4**4, max_new=4, end=END, alpha=alpha)
    for b in range(2):
        expected = exhaustive(step, start[b].tolist(), 4, 4, END, alpha)
        close(found.scores[b, : len(expected)], torch.tensor([score for score, _ in expected]))
        assert (found.scores[b, len(expected) :] == -torch.inf).all()
        for row, (_, ids) in list(zip(found.ids[b].tolist(), expected, strict=False))[:5]:
            assert row == ids + [0] * (5 - len(ids))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("end", [END, None])
def test_one_beam_is_greedy(seed, end):
    step, start = table(seed, 5), torch.tensor([[1, 4], [3, 3], [0, 1]])
    one, ids = beam_search(step, start, beams=1, max_new=9, end=end), greedy(step, start, max_new=9, end=end)
    assert torch.equal(one.ids[:, 0, : ids.shape[1]], ids)
    total = [
        sum(step(row[None, :t], None)[0].log_softmax(-1)[row[t]] for t in range(2, length(row, end)))
        for row in ids
    ]
    close(one.scores[:, 0], torch.stack(total))


def length(row, end):
    new = row[2:].tolist()
    return 2 + (new.index(end) + 1 if end in new else len(new))


def test_greedy_takes_the_most_likely_token_until_the_end():
    def step(ids, cache):
        scores = torch.zeros(len(ids), 6)
        for r, row in enumerate(ids.tolist()):
            scores[r, {1: 4, 4: 5, 5: END, 3: END}.get(row[-1], 1)] = 1
        return scores

    start = torch.tensor([[1], [3], [4]])
    ids = greedy(step, start, max_new=9, end=END, pad=0)
    assert ids.tolist() == [[1, 4, 5, END], [3, END, 0, 0], [4, 5, END, 0]]
    assert greedy(step, start, max_new=2, end=END, pad=0).tolist() == [[1, 4, 5], [3, END, 0], [4, 5, END]]
    assert greedy(step, start, max_new=4, end=None)[1].tolist() == [3, END, 1, 4, 5]


def test_a_stream_hands_out_each_token_before_the_next_is_computed():
    asked = []

    def step(ids, cache):
        asked.append(ids.tolist())
        return table(0, 5)(ids, cache)

    tokens = stream(step, START, max_new=4)
    assert asked == []
    for said in range(1, 5):
        token = next(tokens)
        assert len(asked) == said
        assert token.shape == (2,)
        assert token.dtype == START.dtype
        assert not torch.is_inference_mode_enabled()  # the caller goes on as before
        torch.nn.functional.embedding(token, torch.ones(5, 2, requires_grad=True)).sum().backward()
    assert next(tokens, None) is None
    whole = greedy(table(0, 5), START, max_new=4)
    assert asked == [whole[:, :length].tolist() for length in range(1, 5)]


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_a_stream_ends_when_all_rows_have(dtype):
    for seed in range(8):
        start = torch.tensor([[1, 4], [3, 3], [0, 1]], dtype=dtype)
        tokens = torch.stack([*stream(table(seed, 5), start, max_new=9, end=END)], dim=1)
        whole = greedy(table(seed, 5), start, max_new=9, end=END)
        assert whole.dtype == tokens.dtype == dtype
        assert torch.equal(whole, torch.cat([start, tokens], dim=1))
        assert tokens.shape[1] == max(length(row, END) - 2 for row in whole)


def test_a_stream_says_what_is_chosen():
    least = stream(table(1, 5), START, max_new=6, choose=lambda scores: scores.argmin(dim=-1))
    opposite = greedy(lambda ids, cache: -table(1, 5)(ids, cache), START, max_new=6)
    assert torch.equal(torch.stack([*least], dim=1), opposite[:, 1:])


@pytest.mark.parametrize("options", [{"temperature": 1e-6}, {"top_k": 1}, {"top_p": 1e-6}])
def test_sampling_without_chance_is_greedy(options):
    for seed in range(8):
        step, start = table(seed, 5), torch.tensor([[1, 4], [3, 3], [0, 1]])
        expected = greedy(step, start, max_new=9, end=END)
        assert torch.equal(sample(step, start, max_new=9, end=END, **options), expected)


@pytest.mark.parametrize("options", [{}, {"temperature": 2.0}, {"top_k": 2}, {"top_p": 0.7}])
def test_sentences_come_as_often_as_their_tokens_chances_say(options):
    """Pearson's test on all sentences of up to three tokens."""
    step, times = table(4, 3, context=2), 20_000
    said = sample(
        remembered(step), torch.ones(times, 1).long(), max_new=3, end=END, generator=generator(3), **options
    )
    expected = {}

    def extend(ids, chance):
        if ids[-1] == END or len(ids) == 4:
            expected[(*ids, *[0] * (4 - len(ids)))] = chance
            return
        for token, share in enumerate(chances(step(torch.tensor([ids]), None)[0], **options).tolist()):
            if share:
                extend([*ids, token], chance * share)

    extend([1], 1.0)
    rows, counts = said.unique(dim=0, return_counts=True)
    found = dict(zip(map(tuple, rows.tolist()), counts.tolist(), strict=True))
    assert set(found) <= set(expected)
    deviation = sum((found.get(ids, 0) - times * p) ** 2 / (times * p) for ids, p in expected.items())
    freedom = torch.tensor((len(expected) - 1) / 2)
    assert torch.special.gammaincc(freedom, torch.tensor(deviation / 2)) > 0.01


def remembered(step):
    """The same model, asked once for each different row."""

    def quick(ids, cache):
        rows, which = ids.unique(dim=0, return_inverse=True)
        return step(rows, None)[which]

    return quick


def test_the_length_penalty_changes_the_winner():
    """Ending at once has probability 0.4; the longer sentence 0.6 · 0.6, which a penalty brings ahead."""

    def step(ids, cache):
        chances = {1: [0.0, 0.0, 0.4, 0.6], 3: [0.0, 0.4, 0.6, 0.0]}
        return torch.tensor([chances.get(row[-1], [0.25] * 4) for row in ids.tolist()]).log()

    start = torch.tensor([[1]])
    short = beam_search(step, start, beams=3, max_new=4, end=END)
    assert short.ids[0, 0].tolist()[:3] == [1, END, 0]
    assert short.scores[0, 0].item() == pytest.approx(math.log(0.4))
    long = beam_search(step, start, beams=3, max_new=4, end=END, alpha=1.0)
    assert long.ids[0, 0].tolist()[:3] == [1, 3, END]
    assert long.scores[0, 0].item() == pytest.approx(math.log(0.36) * 6 / 7)


def test_length_penalty():
    assert length_penalty(1, alpha=0.6) == 1
    assert length_penalty(7, alpha=0.6) == pytest.approx(2**0.6)
    assert length_penalty(7, alpha=0) == 1


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_the_search_goes_on_after_the_first_ending(alpha):
    """The likeliest sentence ends third; stopping at the first ending, or at the best beam's, misses it."""
    for seed in range(20):
        step, start = table(seed, 4), torch.tensor([[1]])
        found = beam_search(step, start, beams=8, max_new=5, end=END, alpha=alpha)
        every = {tuple(ids): score for score, ids in exhaustive(step, [1], 4, 5, END, alpha)}
        assert (found.scores[0].diff() <= 1e-6).all()
        for ids, score in zip(found.ids[0].tolist(), found.scores[0].tolist(), strict=True):
            cut = next((i + 1 for i in range(1, len(ids)) if ids[i] == END), len(ids))
            assert all(token == 0 for token in ids[cut:])
            if cut == len(ids) or len(ids) == 6:
                ids = ids[:6]
            assert every[tuple(ids[:cut])] == pytest.approx(score, abs=1e-5)


@pytest.mark.parametrize("search", ["greedy", "beams"])
@pytest.mark.parametrize("seed", range(5))
def test_rows_are_independent(search, seed):
    step, start = table(seed, 6), torch.tensor([[1], [3], [5], [4]])

    def find(rows):
        if search == "greedy":
            return greedy(step, rows, max_new=7, end=END)[:, None]
        return beam_search(step, rows, beams=3, max_new=7, end=END, alpha=0.6).ids

    together = find(start)
    for b in range(4):
        alone = find(start[b : b + 1])[0]
        longest = alone.shape[-1]
        assert torch.equal(together[b, :, :longest], alone)
        assert (together[b, :, longest:] == 0).all()


def test_more_beams_than_words():
    found = beam_search(table(0, 2), torch.tensor([[1]]), beams=5, max_new=2, end=None)
    assert (found.scores[0] > -torch.inf).sum() == 4
    assert found.ids[0, :4, 1:].unique(dim=0).shape[0] == 4
    assert beam_search(table(0, 1), torch.tensor([[0]]), beams=2, max_new=3).ids[0, 0].tolist() == [
        0,
        0,
        0,
        0,
    ]


def test_no_starts_find_nothing():
    model = LanguageModel(vocabulary=5, d_model=6, layers=1, heads=2, d_ff=3)
    start = torch.zeros(0, 2).long()
    assert greedy(model.step, start, max_new=3).shape == (0, 5)
    assert sample(model.step, start, max_new=3).shape == (0, 5)
    assert beam_search(model.step, start, beams=2, max_new=3).ids.shape[:2] == (0, 2)


# --- dead ends ---


def guided(table):
    """A model that looks at the last token only, with these scores after each."""
    table = torch.tensor(table)
    return lambda ids, cache: table[ids[:, -1]]


NO = -math.inf
# After 2: token 1 is likelier, but nothing follows it; after token 0 comes 3, the end.
TRAP = guided([[NO, NO, NO, 0.0], [NO] * 4, [0.0, 1.0, NO, NO], [0.0] * 4])


@pytest.mark.parametrize("beams", [2, 3])
def test_a_beam_search_goes_round_a_dead_end(beams):
    found = beam_search(TRAP, torch.tensor([[2], [2]]), beams=beams, max_new=3, end=3, pad=9)
    for ids, scores in zip(found.ids, found.scores, strict=True):
        assert ids[0].tolist() == [2, 0, 3]
        assert scores[0].item() == pytest.approx(-math.log(1 + math.e))
        assert (scores[1:] == NO).all() and (ids[1:] == 9).all()


def test_a_beam_search_that_ends_nowhere_finds_nothing():
    found = beam_search(TRAP, torch.tensor([[1]]), beams=2, max_new=3, end=3, pad=9)
    assert (found.scores == NO).all() and (found.ids == 9).all()
    one = beam_search(TRAP, torch.tensor([[2], [0]]), beams=1, max_new=3, end=3)
    assert one.scores.flatten().tolist() == [NO, 0.0]


@pytest.mark.parametrize("seed", range(3))
def test_enough_beams_find_all_sentences_where_most_tokens_are_forbidden(seed):
    def step(ids, cache):
        scores = table(seed, 4)(ids, cache)
        return scores.masked_fill(scores < 0.5, NO)

    found = beam_search(step, torch.tensor([[1]]), beams=4**4, max_new=4, end=END)
    possible = sorted(
        (score for score, _ in exhaustive(step, [1], 4, 4, END, 0.0) if math.isfinite(score)), reverse=True
    )
    assert 0 < len(possible) < 60
    close(found.scores[0, : len(possible)], torch.tensor(possible))
    assert (found.scores[0, len(possible) :] == NO).all()


@pytest.mark.parametrize("say", [greedy, sample])
def test_a_row_ends_where_nothing_is_allowed(say):
    start = torch.tensor([[1], [0], [2]])
    likely = guided([[NO, NO, NO, 0.0], [NO] * 4, [NO, 1.0, NO, NO], [NO] * 4])
    assert say(likely, start, max_new=5, pad=9).tolist() == [[1, 9], [0, 3], [2, 1]]
    assert say(likely, start, max_new=5, end=3, pad=9).tolist() == [[1, 9], [0, 3], [2, 1]]
    assert torch.equal(say(likely, start[:1], max_new=5), start[:1])
    assert [*stream(likely, start[:1], max_new=5)] == []


def test_a_row_that_has_ended_may_score_as_it_likes():
    after_end = guided([[0.0, 0.0, 9.0, 1.0], [0.0, 9.0, 0.0, 0.0], [math.nan] * 4, [NO] * 4])
    start = torch.tensor([[0], [1]])
    assert greedy(after_end, start, max_new=3, end=2, pad=7).tolist() == [[0, 2, 7, 7], [1, 1, 1, 1]]
    assert sample(after_end, start, max_new=2, end=2, pad=7, top_k=1).tolist() == [[0, 2, 7], [1, 1, 1]]


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("where", [[0], [0, 1, 2, 3]])
def test_scores_that_are_no_numbers_never_win(value, where):
    wrong = torch.tensor([[1.0, 2.0, NO, 0.0]] * 4)
    wrong[3, where] = value
    step = guided(wrong.tolist())
    for search in (greedy, sample, lambda *given, **options: beam_search(*given, beams=2, **options)):
        with pytest.raises(ValueError, match=r"scores.* hold NaN or infinity"):
            search(step, torch.tensor([[1], [3]]), max_new=3)
    beam_search(step, torch.tensor([[1]]), beams=1, max_new=3)


@pytest.mark.parametrize("pad", [-1, 99])
def test_padding_need_not_be_a_token(pad):
    padded = 0
    for model, step, start in models():
        for cached in (False, True):
            found = [
                greedy(step, start, max_new=20, end=END, pad=p, cache=model.new_cache() if cached else None)
                for p in (0, pad)
            ]
            behind = (found[0] == END).cumsum(1) - (found[0] == END).long() > 0
            assert torch.equal(found[1], found[0].masked_fill(behind, pad))
            padded += int(behind.sum())
    assert padded > 0


def test_the_default_kind_of_numbers_changes_no_search():
    step, start = guided(torch.randn(5, 5).tolist()), torch.tensor([[1], [3]])
    expected = beam_search(step, start, beams=3, max_new=4, end=END)
    torch.set_default_dtype(torch.float64)
    try:
        found = beam_search(step, start, beams=3, max_new=4, end=END)
    finally:
        torch.set_default_dtype(torch.float32)
    assert found.scores.dtype == torch.float32
    assert torch.equal(found.ids, expected.ids)


# --- real models ---


def models():
    torch.manual_seed(3)
    translator, start = (
        Transformer(source_vocabulary=11, d_model=12, layers=2, heads=3, d_ff=7),
        torch.ones(3, 1).long(),
    )
    source = torch.randint(3, 11, (3, 6))
    source[1, 4:] = 0
    speaker = LanguageModel(
        vocabulary=11, d_model=12, layers=2, heads=3, d_ff=7, norm="pre", rotary=True, positions=None
    )
    for model in (translator, speaker):
        model.eval()
        with torch.no_grad():
            for p in model.parameters():
                p.mul_(3)
    return [
        (translator, translator.speaker(source), start),
        (speaker, speaker.step, torch.randint(3, 11, (3, 4))),
    ]


@pytest.mark.parametrize(("model", "step", "start"), models())
def test_the_cache_changes_nothing(model, step, start):
    plain = greedy(step, start, max_new=20, end=END)
    assert torch.equal(greedy(step, start, max_new=20, end=END, cache=model.new_cache()), plain)
    drawn = [
        sample(
            step,
            start,
            max_new=20,
            end=END,
            top_p=0.9,
            generator=generator(7),
            cache=cache,
        )
        for cache in (None, model.new_cache())
    ]
    assert torch.equal(*drawn)
    for alpha in (0.0, 0.6):
        searched = beam_search(step, start, beams=4, max_new=12, end=END, alpha=alpha)
        cached = beam_search(step, start, beams=4, max_new=12, end=END, alpha=alpha, cache=model.new_cache())
        assert torch.equal(cached.ids, searched.ids)
        close(cached.scores, searched.scores)


@pytest.mark.parametrize(("model", "step", "start"), models())
def test_the_cache_is_moved_with_the_beams(model, step, start):
    """Without moving it the result differs: the test above could fail."""
    still = model.new_cache()
    still.reorder = lambda rows: None
    right = beam_search(step, start, beams=4, max_new=12, cache=model.new_cache())
    wrong = beam_search(step, start, beams=4, max_new=12, cache=still)
    assert not torch.equal(right.ids, wrong.ids)


def until_end(ids, start):
    """Rows as lists without padding, for which Hugging Face's beam search takes the end token itself."""
    rows = [row[start:] for row in ids.tolist()]
    return [row[: row.index(END) + 1] if END in row else row for row in rows]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.filterwarnings("ignore")
def test_says_what_gpt2_says(seed):
    torch.manual_seed(seed)
    ours, theirs = gpt2()
    start = torch.randint(3, 13, (3, 4))
    options = {
        "attention_mask": torch.ones_like(start),
        "max_new_tokens": 30,
        "pad_token_id": 0,
        "eos_token_id": END,
    }
    expected = theirs.generate(start, do_sample=False, **options)
    ids = greedy(ours.step, start, max_new=30, end=END, cache=ours.new_cache())
    assert torch.equal(ids, expected)
    for beams in (2, 4):
        expected = theirs.generate(start, do_sample=False, num_beams=beams, length_penalty=0.0, **options)
        found = beam_search(ours.step, start, beams=beams, max_new=30, end=END, cache=ours.new_cache())
        assert until_end(found.ids[:, 0], 4) == until_end(expected, 4)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.filterwarnings("ignore")
def test_says_what_marian_says(seed):
    torch.manual_seed(seed)
    ours, theirs = marian()
    source, start = torch.randint(3, 13, (3, 7)), torch.ones(3, 1).long()
    source[1, 4:] = 0
    options = {"attention_mask": (source != 0).long(), "max_new_tokens": 30, "bad_words_ids": None}
    theirs.generation_config.bad_words_ids = None
    expected = theirs.generate(source, do_sample=False, num_beams=1, **options)
    ids = greedy(ours.speaker(source), start, max_new=30, end=END, cache=ours.new_cache())
    assert torch.equal(ids, expected)
    expected = theirs.generate(source, do_sample=False, num_beams=4, length_penalty=0.0, **options)
    found = beam_search(ours.speaker(source), start, beams=4, max_new=30, end=END, cache=ours.new_cache())
    assert until_end(found.ids[:, 0], 1) == until_end(expected, 1)


STEP, START = table(0, 5), torch.ones(2, 1).long()


def used():
    model = LanguageModel(vocabulary=5, d_model=6, layers=1, heads=2, d_ff=3)
    cache = model.new_cache()
    greedy(model.step, START, max_new=2, cache=cache)
    return cache


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: greedy(STEP, START[0], max_new=3), "start has shape (1)"),
        (lambda: greedy(STEP, START[:, :0], max_new=3), "start has shape (2, 0)"),
        (lambda: greedy(STEP, START.float(), max_new=3), "holds torch.float32"),
        (lambda: greedy(STEP, START, max_new=0), "max_new is 0"),
        (lambda: greedy(STEP, START, max_new=3, cache=used()), "the cache already holds 2 positions"),
        (
            lambda: stream(STEP, START[0], max_new=3),
            "start has shape (1)",
        ),  # at once, not with the first token
        (lambda: stream(STEP, START, max_new=3, cache=used()), "the cache already holds 2 positions"),
        (lambda: sample(STEP, START, max_new=0), "max_new is 0"),
        (lambda: sample(STEP, START, max_new=3, temperature=-1.0), "temperature is -1.0"),
        (lambda: sample(STEP, START, max_new=3, top_k=0), "top_k is 0"),
        (lambda: sample(STEP, START, max_new=3, top_p=2.0), "top_p is 2.0"),
        (lambda: beam_search(STEP, START[0], beams=2, max_new=3), "start has shape (1)"),
        (lambda: beam_search(STEP, START, beams=0, max_new=3), "beams is 0"),
        (lambda: beam_search(STEP, START, beams=2, max_new=-1), "max_new is -1"),
        (lambda: beam_search(STEP, START, beams=2, max_new=1, cache=used()), "the cache already holds"),
        (lambda: length_penalty(0, alpha=1.0), "length is 0"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(call, sentence):
    with pytest.raises(ValueError) as caught:
        call()
    assert sentence in str(caught.value)

"""Caches against what they hold, and against models that read everything again."""

import copy

import pytest
import torch

from transformer_lite.cache import DecoderCache, KeyValueCache
from transformer_lite.decoding import beam_search, greedy
from transformer_lite.transformer import LanguageModel, Transformer

close = torch.testing.assert_close
SIZES = {"d_model": 12, "layers": 2, "heads": 3, "d_ff": 7}


def speaker():
    return LanguageModel(vocabulary=11, **SIZES).eval()


def rows(batch, length, dtype=torch.float32):
    return torch.randn(batch, 2, length, 3, dtype=dtype)


def filled(batch=2, length=4, dtype=torch.float32):
    cache = KeyValueCache()
    cache.append(rows(batch, length, dtype), rows(batch, length, dtype))
    return cache


# --- in and out of inference mode ---


@pytest.mark.parametrize("search", ["greedy", "beams"])
def test_a_cache_that_a_search_has_filled_goes_on_outside(search):
    model, start, cache = speaker(), torch.randint(0, 11, (2, 3)), None
    cache = model.new_cache()
    if search == "greedy":
        ids = greedy(model.step, start, max_new=4, cache=cache)[:, :-1]  # the last is said, but not read
    else:
        start = start[:1]
        beam_search(model.step, start, beams=2, max_new=1, cache=cache)
        ids = start.expand(2, -1)
    assert len(cache) == ids.shape[1]
    more = torch.randint(0, 11, (2, 1))
    with torch.no_grad():
        for _ in range(20):  # beyond what was set aside
            scores = model.step(more, cache)
            ids = torch.cat([ids, more], dim=1)
            close(scores, model.step(ids, None))


def test_what_is_filled_in_one_mode_goes_on_in_the_other():
    for first, then in ((torch.inference_mode, torch.no_grad), (torch.no_grad, torch.inference_mode)):
        key, value = rows(2, 3), rows(2, 3)
        cache = KeyValueCache()
        with first():
            cache.append(key[:, :, :2].clone(), value[:, :, :2].clone())
        with then():
            cache.append(key[:, :, 2:], value[:, :, 2:])
            assert torch.equal(cache.key, key) and torch.equal(cache.value, value)


# --- one kind, one device ---


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_numbers_of_another_kind_are_not_cached(dtype):
    cache = filled()
    with pytest.raises(ValueError, match=f"key holds {dtype} on cpu, but the cache torch.float32 on cpu"):
        cache.append(rows(2, 1, dtype), rows(2, 1, dtype))
    assert len(cache) == 4


def test_numbers_on_another_device_are_not_cached():
    cache = filled()
    with pytest.raises(ValueError, match=r"on meta, but the cache torch\.float32 on cpu"):
        cache.append(rows(2, 1).to("meta"), rows(2, 1).to("meta"))
    with pytest.raises(ValueError, match="both must be of one kind"):
        KeyValueCache().append(rows(2, 1), rows(2, 1).double())
    with pytest.raises(ValueError, match="both must be of one kind"):
        KeyValueCache().append(rows(2, 1), rows(2, 1).to("meta"))


@pytest.mark.parametrize("first", [True, False])
def test_a_beginning_read_inside_autocast_does_not_go_on_outside(first):
    model, ids = speaker(), torch.randint(0, 11, (2, 3))
    cache = model.new_cache()
    with torch.no_grad():
        with torch.autocast("cpu", torch.bfloat16, enabled=first):
            model.step(ids, cache)
        with (
            torch.autocast("cpu", torch.bfloat16, enabled=not first),
            pytest.raises(ValueError, match="go on as it was begun, inside autocast or outside"),
        ):
            model.step(ids[:, :1], cache)


# --- copies ---


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_goes_on_by_itself(copied):
    cache, five, seven = filled(), torch.full((2, 2, 1, 3), 5.0), torch.full((2, 2, 1, 3), 7.0)
    before = cache.key.clone()
    twin = copied(cache)
    cache.append(five, five)
    twin.append(seven, seven)
    assert torch.equal(cache.key, torch.cat([before, five], dim=2))
    assert torch.equal(twin.key, torch.cat([before, seven], dim=2))
    assert torch.equal(cache.value[:, :, -1:], five) and torch.equal(twin.value[:, :, -1:], seven)
    assert len(copied(KeyValueCache())) == 0


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_beginning_is_read_once_and_continued_many_times(copied):
    model, beginning = speaker(), torch.randint(0, 11, (3, 5))
    read = model.new_cache()
    with torch.inference_mode():
        model.step(beginning, read)
    for more in (1, 3):
        ids = torch.cat([beginning, torch.randint(0, 11, (3, more))], dim=1)
        expected = greedy(model.step, ids, max_new=20)
        assert torch.equal(greedy(model.step, ids, max_new=20, cache=copied(read)), expected)
        searched = beam_search(model.step, ids, beams=3, max_new=6, end=2, alpha=0.6)
        cached = beam_search(model.step, ids, beams=3, max_new=6, end=2, alpha=0.6, cache=copied(read))
        assert torch.equal(cached.ids, searched.ids)
        close(cached.scores, searched.scores)
    assert len(read) == 5


def test_a_translators_beginning_too():
    model = Transformer(source_vocabulary=11, **SIZES).eval()
    source, start = torch.randint(1, 11, (3, 4)), torch.randint(1, 11, (3, 3))
    step, read = model.speaker(source), model.new_cache()
    with torch.no_grad():
        step(start[:, :2], read)
    assert torch.equal(greedy(step, start, max_new=9, cache=copy.copy(read)), greedy(step, start, max_new=9))
    searched = beam_search(step, start, beams=4, max_new=6)
    cached = beam_search(step, start, beams=4, max_new=6, cache=copy.copy(read))
    assert torch.equal(cached.ids, searched.ids)
    close(cached.scores, searched.scores)


# --- other rows go on ---


@torch.no_grad()
def test_rows_of_other_sentences_take_their_memory_with_them():
    model = Transformer(source_vocabulary=11, **SIZES).eval()
    source, target = torch.randint(1, 11, (3, 5)), torch.randint(1, 11, (3, 4))
    memory, mask = model.encode(source), model.source_mask(source)
    for chosen in ([2, 0, 1], [1], [0, 0, 2, 2], []):
        cache, rows = model.new_cache(), torch.tensor(chosen, dtype=torch.int64)
        model.decode(target[:, :3], memory, mask, cache=cache)
        cache.reorder(rows, memory=True)
        found = model.decode(target[rows, 3:], memory[rows], mask[rows], cache=cache)
        close(found, model.decode(target[rows], memory[rows], mask[rows])[:, 3:])


def test_another_number_of_rows_needs_its_memory():
    cache = DecoderCache(layers=1)
    for part in (cache.own[0], cache.memory[0]):
        part.append(rows(3, 2), rows(3, 2))
    with pytest.raises(ValueError, match="2 rows, but the memory of 3 is cached: with memory=True"):
        cache.reorder(torch.tensor([0, 1]))
    assert len(cache.own[0].key) == 3


def test_rows_may_come_as_any_whole_numbers_from_anywhere():
    for dtype in (torch.int32, torch.int64):
        cache = filled(batch=3)
        expected = cache.key[[2, 0]]
        cache.reorder(torch.tensor([2, 0], dtype=dtype))
        assert torch.equal(cache.key, expected)


def test_rows_whose_numbers_cannot_be_looked_at():
    cache = KeyValueCache()
    cache.append(rows(3, 2).to("meta"), rows(3, 2).to("meta"))
    cache.reorder(torch.zeros(5, dtype=torch.int64, device="meta"))
    assert cache.key.shape == (5, 2, 2, 3)

    key, value = rows(3, 2), rows(3, 2)

    def reordered(chosen):
        cache = KeyValueCache()
        cache.append(key, value)
        cache.reorder(chosen)
        return cache.key

    several = torch.tensor([[0, 2], [1, 1]])
    assert torch.equal(torch.func.vmap(reordered)(several), torch.stack([key[chosen] for chosen in several]))


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        (torch.tensor([0, 2]), r"rows are \[0, 2\], but must be a row of indices from 0 to 1"),
        (torch.tensor([-1]), r"rows are \[-1\]"),
        (torch.tensor([[0]]), r"rows have shape \(1, 1\)"),
        (torch.tensor([0.0]), "hold torch.float32, but must be a row of indices"),
    ],
)
def test_rows_that_are_no_indices_are_refused(chosen, sentence):
    with pytest.raises(ValueError, match=sentence):
        filled().reorder(chosen)

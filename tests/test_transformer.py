"""Whole models against PyTorch's and Hugging Face's, with the same weights."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.exporting import assert_graph_follows
from tests.weights import language_model_from, linears_from, randomised, stack_to_torch
from transformer_lite import masks
from transformer_lite.transformer import Decoder, Encoder, LanguageModel, Transformer

double = torch.float64
close = torch.testing.assert_close
SIZES = {"d_model": 15, "heads": 3, "d_ff": 11}
count = lambda module: sum(p.numel() for p in module.parameters())  # noqa: E731


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_stacks_equal_pytorchs(norm):
    encoder, decoder = (randomised(c(layers=2, **SIZES, norm=norm, eps=1e-3)) for c in (Encoder, Decoder))
    options = {
        "dropout": 0.0,
        "layer_norm_eps": 1e-3,
        "batch_first": True,
        "norm_first": norm == "pre",
        "dtype": double,
    }
    last = lambda: nn.LayerNorm(15, 1e-3, dtype=double) if norm == "pre" else None  # noqa: E731
    theirs = (
        nn.TransformerEncoder(
            nn.TransformerEncoderLayer(15, 3, 11, **options), 2, last(), enable_nested_tensor=False
        ),
        nn.TransformerDecoder(nn.TransformerDecoderLayer(15, 3, 11, **options), 2, last()),
    )
    stack_to_torch(encoder, theirs[0])
    stack_to_torch(decoder, theirs[1])
    source = torch.randn(2, 7, 15, dtype=double, requires_grad=True)
    target = torch.randn(2, 5, 15, dtype=double, requires_grad=True)
    mask = masks.padding([7, 4])
    output = decoder(target, encoder(source, mask), None, mask)
    expected = theirs[1](
        target,
        theirs[0](source, src_key_padding_mask=~mask[:, 0]),
        tgt_mask=~masks.causal(5),
        memory_key_padding_mask=~mask[:, 0],
    )
    close(output, expected)
    weights = torch.randn_like(output)
    close(
        torch.autograd.grad((output * weights).sum(), [source, target]),
        torch.autograd.grad((expected * weights).sum(), [source, target]),
    )
    close(encoder(source, causal=True), theirs[0](source, ~masks.causal(7)))
    bias = torch.randn(7, 7, dtype=double)
    close(encoder(source, bias=bias), theirs[0](source, bias))


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
def test_parameters_of_the_paper():
    base = {"layers": 6, "d_model": 512, "heads": 8, "d_ff": 2048}
    final = {**base, "norm": "pre"}
    with torch.device("meta"):
        assert count(Encoder(**base)) + count(Decoder(**base)) == 44_138_496
        assert count(Encoder(**final)) + count(Decoder(**final)) == 44_140_544 == count(nn.Transformer())


@pytest.mark.parametrize(
    ("change", "millions"),
    [
        ({}, 0.0),
        ({"layers": 2}, -29.43),
        ({"layers": 4}, -14.71),
        ({"layers": 8}, 14.71),
        ({"d_k": 16}, -7.09 * 2),  # the paper keeps d_v = 64, here values shrink with the keys
        ({"d_k": 32}, -4.725 * 2),
        ({"d_ff": 1024}, -12.60),
        ({"d_ff": 4096}, 25.19),
        ({"heads": 1}, 0.0),
        ({"heads": 4}, 0.0),
        ({"heads": 16}, 0.0),
        ({"heads": 32}, 0.0),
    ],
)
def test_parameters_of_the_papers_third_table(change, millions):
    with torch.device("meta"):
        model = Transformer(source_vocabulary=37_000, **change)
        assert count(model) - 63_082_496 == pytest.approx(1e6 * millions, abs=5_000)
    assert change or count(model) == 63_082_496


def test_one_vocabulary_is_one_matrix_and_two_are_two():
    sizes = {"d_model": 12, "layers": 1, "heads": 3, "d_ff": 7}
    one, two = (
        Transformer(source_vocabulary=11, **sizes),
        Transformer(source_vocabulary=11, target_vocabulary=13, **sizes),
    )
    assert count(two) - count(one) == 13 * 12
    assert one(torch.ones(2, 3).long(), torch.ones(2, 5).long()).shape == (2, 5, 11)
    assert two(torch.ones(2, 3).long(), torch.ones(2, 5).long()).shape == (2, 5, 13)


def small(norm="post", **options):
    options = {"d_model": 12, "layers": 2, "heads": 3, "d_ff": 7, "dropout": 0.0, "norm": norm} | options
    return randomised(Transformer(source_vocabulary=11, target_vocabulary=13, **options))


@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize("train", [True, False])
def test_padding_changes_no_word(norm, train):
    model = small(norm).train(train)
    source, target = torch.randint(1, 11, (2, 5)), torch.randint(1, 13, (2, 7))
    plain = model(source, target)
    longer = model(F.pad(source, (0, 3)), F.pad(target, (0, 2)))
    close(longer[:, :7], plain)
    close(model.encode(F.pad(source, (0, 3)))[:, :5], model.encode(source))
    short = source.clone()
    short[1, 3:] = 0
    close(model(short, target)[1:], model(source[1:, :3], target[1:]))


def test_a_source_of_nothing_but_padding_is_read_as_nothing():
    model = small()
    source, target = torch.zeros(2, 5).long(), torch.ones(2, 3).long()
    source[0] = 4
    output = model(source, target)
    assert output.isfinite().all()
    output[0].sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize("options", [{}, {"positions": "learned"}, {"positions": None, "rotary": True}])
def test_with_and_without_cache_all_at_once_and_step_by_step(norm, options):
    model = small(norm, **options).requires_grad_(False)
    source, target = torch.randint(0, 11, (2, 5)), torch.randint(0, 13, (2, 9))
    source[:, 0] = 3
    whole = model(source, target)
    memory, mask, cache = model.encode(source), model.source_mask(source), model.new_cache()
    parts = [
        model.decode(target[:, a:b], memory, mask, cache=cache) for a, b in ((0, 4), (4, 5), (5, 6), (6, 9))
    ]
    close(torch.cat(parts, dim=1), whole)
    assert len(cache) == cache.length == 9
    close(model.decode(target, memory, mask, last=True), whole[:, -1:])
    step = model.speaker(source)
    close(step(target, None), whole[:, -1])
    close(step(target.repeat_interleave(3, dim=0), None)[::3], whole[:, -1])


def test_later_words_are_hidden():
    model = small()
    source, target = torch.randint(1, 11, (2, 5)), torch.randint(1, 13, (2, 7))
    changed = target.clone()
    changed[:, 4:] = 1
    close(model(source, changed)[:, :4], model(source, target)[:, :4], rtol=0, atol=1e-13)


def test_positions_matter_and_are_those_asked_for():
    source, target = torch.randint(1, 11, (1, 5)), torch.randint(1, 13, (1, 3))
    shuffled = source[:, [4, 2, 0, 1, 3]]
    for positions in ("sinusoidal", "learned", None):
        model = small(positions=positions)
        assert torch.allclose(model(source, target), model(shuffled, target)) == (positions is None)
    assert small(positions="learned", max_length=9).source_positions.weight.shape == (9, 12)
    assert small(max_length=9).target_positions.table.shape == (9, 12)


def test_dropout_reaches_everything_and_only_training():
    model = Transformer(source_vocabulary=11, d_model=12, layers=2, heads=3, d_ff=7, dropout=0.9)
    rates = {m.p for m in model.modules() if isinstance(m, nn.Dropout)}
    rates |= {m.dropout for m in model.modules() if hasattr(m, "d_k")}
    assert rates == {0.9}
    source, target = torch.randint(1, 11, (1, 5)), torch.randint(1, 11, (1, 3))
    assert not torch.equal(model(source, target), model(source, target))
    model.eval()
    assert torch.equal(model(source, target), model(source, target))
    model.encoder, model.decoder = nn.Identity(), nn.Identity()
    lone = LanguageModel(vocabulary=5, d_model=6, layers=1, heads=2, d_ff=3, dropout=0.9)
    assert {m.p for m in lone.modules() if isinstance(m, nn.Dropout)} == {0.9}
    lone.stack = nn.Identity()
    assert lone.dropout.p == 0.9


def test_the_record_reaches_every_head():
    model = small()
    source, target, record = torch.randint(1, 11, (2, 5)), torch.randint(1, 13, (2, 7)), {}
    output = model(source, target, record=record)
    close(output, model(source, target))
    assert set(record) == {"encoder", "decoder"}
    assert set(record["encoder"]) == {"layer 0", "layer 1", "output"}
    assert record["encoder"]["layer 1"]["attention"]["weights"].shape == (2, 3, 5, 5)
    assert record["decoder"]["layer 0"]["cross_attention"]["weights"].shape == (2, 3, 7, 5)
    close(record["encoder"]["output"], model.encode(source))
    close(model.target_embedding.logits(record["decoder"]["output"]), output)
    alone, seen = LanguageModel(vocabulary=5, d_model=6, layers=2, heads=2, d_ff=3), {}
    alone(torch.ones(1, 3).long(), record=seen)
    assert seen["layer 1"]["attention"]["weights"].shape == (1, 2, 3, 3)


# --- Hugging Face ---


@torch.no_grad()
def gpt2():
    """A random GPT-2, and ours with its weights."""
    transformers = pytest.importorskip("transformers")
    sizes = {"n_embd": 20, "n_layer": 2, "n_head": 5, "n_inner": 17}
    config = transformers.GPT2Config(vocab_size=13, n_positions=64, initializer_range=0.5, **sizes)
    theirs = transformers.GPT2LMHeadModel(config).double().eval()
    for p in (p for p in theirs.parameters() if p.ndim == 1):
        p.normal_(1, 0.3)
    return language_model_from(theirs), theirs


@torch.no_grad()
def marian():
    """A random Marian translator (the architecture of the paper), and ours with its weights."""
    transformers = pytest.importorskip("transformers")
    config = transformers.MarianConfig(
        vocab_size=13,
        d_model=20,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=5,
        decoder_attention_heads=5,
        encoder_ffn_dim=17,
        decoder_ffn_dim=17,
        max_position_embeddings=64,
        scale_embedding=True,
        activation_function="relu",
        init_std=0.4,
        pad_token_id=0,
        eos_token_id=2,
        bos_token_id=None,
        decoder_start_token_id=1,
        forced_eos_token_id=None,
        dropout=0.0,
    )
    theirs = transformers.MarianMTModel(config).double().eval()
    for name, p in theirs.named_parameters():
        if p.ndim == 1:
            p.normal_(float("norm" in name and "weight" in name), 0.3)
    ours = Transformer(
        source_vocabulary=13,
        d_model=20,
        layers=2,
        heads=5,
        d_ff=17,
        dropout=0.0,
        positions="learned",
        max_length=64,
    ).double()
    ours.source_embedding.weight.copy_(theirs.model.shared.weight)
    ours.source_positions.weight.copy_(theirs.model.encoder.embed_positions.weight)
    ours.target_positions.weight.copy_(theirs.model.decoder.embed_positions.weight)
    for mine, other in ((ours.encoder, theirs.model.encoder), (ours.decoder, theirs.model.decoder)):
        for a, b in zip(mine.layers, other.layers, strict=True):
            pairs = [(a.attention, b.self_attn)]
            norms = [(a.norm_attention, b.self_attn_layer_norm), (a.norm_feed_forward, b.final_layer_norm)]
            if mine is ours.decoder:
                pairs.append((a.cross_attention, b.encoder_attn))
                norms.append((a.norm_cross_attention, b.encoder_attn_layer_norm))
            for x, y in pairs:
                linears_from(x.projection, y.q_proj, y.k_proj, y.v_proj)
                linears_from(x.output, y.out_proj)
            for x, y in norms:
                x.load_state_dict(y.state_dict())
            linears_from(a.feed_forward.inner, b.fc1)
            linears_from(a.feed_forward.outer, b.fc2)
    return ours.eval(), theirs


def test_equals_gpt2_in_scores_and_gradients():
    ours, theirs = gpt2()
    ids = torch.randint(0, 13, (3, 7))
    output, expected = ours(ids), theirs(ids).logits
    close(output, expected)
    weights = torch.randn_like(output)
    (output * weights).sum().backward()
    (expected * weights).sum().backward()
    close(ours.embedding.weight.grad, theirs.transformer.wte.weight.grad)
    close(ours.positions.weight.grad, theirs.transformer.wpe.weight.grad)


def test_equals_marian_in_scores_and_gradients():
    ours, theirs = marian()
    source, target = torch.randint(3, 13, (3, 7)), torch.randint(3, 13, (3, 5))
    source[1, 4:] = 0
    output = ours(source, target)
    expected = theirs(input_ids=source, attention_mask=(source != 0).long(), decoder_input_ids=target).logits
    close(output, expected)
    weights = torch.randn_like(output)
    (output * weights).sum().backward()
    (expected * weights).sum().backward()
    close(
        ours.encoder.layers[0].feed_forward.inner.weight.grad, theirs.model.encoder.layers[0].fc1.weight.grad
    )
    words = slice(1, None)  # Hugging Face gives the padding's embedding no gradient
    close(ours.source_embedding.weight.grad[words], theirs.model.shared.weight.grad[words])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("options", [{}, {"positions": None, "rotary": True, "norm": "pre"}])
def test_an_exported_translator_scores_the_same_for_every_length(options):
    model = small(**options, layers=1).float()
    inputs = [
        (torch.randint(1, 11, (2, s)), torch.randint(1, 13, (2, t)))
        for s, t in ((5, 4), (1, 1), (5, 4), (20, 1), (2, 30))
    ]
    for source, _ in inputs[1:]:
        source[1, 1:] = 0
    any_length = {1: torch.export.Dim.DYNAMIC}
    assert_graph_follows({"translator": model}, inputs, dynamic_shapes=(any_length, any_length))


@pytest.mark.filterwarnings("ignore")
def test_an_exported_step_goes_on_from_a_cache_of_any_length():
    sizes = {"vocabulary": 11, "d_model": 12, "layers": 1, "heads": 3, "d_ff": 7}
    models = {
        str(options): randomised(LanguageModel(**sizes, **options)).float().requires_grad_(False)
        for options in ({}, {"positions": None, "rotary": True}, {"positions": "learned"})
    }

    def step_of(model):
        def step(ids, key, value):
            cache = model.new_cache()
            cache.own[0].append(key, value)
            scores = model.step(ids, cache)
            return scores, cache.own[0].key, cache.own[0].value

        return step

    inputs = [
        (torch.randint(0, 11, (2, 1)), torch.randn(2, 3, length, 4), torch.randn(2, 3, length, 4))
        for length in (5, 1, 2, 7, 8, 16, 40)  # where memory is set aside in advance, 16 are the least
    ]
    any_length = {2: torch.export.Dim.DYNAMIC}
    assert_graph_follows(
        {name: step_of(model) for name, model in models.items()},
        inputs,
        dynamic_shapes=({}, any_length, any_length),
    )


IDS = torch.ones(2, 3).long()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Encoder(layers=0, **SIZES), "layers is 0"),
        (lambda: Decoder(layers=-1, **SIZES), "layers is -1"),
        (lambda: Transformer(source_vocabulary=0), "vocabulary is 0"),
        (lambda: Transformer(source_vocabulary=5, target_vocabulary=-2), "vocabulary is -2"),
        (lambda: Transformer(source_vocabulary=5, heads=7), "heads = 7 does not divide d_model = 512"),
        (lambda: Transformer(source_vocabulary=5, positions="none"), "positions is 'none', but must be"),
        (lambda: LanguageModel(vocabulary=5, **SIZES, layers=0), "layers is 0"),
        (lambda: LanguageModel(vocabulary=5, **SIZES, layers=1, norm="in"), "norm is 'in'"),
        (lambda: LanguageModel(vocabulary=5, **SIZES, layers=1)(IDS + 4), "ids run from 5 to 5"),
        (lambda: small()(IDS[0], IDS), "ids have shape (3)"),
        (lambda: small()(IDS, IDS[0]), "ids have shape (3)"),
        (lambda: small()(IDS + 10, IDS), "ids run from 11 to 11, but the vocabulary holds 0 to 10"),
        (lambda: small()(IDS, IDS + 12), "ids run from 13 to 13, but the vocabulary holds 0 to 12"),
        (lambda: small()(IDS, IDS[:1].repeat(3, 1)), "query (3, 3, 3, 4), key (2, 3, 3, 4)"),
        (lambda: small(positions="learned", max_length=2)(IDS, IDS), "positions 0 to 2 are asked for"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(call, sentence):
    with pytest.raises(ValueError) as caught:
        call()
    assert sentence in str(caught.value)


def test_no_sentences_give_no_scores():
    assert small()(torch.zeros(0, 3).long(), torch.zeros(0, 5).long()).shape == (0, 5, 13)

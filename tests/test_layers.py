"""Layers against PyTorch's, with the same weights."""

import math

import pytest
import torch
from torch import nn
from torch._subclasses import FakeTensorMode
from torch.nn import functional as F

from tests.weights import layer_to_torch, randomised
from transformer_lite import _check, masks
from transformer_lite.layers import DecoderLayer, EncoderLayer, FeedForward, TokenEmbedding

double = torch.float64
close = torch.testing.assert_close
SIZES = {"d_model": 15, "heads": 3, "d_ff": 11}


def gradients(output, *inputs):
    torch.manual_seed(1)
    return torch.autograd.grad((output * torch.randn_like(output)).sum(), inputs)


@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize("activation", [F.relu, F.gelu])
def test_encoder_layer_equals_pytorchs(norm, activation):
    ours = randomised(EncoderLayer(**SIZES, norm=norm, activation=activation, eps=1e-3))
    theirs = nn.TransformerEncoderLayer(
        15, 3, 11, 0.0, activation, 1e-3, batch_first=True, norm_first=norm == "pre", dtype=double
    )
    layer_to_torch(ours, theirs)
    x, mask = torch.randn(2, 5, 15, dtype=double, requires_grad=True), masks.padding([5, 3])
    output, expected = ours(x, mask), theirs(x, src_key_padding_mask=~mask[:, 0])
    close(output, expected)
    close(
        gradients(output, x, *ours.attention.parameters()),
        gradients(expected, x, *theirs.self_attn.parameters()),
    )
    causal = nn.Transformer.generate_square_subsequent_mask(5, dtype=double)
    close(ours(x, causal=True), theirs(x, src_mask=causal))
    bias = torch.randn(5, 5, dtype=double)
    close(ours(x, bias=bias), theirs(x, src_mask=bias))


@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize("activation", [F.relu, F.gelu])
def test_decoder_layer_equals_pytorchs(norm, activation):
    ours = randomised(DecoderLayer(**SIZES, norm=norm, activation=activation, eps=1e-3))
    theirs = nn.TransformerDecoderLayer(
        15, 3, 11, 0.0, activation, 1e-3, batch_first=True, norm_first=norm == "pre", dtype=double
    )
    layer_to_torch(ours, theirs)
    x = torch.randn(2, 5, 15, dtype=double, requires_grad=True)
    memory = torch.randn(2, 7, 15, dtype=double, requires_grad=True)
    mask, memory_mask = masks.padding([5, 3]), masks.padding([4, 7])
    output = ours(x, memory, mask, memory_mask)
    expected = theirs(
        x,
        memory,
        tgt_mask=~masks.causal(5),
        tgt_key_padding_mask=~mask[:, 0],
        memory_key_padding_mask=~memory_mask[:, 0],
    )
    close(output, expected)
    close(gradients(output, x, memory), gradients(expected, x, memory))


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_the_record_is_the_residual_stream_step_by_step(norm):
    layer = randomised(DecoderLayer(**SIZES, norm=norm))
    x, memory, record = torch.randn(2, 5, 15, dtype=double), torch.randn(2, 7, 15, dtype=double), {}
    output = layer(x, memory, record=record)
    close(output, layer(x, memory))
    close(record["output"], output)
    assert record["attention"]["weights"].shape == (2, 3, 5, 5)
    assert record["cross_attention"]["weights"].shape == (2, 3, 5, 7)
    stream = record["after_cross_attention"]
    into = layer.norm_feed_forward(stream) if norm == "pre" else stream
    close(record["feed_forward"]["hidden"], F.relu(layer.feed_forward.inner(into)))
    added = layer.feed_forward(into)
    close(output, stream + added if norm == "pre" else layer.norm_feed_forward(stream + added))
    close(
        record["attention"]["query"],
        layer.attention._project(layer.norm_attention(x) if norm == "pre" else x, None, None)[0],
    )
    first = EncoderLayer(**SIZES, norm=norm).double()
    seen = {}
    close(first(x, record=seen), seen["output"])
    assert set(seen) == {"attention", "feed_forward", "after_attention", "output"}
    assert seen["attention"]["scores"].shape == (2, 3, 5, 5)


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_the_last_operation_tells_where_the_norm_stands(norm):
    x = torch.randn(2, 5, 15)
    for output in (
        EncoderLayer(**SIZES, norm=norm)(x),
        DecoderLayer(**SIZES, norm=norm)(x, torch.randn(2, 7, 15)),
    ):
        normalised = torch.allclose(output.var(-1, correction=0), torch.ones(2, 5), atol=1e-3)
        assert normalised == (norm == "post")


def test_layer_normalisation_of_a_lone_one_and_of_a_constant():
    """Biased variance, and eps under the root."""
    norm = EncoderLayer(d_model=4, heads=1, d_ff=1).norm_attention
    close(
        norm(torch.tensor([1.0, 0, 0, 0])), torch.tensor([3.0, -1, -1, -1]) / math.sqrt(3), atol=1e-4, rtol=0
    )
    assert (norm(torch.full((4,), 7.0)) == 0).all()


@pytest.mark.parametrize("layer", [EncoderLayer, DecoderLayer])
def test_dropout_reaches_every_part_and_only_training(layer):
    module = layer(**SIZES, dropout=0.9)
    rates = [m.p for m in module.modules() if isinstance(m, nn.Dropout)]
    rates += [m.dropout for m in module.modules() if hasattr(m, "heads")]
    assert len(rates) == (3 if layer is EncoderLayer else 4)
    assert set(rates) == {0.9}
    arguments = (torch.randn(2, 5, 15),) * (1 if layer is EncoderLayer else 2)
    module.train()
    assert not torch.equal(module(*arguments), module(*arguments))
    module.eval()
    assert torch.equal(module(*arguments), module(*arguments))
    plain = layer(**SIZES)
    assert torch.equal(plain.train()(*arguments), plain(*arguments))


def test_feed_forward_treats_positions_alike():
    network = FeedForward(d_model=5, d_ff=7)
    x, record = torch.randn(2, 3, 5), {}
    close(
        network(x, record=record),
        torch.relu(x @ network.inner.weight.T + network.inner.bias) @ network.outer.weight.T
        + network.outer.bias,
    )
    close(network(x)[1, 2], network(x[1, 2]))
    assert record["hidden"].shape == (2, 3, 7)
    assert not torch.equal(FeedForward(d_model=5, d_ff=7, dropout=0.5)(x), network(x))


def test_each_layer_learns_an_activation_of_its_own():
    bend = nn.PReLU()
    layers = [EncoderLayer(**SIZES, activation=bend), DecoderLayer(**SIZES, activation=bend)]
    bends = [layer.feed_forward.activation.weight for layer in layers]
    assert len({id(weight) for weight in [*bends, bend.weight]}) == 3
    x = torch.randn(2, 5, 15)
    with torch.no_grad():
        before = layers[0](x)
        bends[1].fill_(3.0)
        close(layers[0](x), before)
        bends[0].fill_(3.0)
        assert not torch.allclose(layers[0](x), before)


def test_ids_that_cannot_be_read_are_embedded_all_the_same():
    embedding = TokenEmbedding(vocabulary=7, d_model=4)
    ids = torch.randint(0, 7, (3, 2, 5))
    close(torch.func.vmap(embedding)(ids), torch.stack([embedding(rows) for rows in ids]))
    weights = {"weight": embedding.weight.detach()}

    def loss(weights, ids):
        return torch.func.functional_call(embedding, weights, (ids,)).sin().sum()

    found = torch.func.vmap(torch.func.grad(loss), (None, 0))(weights, ids)["weight"]
    for rows, gradient in zip(ids, found, strict=True):
        close(torch.autograd.grad(embedding(rows).sin().sum(), embedding.weight)[0], gradient)
    with FakeTensorMode():
        fake = TokenEmbedding(vocabulary=7, d_model=4)
        assert not _check.may_look(fake.weight)
        assert fake(torch.zeros(2, 5, dtype=torch.int64)).shape == (2, 5, 4)


def test_a_shared_embedding_is_stored_once(tmp_path):
    safetensors = pytest.importorskip("safetensors.torch")
    both = nn.ModuleDict({"source": TokenEmbedding(vocabulary=7, d_model=4)})
    both["target"] = both["source"]
    with pytest.raises(RuntimeError, match="share memory"):
        safetensors.save_file(both.state_dict(), tmp_path / "refused")
    safetensors.save_model(both, str(tmp_path / "kept"))
    kept = both["source"].weight.detach().clone()
    nn.init.zeros_(both["source"].weight)
    safetensors.load_model(both, str(tmp_path / "kept"))
    close(both["target"].weight, kept)


def test_embeddings_are_scaled_going_in_and_shared_coming_out():
    embedding = TokenEmbedding(vocabulary=7, d_model=400)
    ids = torch.tensor([[1, 6, 0]])
    close(embedding(ids), embedding.weight[ids] * 20)
    assert embedding(torch.arange(7)[None]).var().item() == pytest.approx(1, abs=0.1)
    x = torch.randn(2, 3, 400)
    close(embedding.logits(x), x @ embedding.weight.T)
    plain = TokenEmbedding(vocabulary=7, d_model=4, scaled=False)
    close(plain(ids), plain.weight[ids])
    assert [name for name, _ in embedding.named_parameters()] == ["weight"]


def test_the_papers_layers_have_the_papers_parameters():
    count = lambda layer: sum(p.numel() for p in layer.parameters())  # noqa: E731
    assert count(EncoderLayer(d_model=512, heads=8, d_ff=2048)) == 3_152_384
    assert count(DecoderLayer(d_model=512, heads=8, d_ff=2048)) == 4_204_032
    assert count(DecoderLayer(d_model=512, heads=8, d_ff=2048, norm="pre")) == 4_204_032


X = torch.randn(2, 5, 15)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: FeedForward(d_model=0, d_ff=3), "d_model is 0"),
        (lambda: FeedForward(d_model=3, d_ff=-1), "d_ff is -1"),
        (lambda: FeedForward(d_model=3, d_ff=1, dropout=1), "dropout is 1"),
        (lambda: EncoderLayer(**SIZES, norm="after"), 'norm is \'after\', but must be "pre" or "post"'),
        (lambda: DecoderLayer(**SIZES, norm="after"), "norm is 'after'"),
        (lambda: EncoderLayer(d_model=15, heads=4, d_ff=3), "heads = 4 does not divide d_model = 15"),
        (lambda: EncoderLayer(**SIZES)(X[0]), "x has shape (5, 15)"),
        (lambda: DecoderLayer(**SIZES)(X, X[..., :3]), "memory has shape (2, 5, 3)"),
        (lambda: EncoderLayer(**SIZES)(X, masks.causal(4)), "T = 5 queries"),
        (lambda: DecoderLayer(**SIZES)(X, X, None, masks.causal(4)), "T = 5 queries"),
        (lambda: EncoderLayer(d_model=15, heads=5, d_ff=2, rotary=True), "d_k = 3 is odd"),
        (lambda: DecoderLayer(d_model=15, heads=5, d_ff=2, rotary=True), "d_k = 3 is odd"),
        (lambda: TokenEmbedding(vocabulary=0, d_model=3), "vocabulary is 0"),
        (lambda: TokenEmbedding(vocabulary=3, d_model=0), "d_model is 0"),
        (lambda: TokenEmbedding(vocabulary=3, d_model=2)(torch.tensor([[3]])), "ids run from 3 to 3, but"),
        (lambda: TokenEmbedding(vocabulary=3, d_model=2)(torch.tensor([[-1, 2]])), "ids run from -1 to 2"),
        (lambda: TokenEmbedding(vocabulary=3, d_model=2)(torch.tensor([1])), "ids have shape (1)"),
        (lambda: TokenEmbedding(vocabulary=3, d_model=2)(torch.ones(1, 1)), "hold torch.float32"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(call, sentence):
    with pytest.raises(ValueError) as caught:
        call()
    assert sentence in str(caught.value)


def test_no_sentences_give_no_embeddings():
    assert TokenEmbedding(vocabulary=3, d_model=2)(torch.zeros(0, 4, dtype=torch.long)).shape == (0, 4, 2)
    assert EncoderLayer(**SIZES)(torch.zeros(0, 4, 15)).shape == (0, 4, 15)

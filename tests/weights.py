"""Copying weights between our modules and those of PyTorch and Hugging Face."""

import torch
from torch import nn

from transformer_lite.layers import DecoderLayer
from transformer_lite.transformer import LanguageModel


def randomised(module: nn.Module, std: float = 0.4) -> nn.Module:
    """The module in float64, with large random weights: errors show that small ones would hide."""
    with torch.no_grad():
        for p in module.parameters():
            p.normal_(std=std)
    return module.double()


@torch.no_grad()
def attention_to_torch(ours, theirs):
    theirs.in_proj_weight.copy_(ours.projection.weight)
    theirs.in_proj_bias.copy_(ours.projection.bias)
    theirs.out_proj.load_state_dict(ours.output.state_dict())


@torch.no_grad()
def layer_to_torch(ours, theirs):
    attention_to_torch(ours.attention, theirs.self_attn)
    norms = [ours.norm_attention, ours.norm_feed_forward]
    if isinstance(ours, DecoderLayer):
        attention_to_torch(ours.cross_attention, theirs.multihead_attn)
        norms.insert(1, ours.norm_cross_attention)
    theirs.linear1.load_state_dict(ours.feed_forward.inner.state_dict())
    theirs.linear2.load_state_dict(ours.feed_forward.outer.state_dict())
    for i, norm in enumerate(norms, start=1):
        getattr(theirs, f"norm{i}").load_state_dict(norm.state_dict())


@torch.no_grad()
def stack_to_torch(ours, theirs):
    for a, b in zip(ours.layers, theirs.layers, strict=True):
        layer_to_torch(a, b)
    if theirs.norm is not None:
        theirs.norm.load_state_dict(ours.last_norm.state_dict())


@torch.no_grad()
def linears_from(ours, *theirs):
    """One of our linear layers from several of Hugging Face's, one above the other."""
    ours.weight.copy_(torch.cat([layer.weight for layer in theirs]))
    ours.bias.copy_(torch.cat([layer.bias for layer in theirs]))


@torch.no_grad()
def language_model_from(theirs):
    """Ours with the sizes and weights of a GPT2LMHeadModel; it keeps its matrices transposed."""
    config, body = theirs.config, theirs.transformer
    ours = LanguageModel(
        vocabulary=config.vocab_size,
        d_model=config.n_embd,
        layers=config.n_layer,
        heads=config.n_head,
        d_ff=config.n_inner,
        positions="learned",
        max_length=config.n_positions,
        scaled=False,
        norm="pre",
        activation=nn.GELU(approximate="tanh"),
    ).to(theirs.dtype)
    ours.embedding.weight.copy_(body.wte.weight)
    ours.positions.weight.copy_(body.wpe.weight)
    ours.stack.last_norm.load_state_dict(body.ln_f.state_dict())
    for a, b in zip(ours.stack.layers, body.h, strict=True):
        a.norm_attention.load_state_dict(b.ln_1.state_dict())
        a.norm_feed_forward.load_state_dict(b.ln_2.state_dict())
        for mine, conv in (
            (a.attention.projection, b.attn.c_attn),
            (a.attention.output, b.attn.c_proj),
            (a.feed_forward.inner, b.mlp.c_fc),
            (a.feed_forward.outer, b.mlp.c_proj),
        ):
            mine.weight.copy_(conv.weight.T)
            mine.bias.copy_(conv.bias)
    return ours.eval()

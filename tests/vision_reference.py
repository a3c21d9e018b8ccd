"""Where Hugging Face keeps what our vision models call by other names."""

import re

import torch

LAYER = {
    "attention.projection": ["attention.q_proj", "attention.k_proj", "attention.v_proj"],
    "attention.output": ["attention.o_proj"],
    "feed_forward.inner": ["mlp.fc1"],
    "feed_forward.outer": ["mlp.fc2"],
    "norm_attention": ["layernorm_before"],
    "norm_feed_forward": ["layernorm_after"],
}
SWIN = {
    r"patches\.projection": "embeddings.patch_embeddings.projection",
    r"norm_patches": "embeddings.norm",
    r"stages\.(\d+)\.merge\.(norm|reduction)": lambda m: f"encoder.layers.{int(m[1]) - 1}.downsample.{m[2]}",
    r"stages\.(\d+)\.blocks\.(\d+)\.bias\.table": r"encoder.layers.\1.blocks.\2.attention."
    "relative_position_bias.relative_position_bias_table",
    r"stages\.(\d+)\.blocks\.(\d+)": r"encoder.layers.\1.blocks.\2",
    r"norm": "layernorm",
}
VIT = {
    r"patches\.projection": "embeddings.patch_embeddings.projection",
    r"class_token": "embeddings.cls_token",
    r"positions": "embeddings.position_embeddings",
    r"layers\.(\d+)": r"layers.\1",
    r"norm": "layernorm",
}


def places(name, models):
    """The names of the reference's tensors that make up the one we call ``name``."""
    for ours, theirs in models.items():
        if match := re.match(rf"{ours}(?=\.|$)", name):
            start = theirs(match) if callable(theirs) else match.expand(theirs)
            rest = name[match.end() :]
            for part, parts in LAYER.items():
                if rest.startswith(f".{part}."):
                    return [f"{start}.{place}{rest[len(part) + 1 :]}" for place in parts]
            return [start + rest]
    raise KeyError(name)


def gathered(name, like, tensors, models):
    """The reference's tensors for ``name``, put together to the shape of ``like``."""
    return torch.cat([tensors[place] for place in places(name, models)]).reshape(like.shape)


def copy_weights(ours, theirs, models):
    """Give our model the weights of theirs, all of them; what ours has beyond, its head, it keeps."""
    tensors = dict(theirs.named_parameters())
    left = set(tensors)
    with torch.no_grad():
        for name, parameter in ours.named_parameters():
            if not name.startswith("head."):
                parameter.copy_(gathered(name, parameter, tensors, models))
                left -= set(places(name, models))
    assert not left, f"not copied: {left}"


def assert_same_gradients(ours, theirs, models):
    """After both have been led back from the same loss."""
    gradients = {name: parameter.grad for name, parameter in theirs.named_parameters()}
    for name, parameter in ours.named_parameters():
        if not name.startswith("head."):
            expected = gathered(name, parameter, gradients, models)
            torch.testing.assert_close(
                parameter.grad, expected, msg=lambda text, name=name: f"{name}: {text}"
            )

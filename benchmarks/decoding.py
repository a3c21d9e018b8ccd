"""Greedy decoding beside Hugging Face's ``generate``, with the same weights and the same words said."""

from __future__ import annotations

import warnings

import torch

from benchmarks.timing import compare, table, verdict
from transformer_lite.decoding import greedy
from transformer_lite.transformer import LanguageModel, Transformer

VOCABULARY, D_MODEL, HEADS, D_FF = 1000, 256, 8, 1024


def language_models() -> tuple[LanguageModel, torch.nn.Module]:
    """A GPT-2 and ours with its weights."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=VOCABULARY, n_positions=512, n_embd=D_MODEL, n_layer=4, n_head=HEADS, n_inner=D_FF
    )
    theirs = GPT2LMHeadModel(config).eval()
    ours = LanguageModel(
        vocabulary=VOCABULARY,
        d_model=D_MODEL,
        layers=4,
        heads=HEADS,
        d_ff=D_FF,
        positions="learned",
        max_length=512,
        scaled=False,
        norm="pre",
        activation=torch.nn.GELU(approximate="tanh"),
    ).eval()
    body = theirs.transformer
    with torch.no_grad():
        for p in theirs.parameters():
            p.add_(torch.randn_like(p) * 0.05)
        ours.embedding.weight.copy_(body.wte.weight)
        ours.positions.weight.copy_(body.wpe.weight)
        ours.stack.last_norm.load_state_dict(body.ln_f.state_dict())
        for a, b in zip(ours.stack.layers, body.h, strict=True):
            a.norm_attention.load_state_dict(b.ln_1.state_dict())
            a.norm_feed_forward.load_state_dict(b.ln_2.state_dict())
            for mine, other in (
                (a.attention.projection, b.attn.c_attn),
                (a.attention.output, b.attn.c_proj),
                (a.feed_forward.inner, b.mlp.c_fc),
                (a.feed_forward.outer, b.mlp.c_proj),
            ):
                mine.weight.copy_(other.weight.T)
                mine.bias.copy_(other.bias)
    return ours, theirs


def translators() -> tuple[Transformer, torch.nn.Module]:
    """A BART, and ours of the same size; both have random weights."""
    from transformers import BartConfig, BartForConditionalGeneration

    sizes = {
        f"{part}_{name}": size
        for part in ("encoder", "decoder")
        for name, size in (("layers", 3), ("attention_heads", HEADS), ("ffn_dim", D_FF))
    }
    ids = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}
    config = BartConfig(vocab_size=VOCABULARY, d_model=D_MODEL, forced_eos_token_id=None, **sizes, **ids)
    ours = Transformer(source_vocabulary=VOCABULARY, d_model=D_MODEL, layers=3, heads=HEADS, d_ff=D_FF)
    return ours.eval(), BartForConditionalGeneration(config).eval()


def main() -> None:
    try:
        import transformers
    except ImportError:
        print("Skipped: Hugging Face transformers is not installed.")
        return
    transformers.logging.set_verbosity_error()
    warnings.simplefilter("ignore")
    gpt, theirs_gpt = language_models()
    bart, theirs_bart = translators()
    rows = []
    for threads in (1, torch.get_num_threads()):
        torch.set_num_threads(threads)
        for batch, new in ((1, 64), (8, 64), (8, 256)):
            start = torch.randint(3, VOCABULARY, (batch, 8))

            def theirs(cache: bool, start: torch.Tensor = start, new: int = new) -> torch.Tensor:
                return theirs_gpt.generate(
                    start,
                    attention_mask=torch.ones_like(start),
                    min_new_tokens=new,
                    max_new_tokens=new,
                    do_sample=False,
                    use_cache=cache,
                    eos_token_id=None,
                    pad_token_id=0,
                )

            def ours(start: torch.Tensor = start, new: int = new) -> torch.Tensor:
                return greedy(gpt.step, start, max_new=new, cache=gpt.new_cache())

            same = "equal" if torch.equal(ours(), theirs(True)) else "DIFFERENT"
            jobs = {"ours": ours, "cache": lambda theirs=theirs: theirs(True)}
            if batch * new <= 64:
                jobs["no cache"] = lambda theirs=theirs: theirs(False)
            measured = compare(jobs, rounds=3)
            slow = measured.ratio("no cache") if "no cache" in jobs else "–"
            bar = verdict(measured.ratio("cache"), 0.6)
            rows.append(["GPT-2", threads, batch, new, measured.milliseconds("ours"), slow, same, bar])
        for batch, new in ((1, 64), (16, 64)):
            source = torch.randint(3, VOCABULARY, (batch, 32))
            begin = torch.ones(batch, 1, dtype=torch.long)

            def theirs_translation(source: torch.Tensor = source, new: int = new) -> torch.Tensor:
                return theirs_bart.generate(
                    source, min_new_tokens=new, max_new_tokens=new, do_sample=False, num_beams=1
                )

            def translation(source: torch.Tensor = source, begin=begin, new: int = new) -> torch.Tensor:
                return greedy(bart.speaker(source), begin, max_new=new, cache=bart.new_cache())

            measured = compare({"ours": translation, "cache": theirs_translation}, rounds=3)
            bar = verdict(measured.ratio("cache"), 0.95)
            rows.append(["BART", threads, batch, new, measured.milliseconds("ours"), "–", "–", bar])
    print("Our time over that of Hugging Face's generate.\n")
    table(["model", "threads", "batch", "tokens", "ours, ms", "no cache", "words", "bar, with cache"], rows)


if __name__ == "__main__":
    main()

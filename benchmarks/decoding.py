"""Greedy decoding beside Hugging Face's ``generate``, with the same weights and the same words said."""

from __future__ import annotations

import warnings

import torch

from benchmarks import timing
from benchmarks.timing import compare, table, verdict
from tests.weights import language_model_from
from transformer_lite.decoding import greedy
from transformer_lite.transformer import LanguageModel, Transformer

VOCABULARY, HEADS = 1000, 8


def language_models(d_model: int) -> tuple[LanguageModel, torch.nn.Module]:
    """A GPT-2 and ours with its weights."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=VOCABULARY, n_positions=512, n_embd=d_model, n_layer=4, n_head=HEADS, n_inner=4 * d_model
    )
    theirs = GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        for p in theirs.parameters():
            p.add_(torch.randn_like(p) * 0.05)
    return language_model_from(theirs).to(timing.device), theirs.to(timing.device)


def translators(d_model: int) -> tuple[Transformer, torch.nn.Module]:
    """A BART, and ours of the same size; both have random weights."""
    from transformers import BartConfig, BartForConditionalGeneration

    sizes = {
        f"{part}_{name}": size
        for part in ("encoder", "decoder")
        for name, size in (("layers", 3), ("attention_heads", HEADS), ("ffn_dim", 4 * d_model))
    }
    ids = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}
    config = BartConfig(vocab_size=VOCABULARY, d_model=d_model, forced_eos_token_id=None, **sizes, **ids)
    ours = Transformer(source_vocabulary=VOCABULARY, d_model=d_model, layers=3, heads=HEADS, d_ff=4 * d_model)
    return ours.eval().to(timing.device), BartForConditionalGeneration(config).eval().to(timing.device)


def language(d_model: int, batch: int, new: int) -> list[object]:
    """A row of the table: words after words."""
    ours, theirs = language_models(d_model)
    start = torch.randint(3, VOCABULARY, (batch, 8), device=timing.device)
    options = {"min_new_tokens": new, "max_new_tokens": new, "eos_token_id": None, "pad_token_id": 0}
    options |= {"attention_mask": torch.ones_like(start), "do_sample": False}
    jobs = {
        "ours": lambda: greedy(ours.step, start, max_new=new, cache=ours.new_cache()),
        "cache": lambda: theirs.generate(start, **options),
    }
    same = "equal" if torch.equal(jobs["ours"](), jobs["cache"]()) else "DIFFERENT"
    if batch == 1:
        jobs["no cache"] = lambda: theirs.generate(start, use_cache=False, **options)
    measured = compare(jobs, rounds=5)
    slow = measured.ratio("no cache") if batch == 1 else "–"
    return [measured.milliseconds("ours"), slow, same, verdict(measured.ratio("cache"), 0.6)]


def translation(d_model: int, batch: int, new: int) -> list[object]:
    """A row of the table: words after words, about a source of 32."""
    ours, theirs = translators(d_model)
    source = torch.randint(3, VOCABULARY, (batch, 32), device=timing.device)
    start = torch.ones_like(source[:, :1])
    options = {"min_new_tokens": new, "max_new_tokens": new, "do_sample": False, "num_beams": 1}
    jobs = {
        "ours": lambda: greedy(ours.speaker(source), start, max_new=new, cache=ours.new_cache()),
        "cache": lambda: theirs.generate(source, **options),
    }
    measured = compare(jobs, rounds=5)
    return [measured.milliseconds("ours"), "–", "–", verdict(measured.ratio("cache"), 0.95)]


def main() -> None:
    try:
        import transformers
    except ImportError:
        print("Skipped: Hugging Face transformers is not installed.")
        return
    transformers.logging.set_verbosity_error()
    warnings.simplefilter("ignore")
    rows = []
    for threads in timing.threads():
        torch.set_num_threads(threads)
        for name, job, sizes in (
            ("GPT-2", language, [(128, 1, 64), (128, 8, 64), (256, 1, 64), (256, 8, 256)]),
            ("BART", translation, [(128, 1, 64), (128, 16, 64), (256, 1, 64), (256, 16, 64)]),
        ):
            rows += [[name, threads, *size, *job(*size)] for size in sizes]
    print("Our time over that of Hugging Face's generate.\n")
    header = [
        "model",
        "threads",
        "d_model",
        "batch",
        "tokens",
        "ours, ms",
        "no cache",
        "words",
        "bar, with cache",
    ]
    table(header, rows)


if __name__ == "__main__":
    main()

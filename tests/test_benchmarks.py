"""The benchmarks run where they are told, and wait for a device that answers before it has computed."""

import torch
from torch import nn

from benchmarks import __main__ as benchmarks
from benchmarks import gpu, timing


def test_the_run_for_a_graphics_card_runs_on_the_processor(capsys):
    gpu.main()
    said = capsys.readouterr().out
    answers = gpu.empty_rows()
    assert len(answers) == len(gpu.KERNELS) * len(gpu.KINDS)
    assert {cell for row in answers for cell in row[2:]} == {"exact", "not taken"}
    assert [row[2:] for row in answers if row[0] == "MATH"] == [["exact", "exact"]] * len(gpu.KINDS)
    for line in (
        "| attention, 2 × 8 × 16 | forward |",
        "| Swin, 32 px, batch 2 | forward, backward |",
        "| 4 beams |",
    ):
        assert line in said


def test_a_row_that_is_not_zero_is_noticed(monkeypatch):
    def mean(query, key, value, mask, bias=None):
        return gpu_attention(query, key, value, mask | ~mask.any(-1, keepdim=True), bias=bias)

    gpu_attention = gpu.attention
    monkeypatch.setattr(gpu, "attention", mean)
    assert gpu.answer(gpu.SDPBackend.MATH, torch.float32, "mask") == "NOT ZERO"


def test_jobs_compute_on_the_device_and_are_waited_for(monkeypatch):
    waited = []
    monkeypatch.setattr(timing, "device", torch.device("meta"))
    monkeypatch.setattr(torch.accelerator, "synchronize", waited.append)
    seen = []
    layer, x = nn.Linear(2, 3), torch.ones(4, 2, requires_grad=True)
    layer.register_forward_hook(lambda _, inputs, output: seen.append((inputs[0], output)))
    timing.compare(
        {"forward": timing.forward(layer, x), "training": timing.training(layer, x)}, rounds=2, seconds=0
    )
    assert {tensor.device.type for pair in seen for tensor in pair} == {"meta"}
    assert len(waited) == 2 * 2 + 2 * 2  # twice while set up, once in each round, for each job
    assert timing.threads() == [torch.get_num_threads()]


def test_a_run_without_names_takes_what_suits_the_device(monkeypatch):
    class Benchmark:
        def __init__(self, name):
            self.name = name

        def main(self):
            ran.append(self.name.removeprefix("benchmarks."))

    monkeypatch.setattr(timing, "device", timing.device)
    monkeypatch.setattr(benchmarks.importlib, "import_module", Benchmark)
    for device, left_out in (("cpu", "gpu"), ("meta", "site")):
        ran = []
        benchmarks.main(["--device", device])
        assert left_out not in ran
        assert {"attention", "decoding", "swin"} <= set(ran)
        assert timing.device.type == device

"""`pytest --device cuda` runs what asks something of a device, and says why it leaves out the rest."""

from types import SimpleNamespace

import pytest

from .devices import LEFT_OUT, TESTS, pytest_runtest_setup


def item(path, device):
    return SimpleNamespace(
        path=TESTS / path, config=SimpleNamespace(getoption=lambda name: {"device": device}[name])
    )


def test_what_asks_nothing_of_a_device_is_left_out_there():
    for name, reason in LEFT_OUT.items():
        assert (TESTS / name).exists()
        pytest_runtest_setup(item(f"{name}/test_x.py", "cpu"))
        with pytest.raises(pytest.skip.Exception, match=f"left out on cuda: it {reason}"):
            pytest_runtest_setup(item(f"{name}/test_x.py", "cuda"))


@pytest.mark.parametrize("path", ["test_attention.py", "transforms/test_table.py"])
def test_the_package_is_asked_there(path):
    pytest_runtest_setup(item(path, "cuda"))


def test_the_fixture_says_where(device, pytestconfig):
    assert str(device) == pytestconfig.getoption("device")

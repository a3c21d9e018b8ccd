"""`make address`, on a copy of the project's text files."""

import json
import os
import subprocess
import sys

import pytest

from .test_house import ADDRESS, ROOT

sys.path.insert(0, str(ROOT / "tools"))

import address

HOST = "https://github.com/"
# Put together here: this file stands in the copy, too.
OLD, OTHER = ADDRESS.removeprefix(HOST), "/".join(["some-body", "a.book_2"])


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("copy")
    subprocess.run(["git", "init", "-q", folder], check=True)
    for path in address.project_files(ROOT):
        content = path.read_bytes()
        if b"\0" not in content:
            target = folder / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    return folder


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def make(folder, given):
    return subprocess.run(
        ["make", "-s", "address", f"ADDRESS={given}"],
        cwd=folder,
        env=os.environ | {"PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_copy_gets_an_address_of_its_own_and_the_old_one_back(copy):
    before = contents(copy)
    named = {name for name, content in before.items() if OLD.encode() in content}
    assert {"_config.yml", "README.md", "CITATION.cff", "pyproject.toml", "book/index.ipynb"} <= named

    first = make(copy, HOST + OTHER)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == f"The book's address is {HOST}{OTHER}; {len(named)} files changed.\n"
    after = contents(copy)
    for name, content in after.items():
        assert OLD.encode() not in content, name
        assert content == before[name] or name in named
        assert content.count(OTHER.encode()) == before[name].count(OLD.encode()), name
    for path in copy.rglob("book/**/*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = next("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        assert f'transformer_lite[explore] @ git+{HOST}{OTHER}"' in code, path
    assert address.configured(copy) == HOST + OTHER

    # As the browser's line shows it, and as `git clone` wants it.
    for again in (HOST + OTHER, f"{HOST}{OTHER}/", f"{HOST}{OTHER}.git"):
        second = make(copy, again)
        assert second.stdout == f"The book's address is {HOST}{OTHER}; 0 files changed.\n"
        assert contents(copy) == after

    assert make(copy, ADDRESS).returncode == 0
    assert contents(copy) == before


@pytest.mark.parametrize(
    "given",
    [
        "",
        OTHER,
        f"http://github.com/{OTHER}",
        f"https://gitlab.com/{OTHER}",
        f"{HOST}some-body",
        f"{HOST}some-body/",
        f"{HOST}some--body/book",
        f"{HOST}some-body/..",
        f"{HOST}some-body/bücher",
        f"{HOST}some-body/my book",
        f"{HOST}{OTHER}/tree/main",
        f"{HOST}{OTHER}?tab=readme",
    ],
)
def test_a_bad_address_is_refused_with_a_sentence(given):
    with pytest.raises(ValueError, match=f"give it as in: make address ADDRESS={HOST}YOU/BOOK"):
        address.understood(given)


def test_a_bad_address_changes_nothing(copy):
    before = contents(copy)
    done = make(copy, "my book")
    assert done.returncode
    assert done.stderr.startswith("“my book” is not the address of a repository on GitHub; give it as in: ")
    assert done.stdout == ""
    assert contents(copy) == before


def test_a_longer_name_is_another_address(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    text = "github.com/{0}. /gh/{0}/main /github/{0}/blob {0} github.com/{0}-2 github.com/{0}.js github.com/{0}s\n"
    (tmp_path / "text").write_text(text.format("a/b"))
    (tmp_path / "picture").write_bytes(b"\0github.com/a/b")
    assert address.rename(tmp_path, f"{HOST}a/b", f"{HOST}c/d") == [tmp_path / "text"]
    wanted = "github.com/c/d. /gh/c/d/main /github/c/d/blob a/b github.com/a/b-2 github.com/a/b.js github.com/a/bs\n"
    assert (tmp_path / "text").read_text() == wanted

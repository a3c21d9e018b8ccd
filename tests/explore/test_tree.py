"""Trees: where their nodes stand, what their marks mean, and the same on the page as in Python."""

import re

import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from transformer_lite.explore import Axis, Tree
from transformer_lite.explore.figure import outputs
from transformer_lite.explore.text import number, say
from transformer_lite.explore.views.tree import GAP

from .test_front import VIEWS, numbers_of

WORDS = ["the", "cat", "猫", "<b>", "caterpillar"]


def random_tree(steps, places, seed, marks):
    """A tree some of whose nodes are missing, with no node that follows a missing one."""
    chance = torch.Generator().manual_seed(seed)
    draw = lambda high: torch.randint(high, (steps, places), generator=chance)  # noqa: E731
    parents, scores = draw(places), -4 * torch.rand(steps, places, generator=chance)
    scores[torch.rand(steps, places, generator=chance) < 0.25] = -torch.inf
    for step in range(1, steps):
        scores[step, scores[step - 1, parents[step]] == -torch.inf] = -torch.inf
    given = {"held": draw(3), "best": draw(2), "ended": (scores - 1).masked_fill(draw(3) > 0, -torch.inf)}
    return Tree(
        scores,
        tokens=draw(len(WORDS)),
        parents=parents,
        words=WORDS,
        title="Search",
        **{mark: given[mark] for mark in marks},
    )


trees = st.builds(
    random_tree,
    st.integers(1, 16),
    st.integers(1, 5),
    st.integers(0, 10**6),
    st.sets(st.sampled_from(["held", "best", "ended"])),
)


@given(tree=trees)
def test_each_node_has_a_place_of_its_own_and_no_branches_cross(tree):
    found = tree.nodes(tree.tensors())
    places = tree.tensors()[""].shape[1]
    assert {(node.step, node.place) for node in found} == {
        (step, place) for step, place in (tree.tensors()[""] > -torch.inf).nonzero().tolist()
    }
    assert len({(node.step, node.row) for node in found}) == len(found)
    assert all(0 <= node.row < places for node in found)
    for one in found:
        for other in found:
            if one.step == other.step and one.before and other.before and one.before.row < other.before.row:
                assert one.row < other.row
            if one.before:
                parent = tree.tensors()["parents"][one.step, one.place].item()
                assert (one.before.step, one.before.place) == (one.step - 1, parent)
    assert all(node.before for node in found if node.step)


def test_a_branch_runs_straight_where_there_is_room():
    scores = torch.tensor([[0.0, -torch.inf, -torch.inf], [-1, -2, -torch.inf], [-1, -torch.inf, -torch.inf]])
    parents = torch.tensor([[0, 0, 0], [0, 0, 0], [1, 0, 0]])
    tree = Tree(scores, tokens=torch.zeros(3, 3), parents=parents, words=["a"])
    assert [(node.step, node.row) for node in tree.nodes(tree.tensors())] == [(0, 1), (1, 1), (1, 2), (2, 2)]


@settings(max_examples=4, phases=[Phase.generate])
@given(made=st.lists(trees, min_size=25, max_size=25))
def test_the_page_says_tabulates_and_places_the_same_nodes(node, made):
    told = node(
        VIEWS
        + """return data.map(([view, outputs]) => {
          const numbers = read(outputs);
          const [rows, columns] = numbers.tree.shape;
          const names = [rows, columns].map((n) => Array.from({ length: n }, (_, i) => `${i}`));
          const { cell } = viewKind(view).table(view, partsOf(numbers, "tree"), names);
          let drawn;
          const sheet = { width: 1000, picture: (content) => { drawn = content; }, text() {} };
          viewKind(view).svg(sheet, null, view, partsOf(numbers, "tree"), {});
          const cells = names[0].map((_, row) => names[1].map((_, column) => cell(row, column)));
          return [summary({ tree: view }, numbers, {}, {}), drawn, cells];
        });""",
        [[tree.describe(), {n: numbers_of(t) for n, t in outputs({"tree": tree}).items()}] for tree in made],
    )
    for tree, (said, drawn, cells) in zip(made, told, strict=True):
        assert said == tree.summary([])
        still = tree.text([])
        assert re.findall(r' d="([^"]+)"', drawn) == ways(tree)
        for one in tree.nodes(tree.tensors()):
            parts = [f"{one.word} {number(one.score)}"]
            if one.before:
                parts.append(say("tree-after", word=one.before.word, place=one.before.place))
            parts += [say(f"tree-{mark}") for mark in ("tip", "dropped", "best") if getattr(one, mark)]
            if one.ended is not None:
                parts.append(say("tree-ended-at", score=number(one.ended)))
            assert cells[one.step][one.place] == ", ".join(parts)
            cells[one.step][one.place] = ""
        assert not any(any(row) for row in cells)
        assert still.count('<span class="tl-node') == len(tree.nodes(tree.tensors()))


def ways(tree):
    """The branches, node by node."""
    return [
        f"M{100 * n.step} {100 * n.before.row + 50}C{100 * n.step + GAP // 2} {100 * n.before.row + 50} "
        f"{100 * n.step + GAP // 2} {100 * n.row + 50} {100 * n.step + GAP} {100 * n.row + 50}"
        for n in tree.nodes(tree.tensors())
        if n.before
    ]


def test_a_tree_that_does_not_fit_is_refused_with_a_sentence():
    scores = torch.zeros(3, 2)
    with pytest.raises(
        ValueError, match=r"Tree: parents has the shape \(2, 3\), but the scores have \(3, 2\)"
    ):
        Tree(scores, tokens=scores, parents=scores.T, words=["a"])
    with pytest.raises(ValueError, match="Tree ended shows a tensor, got list"):
        Tree(scores, tokens=scores, parents=scores, ended=[1.0], words=["a"])


@pytest.mark.parametrize("token", [-1, 5])
def test_a_word_that_is_not_there_is_refused_with_a_sentence(token):
    scores = torch.zeros(1, 1)
    tree = Tree(scores, tokens=scores + token, parents=scores, words=WORDS, title="Search")
    with pytest.raises(ValueError, match=f"Tree: there is no word {token} among 5"):
        tree.summary([])


def test_a_tree_stands_by_itself_with_its_words_escaped():
    scores = torch.zeros(1, 1)
    tree = Tree(scores, tokens=scores, parents=scores, words=["<b>"], steps=Axis("step", ["first"]))
    shown = tree._repr_mimebundle_()
    assert shown["text/plain"] == "Tree: 1 nodes in 1 steps. Its ends: <b> (0)."
    assert "&lt;b&gt;" in shown["text/html"] and "<b><b>" not in shown["text/html"]


@pytest.mark.parametrize(("word", "wide"), [("猫", 3.6), ("图书馆里的人", 6.8), ("caterpillar", 7.62)])
def test_a_node_is_as_wide_as_the_longest_word_asks(word, wide):
    scores = torch.zeros(1, 1)
    assert Tree(scores, tokens=scores, parents=scores, words=["a", word]).wide == pytest.approx(wide)

"""Scenes and questions: what is right is what a patient reader finds out, piece by piece."""

import pytest
import torch

from transformer_lite.study import scenes as s


@pytest.fixture(scope="module")
def drawn():
    generator = torch.Generator().manual_seed(3)
    scenes = s.draw_scenes(3000, shift=0.3, generator=generator)
    # Some pieces are put on top of others.
    places = scenes.places.clone()
    places[::5, 1] = places[::5, 0]
    places[::7, 3] = places[::7, 2]
    scenes = s.Scenes(scenes.kinds, places)
    questions = s.draw_questions(scenes, generator=generator)
    return scenes, questions, s.wording(questions, generator=generator)


def pieces(scenes, i):
    """The pieces that are seen, as (colour, shape, column, row)."""
    on = {}
    for kind, place in zip(scenes.kinds[i].tolist(), scenes.places[i].round().long().tolist(), strict=True):
        if kind != s.NOTHING:
            on[tuple(place)] = s.KINDS[kind].split("-")  # a later one takes the cell
    return [(*kind, *place) for place, kind in on.items()]


def by_hand(sentence, found):
    """The answer to a question in English, by going through all pieces."""
    words = sentence.removesuffix("?").split()
    relation = next((word for word in words if word in s.RELATIONS), None)
    at = words.index(relation) if relation else len(words)

    def are(piece, named):
        hues = [word for word in named if word in s.COLOURS]
        forms = [word.removesuffix("s") for word in named if word.removesuffix("s") in s.SHAPES]
        return (not hues or piece[0] in hues) and (not forms or piece[1] in forms)

    def stands(piece, other):
        return {
            "left": piece[2] < other[2],
            "right": piece[2] > other[2],
            "above": piece[3] < other[3],
            "below": piece[3] > other[3],
        }[relation]

    ones = [piece for piece in found if are(piece, words[:at])]
    if relation:
        others = [piece for piece in found if are(piece, words[at:])]
        ones = [piece for piece in ones if any(stands(piece, other) for other in others)]
    if words[0] == "is":
        return "yes" if ones else "no"
    if words[0] == "how":
        return str(len(ones))
    values = {piece[0 if words[1] == "colour" else 1] for piece in ones}
    return "none" if not values else values.pop() if len(values) == 1 else "several"


def test_every_answer_is_what_going_through_the_pieces_gives(drawn):
    scenes, _, ids = drawn
    right = s.answers(ids, scenes)
    assert right.sum(-1).eq(1).all()
    said = set()
    for i, answer in enumerate(right.argmax(-1).tolist()):
        sentence = " ".join(s.WORDS[id_] for id_ in ids[i].tolist() if id_ != s.PAD)
        assert s.ANSWERS[answer] == by_hand(sentence, pieces(scenes, i)), sentence
        said.add(s.ANSWERS[answer])
    assert said == set(s.ANSWERS)


def test_padding_changes_no_answer(drawn):
    scenes, _, ids = drawn
    for i in range(50):
        one = s.Scenes(scenes.kinds[i : i + 1], scenes.places[i : i + 1])
        words = ids[i : i + 1, : int((ids[i] != s.PAD).sum())]
        assert s.answers(words, one).equal(s.answers(ids[i : i + 1], one))


def test_words_say_what_is_asked(drawn):
    _, questions, ids = drawn
    for i in range(300):
        words = [s.WORDS[id_] for id_ in ids[i].tolist() if id_ != s.PAD]
        beginning = {"is": 0, "how": 1, "what": 3}[words[0]]
        assert questions.ask[i] == (2 if "colour" in words else beginning)
        hues = [questions.colour[i], questions.other_colour[i]]
        assert [w for w in words if w in s.COLOURS] == [s.COLOURS[hue] for hue in hues if hue < 3]
        assert [w for w in words if w in s.RELATIONS] == [
            s.RELATIONS[r] for r in questions.relation[i : i + 1] if r < 4
        ]
    assert (ids != s.PAD).sum(-1).max() == s.LONGEST
    assert ids[0].dtype == torch.int64


def test_no_part_of_what_is_held_out_is_new(drawn):
    """Every kind in both roles, and every two of kind, relation and kind, occur in combinations that are trained on."""
    every = torch.cartesian_prod(*(torch.arange(n) for n in (1, 3, 3, 4, 3, 3))).unbind(1)
    out = s.held_out(s.Questions(*every)).view(9, 4, 9)
    assert out.sum() == 9 * 4
    assert not out.all(0).any()
    assert not out.all(1).any()
    assert not out.all(2).any()
    _, questions, _ = drawn
    assert not s.held_out(questions)[questions.relation == 4].any()


def test_a_picture_shows_each_piece_in_its_cell_and_nothing_elsewhere():
    scenes = s.draw_scenes(60, generator=torch.Generator().manual_seed(0))
    pictures = s.picture(scenes)
    assert pictures.shape == (60, 3, 32, 32)
    assert 0 <= pictures.min() <= pictures.max() <= 1
    cells = pictures.unfold(2, 8, 8).unfold(3, 8, 8)  # (60, 3, 4, 4, 8, 8)
    for i in range(60):
        there = {(x, y): (hue, form) for hue, form, x, y in pieces(scenes, i)}
        for x in range(4):
            for y in range(4):
                cell = cells[i, :, y, x]
                if (x, y) in there:
                    hue, form = there[x, y]
                    ink = s.INK[s.COLOURS.index(hue)]
                    assert torch.allclose(cell[:, 4, 4], ink)
                    inked = (cell - s.PAPER).abs().sum(0) / (ink - s.PAPER).abs().sum()
                    area = {"circle": 3.3**2 * torch.pi, "square": 5.6**2, "triangle": 5.7 * 5.7 / 1.875}[
                        form
                    ]
                    assert inked.sum().item() == pytest.approx(area, rel=0.08)
                else:
                    assert cell.eq(torch.tensor(s.PAPER)).all()


def test_a_later_piece_hides_an_earlier_one():
    scenes = s.Scenes(torch.tensor([[0, 4, 9, 9, 9, 9]]), torch.tensor([[[1.0, 2], [1, 2]] + 4 * [[1, 2]]]))
    assert s.seen(scenes).tolist() == [[False, True, False, False, False, False]]
    ids = torch.tensor([[s.WORDS.index(word) for word in ["how", "many", "shapes", "are", "there"]]])
    assert s.ANSWERS[s.answers(ids, scenes).argmax()] == "1"


def test_a_generator_decides_everything():
    def draw():
        generator = torch.Generator().manual_seed(7)
        scenes = s.draw_scenes(20, shift=0.1, generator=generator)
        questions = s.draw_questions(scenes, generator=generator)
        return *scenes, s.wording(questions, generator=generator)

    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    one, other = draw(), draw()
    assert torch.rand(1).equal(expected)
    assert all(a.equal(b) for a, b in zip(one, other, strict=True))

"""Files that come slowly, or only when they are asked for again, and what is said meanwhile; in Node."""

from transformer_lite.explore.text import say

# A server for `fetch`: what it is asked for is noted, and each answer gives its pieces when it is told to.
SERVER = """
const { bytesAt, parsed, progressOf, readAt } = await front("engine/files.mjs");
const asked = [];
globalThis.fetch = (url, { signal }) => new Promise((resolve, reject) => {
  signal.addEventListener("abort", () => reject(signal.reason));
  let pieces;
  const body = new ReadableStream({ start(controller) { pieces = controller; } });
  asked.push({
    url, signal,
    answer: (status = 200, headers = {}) => resolve(new Response(body, { status, headers })),
    fail: () => reject(new TypeError("no network")),
    give: (text) => pieces.enqueue(new TextEncoder().encode(text)), end: () => pieces.close(),
  });
});
let now = 0;
Object.defineProperty(performance, "now", { value: () => now });
const soon = () => new Promise((resolve) => setTimeout(resolve, 5));
"""


def test_bytes_are_counted_as_they_come(node):
    seen = node(
        SERVER
        + """
        const [one, other] = [readAt("a.json", 10, parsed), readAt("b.json", 30, parsed)];
        const come = () => { const { come, size, done } = progressOf([one, other]); return [come, size, done]; };
        const whole = Promise.all([one.get(), other.get(), one.get()]);
        const seen = [come()];
        asked[0].answer(); asked[1].answer();
        asked[0].give('{"a":'); await soon(); seen.push(come());
        asked[0].give('"é"'); asked[0].give("}"); asked[0].end(); asked[1].give("[1]"); asked[1].end();
        const [first, second] = await whole;
        return [...seen, come(), first, second, asked.map(({ url }) => url)];
        """
    )
    # A server that compresses, or a build of another day, may give other bytes than were expected: all came.
    assert seen == [[0, 40, False], [5, 40, False], [40, 40, True], {"a": "é"}, [1], ["a.json", "b.json"]]


def test_what_does_not_come_is_asked_for_again_under_another_address(node):
    seen = node(
        SERVER
        + """
        const file = readAt("a.json", 4, parsed);
        const whole = file.get();
        asked[0].answer(); asked[0].give("[1"); await soon();
        const before = file.come;
        file.again(); // which is too soon
        now = 2000; file.again(); file.again(); await soon();
        const after = [file.come, asked[0].signal.aborted];
        asked[1].answer(); asked[1].give("[22]"); asked[1].end();
        const got = await whole;
        now = 4000; file.again(); // which asks for nothing: it is here
        return { before, after, got, urls: asked.map(({ url }) => url), pending: file.pending };
        """
    )
    assert seen == {
        "before": 2,
        "after": [0, True],
        "got": [22],
        "urls": ["a.json", "a.json?again=1"],
        "pending": False,
    }


def test_what_failed_is_asked_for_again_when_it_is_wanted_again(node):
    seen = node(
        SERVER
        + """
        const file = readAt("sub/a.json", 4, parsed);
        const reasons = [];
        const note = ({ message }) => { reasons.push(message); };
        const first = file.get().catch(note);
        asked[0].fail(); await first;
        const second = file.get().catch(note);
        asked[1].answer(404); asked[1].end(); await second;
        now = 2000; file.again(); file.again();
        const third = file.get();
        asked[2].answer(); asked[2].give("true"); asked[2].end();
        return [reasons, await third, asked.map(({ url }) => url)];
        """
    )
    # Another address only where the reader has asked for another try.
    urls = ["sub/a.json", "sub/a.json", "sub/a.json?again=1"]
    assert seen == [["no network", "404 a.json"], True, urls]


def test_what_a_network_puts_in_the_place_of_a_file_counts_as_a_failure(node):
    seen = node(
        SERVER
        + """
        const reasons = [];
        const note = ({ name, message }) => { reasons.push(name === "Error" ? message : name); };
        const binary = bytesAt("sub/a.bin", 4);
        const described = readAt("sub/b.json", 4, parsed);
        const first = [binary.get().catch(note), described.get().catch(note)];
        asked[0].answer(200, { "content-type": "text/html; charset=utf-8" }); asked[0].give("<html>"); asked[0].end();
        asked[1].answer(); asked[1].give("blocked"); asked[1].end();
        await Promise.all(first);
        now = 2000; binary.again(); described.again();
        const second = [binary.get(), described.get()];
        asked[2].answer(); asked[2].give("four"); asked[2].end();
        asked[3].answer(); asked[3].give("true"); asked[3].end();
        const [bytes, value] = await Promise.all(second);
        return [reasons.sort(), new TextDecoder().decode(bytes), value, asked.map(({ url }) => url)];
        """
    )
    urls = ["sub/a.bin", "sub/b.json", "sub/a.bin?again=1", "sub/b.json?again=1"]
    assert seen == [["SyntaxError", "not a.bin"], "four", True, urls]


def test_a_wait_is_told_in_words(node):
    progress = [
        None,  # a notebook's kernel does not tell
        {"come": 3_140_000, "size": 12_780_000, "quiet": 9_999, "done": False},
        {"come": 3_140_000, "size": 12_780_000, "quiet": 10_000, "done": False},
        {"come": 12_780_000, "size": 12_780_000, "quiet": 60_000, "done": True},
        # More than was expected is never said.
        {"come": 13_000_000, "size": 12_780_000, "quiet": 0, "done": False},
    ]
    said = node(
        """const { wordsOfWait } = await front("loading.mjs");
        return data.map((progress) => Object.values(wordsOfWait("loading-figure", progress ?? undefined)));""",
        progress,
    )
    loading, amount = say("loading-figure"), say("loading-amount", come="3.1", size="12.8")
    assert said == [
        [loading, "", False],
        [loading, amount, False],
        [say("loading-stalled", seconds=10), amount, True],
        [say("loading-computes"), "", False],
        [loading, say("loading-amount", come="12.8", size="12.8"), False],
    ]


# A figure or an exercise, as far as a wait is told of in it.
PLACE = """
const { offerAgain, tellOfWait } = await front("loading.mjs");
const place = () => {
  const spoken = [];
  const status = { get textContent() { return spoken.at(-1) ?? ""; }, set textContent(text) { spoken.push(text); } };
  const parts = { "[role=status]": status, ".tl-amount": {}, ".tl-again": { hidden: true } };
  const inside = { querySelector: (part) => parts[part] };
  return { spoken, button: parts[".tl-again"], querySelector: (part) => parts[part] ?? inside };
};
const after = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
"""


def test_a_short_wait_is_not_told_and_a_long_one_is_spoken_of_once(node):
    short, long, failed = node(
        PLACE
        + """
        const engine = { progress: () => ({ come: 1, size: 2, quiet: 0, done: false }) };
        const [one, other, third] = [place(), place(), place()];
        const fails = after(10).then(() => { throw new Error("gone"); });
        const results = await Promise.all([
          tellOfWait(one, "loading-figure", engine, after(300).then(() => 1)),
          tellOfWait(other, "loading-figure", engine, after(1200).then(() => 2)),
          tellOfWait(third, "loading-figure", engine, fails).catch(({ message }) => message),
        ]);
        return [one, other, third].map(({ spoken }, i) => [results[i], spoken]);"""
    )
    assert short == [1, []]
    # Though its amount was written anew several times.
    assert long == [2, [say("loading-figure"), ""]]
    assert failed == ["gone", []]


def test_asking_again_for_one_asks_for_all_that_failed(node):
    seen = node(
        PLACE
        + """
        const [one, other] = [place(), place()];
        const asked = [];
        offerAgain(one, () => asked.push("one"));
        offerAgain(other, () => asked.push("other"));
        const shown = [one, other].map(({ button }) => !button.hidden);
        other.button.onclick();
        other.button.onclick(); // which has nothing to ask for any more
        return [shown, asked, [one, other].map(({ button }) => button.hidden)];"""
    )
    assert seen == [[True, True], ["one", "other"], [True, True]]

"""The notebook's engine (front/engine/kernel.mjs) in Node, with a kernel that answers when the test wants it to."""

import re

import pytest

from transformer_lite.explore.text import say

# A clock that the test moves, and an anywidget model with a kernel behind it that `model.answer` stands for.
BEGIN = """
let now = 0;
const timers = new Set();
globalThis.setTimeout = (run, wait) => { const timer = { run, at: now + wait }; timers.add(timer); return timer; };
globalThis.clearTimeout = (timer) => timers.delete(timer);
const settled = () => new Promise((resolve) => setImmediate(resolve));
const pass = async (seconds) => {
  now += 1000 * seconds;
  for (const timer of [...timers]) if (timers.has(timer) && timer.at <= now) { timers.delete(timer); timer.run(); }
  await settled();
};

globalThis.evaluated = 0;
const NUMBER = { views: {}, outputs: [{ name: "sum", shape: [] }], state: [], next: [] };
const answers = ({ ask, values }, say) => {
  say({ taken: true });
  if (ask === "there") say({});
  if (ask === "plotly") say({ source: "globalThis.evaluated += 1; module.exports = { name: 'plotly' };" });
  if (ask === "trace") say({ trace: { tensors: [], cases: [], states: {} } });
  if (ask === "run") say(NUMBER, [new DataView(Float32Array.of(values.x).buffer)]);
};
const silent = () => {};

// anywidget imports the module anew for each widget.
let copies = 0;
const figure = async (answer) => {
  const { kernelEngine } = await front(`engine/kernel.mjs?${++copies}`);
  const listeners = [];
  const model = {
    answer,
    asked: [],
    on: (name, callback) => listeners.push([name, callback]),
    off(name, callback) { listeners.splice(listeners.findIndex(([n, c]) => n === name && c === callback), 1); },
    trigger(name, ...given) { for (const [n, callback] of [...listeners]) if (n === name) callback(...given); },
    send(question) {
      model.asked.push(question.ask);
      const say = (message, buffers) => model.trigger("msg:custom", { id: question.id, ...message }, buffers);
      model.late = () => answers(question, say);
      model.answer(question, say);
    },
  };
  const told = [];
  const engine = kernelEngine(model, (text) => told.push(text));
  // What becomes of a promise: nothing yet, or what it gave, or what it said.
  const watch = (promise) => {
    const seen = { state: "open" };
    promise.then((value) => { seen.state = "done"; seen.value = value; }, (reason) => {
      seen.state = "refused"; seen.said = reason.message; seen.kind = reason.constructor.name;
    });
    return seen;
  };
  return { model, engine, told, watch, listeners };
};
const live = async () => {
  const made = await figure(answers);
  await made.engine.start();
  await made.engine.run({ x: 1 });
  return made;
};
"""

SILENT, GONE = say("kernel-silent", seconds=5), say("kernel-gone")


@pytest.fixture
def engine(node):
    return lambda body, data=None: node(BEGIN + body, data)


def test_plotly_travels_once_for_a_notebook(engine):
    said = engine("""
      const figures = await Promise.all([1, 2, 3].map(() => figure(answers)));
      const [first, ...others] = await Promise.all(figures.map(({ engine }) => engine.start()));
      const asked = figures.map(({ model }) => model.asked);
      return { one: others.every((other) => other === first), evaluated, asked };
    """)
    assert said["one"]
    assert said["evaluated"] == 1
    assert sorted(said["asked"], key=len) == [["there"], ["there"], ["there", "plotly"]]


def test_what_a_figure_remembers_comes_with_its_type(engine):
    said = engine("""
      const { model, engine } = await live();
      const bytes = new ArrayBuffer(4 + 8 + 8 + 8); // so that no whole number begins at a multiple of eight
      new Float32Array(bytes, 0, 1)[0] = 0.5;
      new DataView(bytes).setBigInt64(4, 7n, true);
      new DataView(bytes).setBigInt64(12, 8n, true);
      new Float32Array(bytes, 20, 2).set([1.5, 2.5]);
      model.answer = (question, say) => {
        say({ taken: true });
        model.question = question;
        const whole = [{ name: "step", shape: [], type: "int64" }];
        const W = { name: "W", shape: [2], type: "float32" };
        say({ views: {}, outputs: [{ name: "loss", shape: [], type: "float32" }], state: whole, next: [...whole, W] },
          [[0, 4], [4, 8], [12, 8], [20, 8]].map(([at, length]) => new DataView(bytes, at, length)));
      };
      const found = await engine.run({ x: 1 }, { step: { type: "int64", shape: [], data: BigInt64Array.of(7n) } });
      const plain = (tensors) => Object.entries(tensors).map(
        ([name, { type, shape, data }]) => [name, type, shape, Array.from(data, Number)]);
      const { recorded, values } = model.question;
      return { asked: { recorded, values }, found: ["outputs", "state", "next"].map((what) => plain(found[what])) };
    """)
    assert said["asked"] == {"recorded": True, "values": {"x": 1}}
    assert said["found"] == [
        [["loss", "float32", [], [0.5]]],
        [["step", "int64", [], [7]]],
        [["step", "int64", [], [8]], ["W", "float32", [2], [1.5, 2.5]]],
    ]


def test_a_figure_that_leaves_does_not_take_plotly_along(engine):
    said = engine("""
      const [first, second] = [await figure(answers), await figure(answers)];
      first.model.answer = (question, say) => question.ask === "there" && answers(question, say);
      const started = first.watch(first.engine.start());
      await settled();
      const other = second.watch(second.engine.start());
      await settled();
      const before = [started.state, other.state];
      first.engine.leave();
      await settled();
      return { before, after: [started.state, other.state], asked: second.model.asked };
    """)
    assert said == {"before": ["open", "open"], "after": ["refused", "done"], "asked": ["there", "plotly"]}


def test_before_the_first_picture_a_figure_waits_and_says_so(engine):
    """The kernel runs other cells; or there is none, in a page made of a notebook."""
    said = engine("""
      const { model, engine, told, watch } = await figure(silent);
      const started = watch(engine.start());
      await settled();
      await pass(4.9);
      const quiet = told.length;
      await pass(0.2);
      await pass(300);
      const waiting = [started.state, ...told];
      model.answer = answers;
      model.late();
      await settled();
      const run = watch(engine.run({ x: 2 }));
      await settled();
      return { quiet, waiting, after: [started.state, run.state], told, left: timers.size };
    """)
    assert said["quiet"] == 0
    assert said["waiting"] == ["open", SILENT]
    assert said["after"] == ["done", "done"]
    assert said["told"] == [SILENT, ""], "taken away once it is not true any more"
    assert said["left"] == 0


@pytest.mark.parametrize("question", ["run({ x: 2 })", "trace()"])
def test_a_question_without_an_answer_is_given_up(engine, question):
    said = engine(f"""
      const {{ model, engine, told, watch, listeners }} = await live();
      const before = listeners.length;
      model.answer = silent;
      const asked = watch(engine.{question});
      await settled();
      await pass(4.9);
      const early = asked.state;
      await pass(0.2);
      const given = {{ ...asked }};
      model.answer = answers;
      model.late(); // nobody waits for it any more
      const again = watch(engine.run({{ x: 3 }}));
      await settled();
      const numbers = [...again.value.outputs.sum.data];
      return {{ early, given, told, numbers, kept: listeners.length - before }};
    """)
    assert said["early"] == "open"
    assert said["given"] == {"state": "refused", "said": SILENT, "kind": "Silence"}
    assert said["told"] == [SILENT, ""]
    assert said["numbers"] == [3], "the figure goes on"
    assert said["kept"] == 0, "and has forgotten the question"


def test_a_kernel_that_works_on_a_question_has_more_time(engine):
    said = engine("""
      const { model, engine, told, watch } = await live();
      model.answer = (question, say) => say({ taken: true });
      const asked = watch(engine.trace());
      await settled();
      await pass(59);
      const early = asked.state;
      await pass(2);
      return { early, asked };
    """)
    assert said["early"] == "open"
    assert said["asked"]["said"] == say("kernel-silent", seconds=60)


@pytest.mark.parametrize("event", ["comm_live_update", "comm:close"])
def test_a_kernel_that_is_restarted_is_noticed_at_once(engine, event):
    said = engine(
        """
      const { model, engine, told, watch } = await live();
      model.answer = silent;
      const asked = watch(engine.run({ x: 2 }));
      await settled();
      model.trigger(data);
      await settled();
      const given = { ...asked };
      const next = watch(engine.run({ x: 2 }));
      await settled();
      await pass(5.1);
      return { given, next, told };
    """,
        event,
    )
    assert said["given"] == said["next"] == {"state": "refused", "said": GONE, "kind": "Silence"}
    assert set(said["told"]) == {GONE}


def test_a_restart_is_said_before_the_reader_does_anything(engine):
    assert engine("""
      const { model, told } = await live();
      model.trigger("comm_live_update");
      return told;
    """) == [GONE]


def test_a_closed_connection_is_noticed_at_once(engine):
    said = engine("""
      const { model, engine, told, watch } = await live();
      model.answer = () => { throw new Error("Cannot send"); };
      const asked = [watch(engine.run({ x: 2 })), watch(engine.trace())];
      await settled();
      const late = await figure(() => { throw new Error("Cannot send"); });
      const started = late.watch(late.engine.start());
      await settled();
      return [...asked, started].map(({ said }) => said);
    """)
    assert said == [GONE] * 3


def test_a_problem_of_the_function_is_no_silence(engine):
    said = engine("""
      const { model, engine, told, watch } = await live();
      model.answer = (question, say) => say({ problem: "NameError" });
      const asked = watch(engine.run({ x: 2 }));
      await settled();
      return { ...asked, told };
    """)
    assert said == {"state": "refused", "said": "NameError", "kind": "Problem", "told": []}


def test_the_sentences_say_what_to_do():
    for sentence in (SILENT, GONE):
        assert re.search(r"run (?:this|the) cell again", sentence)

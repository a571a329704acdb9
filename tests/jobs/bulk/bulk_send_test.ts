import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import type { SandboxFault } from "../../../src/sandbox/mod.ts";
import { Secret } from "../../../src/smtp/mod.ts";
import { EngineWorld } from "./engine_world.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;
/** The first wait of a deferred row with the defaults, and 0.5 by chance. */
const FIRST_WAIT = 60_000 * 0.75;
/** A login for which nobody computes anything: that has no place in a time that stands still. */
const LOGIN = {
  auth: { user: "ann", password: new Secret("pencil"), mechanisms: ["PLAIN"] },
  tls: "required",
} as const;
const WELCOME = { verb: "AUTH", reply: "235 2.7.0 welcome", effect: false };

Deno.test("sendBulk() sends each row once, and the journal has what the server said", async () => {
  await using world = await EngineWorld.make({ to: 30 });
  const { stop, outcomes, lost } = await world.run({ pool: { maxConnections: 3 } });
  deepEqual([stop, lost, outcomes.accepted], [undefined, [], 30]);
  for (const { state, attempt, stage, code, text } of world.journal.kept) {
    deepEqual([state, attempt, stage, code], ["accepted", 1, "final", 250]);
    ok(text !== undefined);
  }
  equal(world.ends, 30);
  equal(world.told("row").length, 30);
  equal(world.journal.book.size, 0);
});

Deno.test("sendBulk() of no rows asks no server", async () => {
  await using world = await EngineWorld.make({ to: 0 });
  equal((await world.run()).stop, undefined);
  equal(world.dials, 0);
});

Deno.test("sendBulk() finishes what is in flight when it is asked to stop, and gives the others back [T-B08]", async () => {
  await using world = await EngineWorld.make({ to: 50 });
  const asked = new AbortController();
  let endsThen = 0;
  world.journal.before = (call, id) => {
    if (call !== "committing" || id !== 3) return;
    asked.abort(new Error("SIGINT"));
    endsThen = world.ends;
  };
  const { stop, outcomes } = await world.run({
    signal: asked.signal,
    pool: { maxConnections: 2 },
  });
  equal(stop?.reason, "signal");
  // What was under way on two connections has ended, and what follows it in the same write.
  ok(outcomes.accepted >= 3 && outcomes.accepted <= endsThen + 4, `${outcomes.accepted}`);
  equal(world.ends, outcomes.accepted);
  for (const { state, attempt } of world.journal.kept.slice(outcomes.accepted)) {
    deepEqual([state, attempt], ["pending", 0]);
  }
  equal(world.journal.book.size, 0);
  equal((await world.run()).stop, undefined);
  ok(world.states.every((state) => state === "accepted 1"), `${world.states}`);
  equal(world.ends, 50);
});

Deno.test("sendBulk() that was asked to stop before it begins does nothing [T-B08]", async () => {
  await using world = await EngineWorld.make({ to: 3 });
  equal((await world.run({ signal: AbortSignal.abort() })).stop?.reason, "signal");
  deepEqual([world.dials, world.journal.mostHeld], [0, 0]);
});

Deno.test("sendBulk() that waits for deferred rows stops at once when asked to [T-B08]", async () => {
  await using world = await EngineWorld.make();
  const asked = new AbortController();
  const { stop } = await world.run(
    { signal: asked.signal, onEvent: ({ kind }) => kind === "waiting" && asked.abort() },
    { verb: "RCPT", reply: "450 4.2.0 later" },
  );
  equal(stop?.reason, "signal");
  deepEqual(world.states, ["deferred 1"]);
  equal(world.clock.monotonic(), 0);
});

Deno.test.each([
  ["421 4.3.2 later", "CONNECT"],
  ["450 4.3.2 later", "CONNECT"],
  ["421 4.3.2 later", "EHLO"],
  ["421 4.3.2 later", "AUTH"],
  ["454 4.7.0 later", "AUTH"],
])("sendBulk() told %s at %s pauses, and no row changes [T-B12]", async (reply, verb) => {
  await using world = await EngineWorld.make({ to: 3, users: { ann: "pencil" } });
  const { stop } = await world.run(
    { pool: LOGIN },
    { verb, reply, times: 2 },
    WELCOME,
  );
  equal(stop, undefined, stop?.text);
  deepEqual(world.states, ["accepted 1", "accepted 1", "accepted 1"]);
  const paused = world.told("paused");
  deepEqual(paused.map(({ ms }) => ms), [750, 1500]);
  ok(paused.every(({ text }) => text.includes(reply.slice(0, 3))), paused[0]?.text);
  ok(world.clock.monotonic() >= 2250);
  const told = world.told("row").filter(({ outcome }) => outcome.state !== "pending");
  equal(told.length, 3);
});

Deno.test("sendBulk() stops if the first connection is refused for good", async () => {
  await using world = await EngineWorld.make({ to: 3 });
  const { stop } = await world.run({}, { verb: "CONNECT", reply: "554 5.7.1 not you" });
  equal(stop?.reason, "network");
  match(stop?.text ?? "", /554/);
  deepEqual(world.states, ["pending 0", "pending 0", "pending 0"]);
});

Deno.test("sendBulk() stops if the first connection does not come about", async () => {
  await using world = await EngineWorld.make({ to: 2 });
  const dial = () => Promise.reject(new Error("no such host"));
  const { stop } = await world.run({ pool: { dial } });
  equal(stop?.reason, "network");
  deepEqual(world.states, ["pending 0", "pending 0"]);
  equal(world.clock.monotonic(), 0);
});

Deno.test("sendBulk() gives a server up that was lost for too long", async () => {
  await using world = await EngineWorld.make({ to: 30 });
  const { stop } = await world.run({ pool: { maxMessages: 1 }, giveUpMs: 60_000 }, {
    verb: "CONNECT",
    reply: "554 5.3.2 gone",
    after: 1,
  });
  equal(stop?.reason, "network");
  equal(world.states.filter((state) => state === "accepted 1").length, 1);
  equal(world.states.filter((state) => state === "pending 0").length, 29);
  const waits = world.told("paused").map(({ ms }) => ms);
  deepEqual(waits.slice(0, 4), [750, 1500, 3000, 6000]);
  const paused = waits.reduce((sum, ms) => sum + ms, 0);
  ok(paused >= 60_000 && paused < 200_000, `${paused}`);
});

Deno.test("sendBulk() goes on with a server that is back after a while", async () => {
  await using world = await EngineWorld.make({ to: 3 });
  const { stop } = await world.run({ pool: { maxMessages: 1 } }, {
    verb: "CONNECT",
    reply: "554 5.3.2 gone",
    after: 1,
    times: 3,
  });
  equal(stop, undefined);
  deepEqual(world.states, ["accepted 1", "accepted 1", "accepted 1"]);
  equal(world.told("paused").length, 3);
});

/** What becomes of the second of three rows, and of it alone. */
const SECOND: readonly (readonly [name: string, fault: SandboxFault, state: string])[] = [
  ["421 to RCPT [T-B13]", { verb: "RCPT", reply: "421 4.3.2 later" }, "deferred rcpt 421 4.3.2"],
  ["450 to RCPT [T-B14]", { verb: "RCPT", reply: "450 4.2.1 busy" }, "deferred rcpt 450 4.2.1"],
  ["451 to RCPT [T-B14]", { verb: "RCPT", reply: "451 4.3.0 no" }, "deferred rcpt 451 4.3.0"],
  ["452 to RCPT [T-B14]", { verb: "RCPT", reply: "452 4.2.2 full" }, "deferred rcpt 452 4.2.2"],
  ["550 to RCPT [T-B17]", { verb: "RCPT", reply: "550 5.1.1 who" }, "failed rcpt 550 5.1.1"],
  ["451 after the dot [T-B15]", { verb: ".", reply: "451 4.3.0 no" }, "deferred final 451 4.3.0"],
  ["552 after the dot [T-B16]", { verb: ".", reply: "552 5.3.4 big" }, "failed final 552 5.3.4"],
  ["554 after the dot [T-B16]", { verb: ".", reply: "554 5.7.1 bad" }, "failed final 554 5.7.1"],
  ["421 to DATA [T-B13]", { verb: "DATA", reply: "421 4.3.2 bye" }, "deferred data 421 4.3.2"],
  ["451 to DATA [T-B13]", { verb: "DATA", reply: "451 4.3.0 no" }, "deferred data 451 4.3.0"],
  ["450 to MAIL [T-B13]", { verb: "MAIL", reply: "450 4.3.0 no" }, "deferred mail 450 4.3.0"],
  ["550 to MAIL", { verb: "MAIL", reply: "550 5.7.1 no" }, "failed mail 550 5.7.1"],
  ...([["RCPT", "rcpt"], ["DATA", "data"]] as const).map(([verb, stage]) =>
    [
      `silence after ${verb} [T-B20]`,
      { verb, silent: true, effect: false, then: "stall" },
      `deferred ${stage} undefined undefined`,
    ] as const
  ),
  [
    "a reset after the dot [T-B19]",
    { verb: ".", silent: true, effect: true, then: "drop" },
    "in_doubt final undefined undefined",
  ],
  [
    "25 and the end of the connection after the dot [T-B19]",
    { verb: ".", reply: new TextEncoder().encode("25"), effect: true, then: "close" },
    "in_doubt final undefined undefined",
  ],
  [
    "silence after the dot [T-B19]",
    { verb: ".", silent: true, effect: true, then: "stall" },
    "in_doubt final undefined undefined",
  ],
];

Deno.test.each(SECOND)(
  "sendBulk() and %s: the row, and nobody else",
  async (_name, fault, expected) => {
    await using world = await EngineWorld.make({ to: 3 });
    const { stop } = await world.run({ wait: false }, { ...fault, after: 1, times: 1 });
    equal(stop, undefined);
    const [first, second, third] = world.journal.kept;
    deepEqual([first?.state, third?.state], ["accepted", "accepted"]);
    ok(second !== undefined);
    const { state, stage, code, enhanced, attempt, notBeforeMs } = second;
    equal(`${state} ${stage} ${code} ${enhanced}`, expected);
    equal(attempt, 1);
    equal(notBeforeMs !== undefined, state === "deferred");
    // Nobody else had an end more than once, and a row in doubt had one.
    equal(world.ends, 2 + (stage === "final" ? 1 : 0));
    // The next run leaves what is final, and tries the rest again when it is due.
    const states = world.states;
    await world.run();
    deepEqual(
      world.states,
      states.map((each) => each === "deferred 1" ? "accepted 2" : each),
    );
  },
);

Deno.test("sendBulk() told 421 at MAIL on a connection that was used moves the message to another [T-B13]", async () => {
  await using world = await EngineWorld.make({ to: 3 });
  const { stop } = await world.run({}, {
    verb: "MAIL",
    reply: "421 4.3.2 bye",
    after: 1,
    times: 1,
  });
  equal(stop, undefined);
  deepEqual(world.states, ["accepted 1", "accepted 1", "accepted 1"]);
  deepEqual([world.dials, world.ends], [2, 3]);
});

Deno.test("sendBulk() with CHUNKING told 421 at MAIL moves the message as well [T-B13]", async () => {
  await using world = await EngineWorld.make({ to: 3 });
  const { stop } = await world.run({
    render: ({ recipient }) => ({
      envelope: { from: "news@here.example", to: [recipient], policy: "any" },
      content: `To: ${recipient}\r\n\r\nWelcome.\r\n`,
      chunking: true,
    }),
  }, { verb: "MAIL", reply: "421 4.3.2 bye", after: 1, times: 1 });
  equal(stop, undefined, stop?.text);
  deepEqual(world.states, ["accepted 1", "accepted 1", "accepted 1"]);
  equal(world.ends, 3);
});

Deno.test("sendBulk() waits ten minutes for the answer to an end, and not less [T-B19] [T-B21]", async () => {
  await using world = await EngineWorld.make({ to: 2 });
  const run = world.start({}, {
    verb: ".",
    silent: true,
    effect: true,
    then: "stall",
    times: 1,
  });
  await world.clock.advance(599_000);
  equal(world.journal.row(1).state, "committing");
  await world.drive(run);
  deepEqual(world.states, ["in_doubt 1", "accepted 1"]);
  ok(world.clock.monotonic() >= 600_000);
});

Deno.test("sendBulk() tries a row again whose body was cut off, and each time counts [T-B20]", async () => {
  await using world = await EngineWorld.make({ to: 1 });
  const { stop } = await world.run({
    retry: { attempts: 3 },
    render: ({ recipient }) => ({
      envelope: { from: "news@here.example", to: [recipient], policy: "any" },
      content: `Subject: Long\r\n\r\n${"much to say\r\n".repeat(300_000)}`,
    }),
  }, { side: "received", at: 1_000_000, then: "drop" });
  equal(stop, undefined);
  const { state, attempt, stage, text = "" } = world.journal.row(1);
  deepEqual([state, attempt, stage, world.ends], ["failed", 3, "content", 0]);
  match(text, /^given up after 3 attempts: /);
});

Deno.test("sendBulk() gives up on a row that ends each connection, and on no other [T-B20]", async () => {
  await using world = await EngineWorld.make({ to: 30 });
  const { stop } = await world.run({
    pool: { maxConnections: 2 },
    retry: { baseMs: 10_000 },
    render: ({ recipient }) => ({
      envelope: {
        from: `news+${recipient.split("@")[0]}.x@here.example`,
        to: [recipient],
        policy: "any",
      },
      content: "Subject: Hello\r\n\r\nWelcome.\r\n",
    }),
  }, { verb: "MAIL", pattern: "+p9.x@", silent: true, effect: false, then: "drop" });
  equal(stop, undefined, stop?.text);
  const [ninth] = world.journal.kept.filter(({ state }) => state !== "accepted");
  deepEqual([ninth?.id, ninth?.state, ninth?.attempt], [9, "failed", 5]);
  equal(world.ends, 29);
});

Deno.test("sendBulk() tries deferred rows again, later each time, up to the limit of attempts [T-B14]", async () => {
  await using world = await EngineWorld.make();
  const began = world.clock.now();
  const { stop, outcomes } = await world.run(
    { retry: { attempts: 4, baseMs: 1000, maxMs: 3000 } },
    { verb: "RCPT", reply: "450 4.2.1 busy" },
  );
  equal(stop, undefined);
  deepEqual([outcomes.deferred, outcomes.failed], [3, 1]);
  deepEqual(world.told("waiting").map(({ ms }) => ms), [750, 1500, 2250]);
  equal(world.clock.now() - began, 4500);
  const { state, attempt, text } = world.journal.row(1);
  deepEqual([state, attempt], ["failed", 4]);
  equal(text, "given up after 4 attempts: busy");
});

Deno.test("sendBulk() spreads the retries by chance", async () => {
  for (const [random, ms] of [[0, 500], [0.999_999, 1000]] as const) {
    await using world = await EngineWorld.make();
    await world.run(
      { retry: { baseMs: 1000 }, random: () => random },
      { verb: "RCPT", reply: "450 4.2.1 busy", times: 1 },
    );
    deepEqual(world.told("waiting").map((event) => Math.round(event.ms)), [ms]);
    deepEqual(world.states, ["accepted 2"]);
  }
});

Deno.test("sendBulk() that may not wait leaves deferred rows", async () => {
  await using world = await EngineWorld.make();
  const { stop } = await world.run({ wait: false }, { verb: "RCPT", reply: "450 4.2.1 busy" });
  deepEqual([stop, world.states], [undefined, ["deferred 1"]]);
  equal(world.told("waiting").length, 0);
  equal(world.journal.row(1).notBeforeMs, world.clock.now() + FIRST_WAIT);
});

Deno.test("sendBulk() stops when the same refusal comes again and again [T-B16]", async () => {
  await using world = await EngineWorld.make({ to: 100 });
  const { stop, outcomes } = await world.run({ maxRefusals: 4 }, {
    verb: ".",
    reply: "552 5.3.4 too big",
    after: 2,
  });
  equal(stop?.reason, "refusals");
  match(stop?.text ?? "", /too big/);
  equal(outcomes.accepted, 2);
  ok(outcomes.failed >= 4 && outcomes.failed <= 6, `${outcomes.failed}`);
  equal(world.journal.book.size, 0);
});

const RELAY = { verb: "RCPT", reply: "554 5.7.1 Relay access denied" } as const;

Deno.test.each(
  [
    ["of many", 100, RELAY],
    ["of one", 1, RELAY],
    ["in the words of another server", 50, { ...RELAY, reply: "550 relay not permitted" }],
    ["at MAIL", 50, { verb: "MAIL", reply: "553 5.7.1 not owned by you" }],
    ["for want of a login", 50, { ...RELAY, reply: "530 5.7.0 Authentication required" }],
  ] as const,
)(
  "sendBulk() fails no row %s if all are refused for who sends [T-B16] [T-B18]",
  async (_name, to, fault) => {
    await using world = await EngineWorld.make({ to });
    const { stop } = await world.run({ pool: { maxConnections: 3 } }, fault);
    equal(stop?.reason, "sender");
    ok(stop?.text.endsWith(`"${fault.reply}"`), stop?.text);
    ok(world.states.every((state) => state === "pending 0"), `${world.states}`);
    const asked = world.box.ledger.texts("command").filter((text) => text.startsWith("RCPT"));
    ok(asked.length <= 8, `${asked.length}`);
    equal(world.journal.book.size, 0);
  },
);

Deno.test("sendBulk() tells a login that is missing at MAIL from a sender that is refused [T-B18]", async () => {
  await using world = await EngineWorld.make({ to: 5 });
  const { stop } = await world.run({}, {
    verb: "MAIL",
    reply: "530 5.7.0 Authentication required",
  });
  equal(stop?.reason, "login");
  ok(world.states.every((state) => state === "pending 0"), `${world.states}`);
});

Deno.test("sendBulk() whose first row is refused for good fails that row alone [T-B16]", async () => {
  for (const reply of ["554 5.7.1 not from you", "550 no", "550 5.1.1 nobody of that name"]) {
    await using world = await EngineWorld.make({ to: 5 });
    const { stop } = await world.run({}, { verb: "RCPT", pattern: "p1@", reply });
    equal(stop, undefined);
    deepEqual(world.states, ["failed 1", ...Array(4).fill("accepted 1")]);
  }
});

Deno.test.each(
  [
    ["dead addresses", "550 5.1.1 no such user"],
    ["mailboxes that are full", "552 5.2.2 over quota"],
    ["addresses that a host knows nothing of", "550 5.4.1 Recipient address rejected"],
    ["rows that are given up", "450 4.7.1 try later"],
    ["rows that are given up without a word of why", "451 no"],
  ] as const,
)(
  "sendBulk() blames nobody who sends for %s at the head of a list [T-B14] [T-B16]",
  async (_, reply) => {
    await using world = await EngineWorld.make({ to: 7 });
    const { stop } = await world.run(
      { retry: { attempts: 1 }, pool: { maxConnections: 3 } },
      ...["p1@", "p2@", "p3@", "p4@"].map((pattern) => ({ verb: "RCPT", pattern, reply } as const)),
    );
    equal(stop, undefined);
    deepEqual(world.states, [...Array(4).fill("failed 1"), ...Array(3).fill("accepted 1")]);
  },
);

Deno.test("sendBulk() never puts back a row whose message has ended, whoever is to blame [T-B16]", async () => {
  for (const extra of [{ window: 4 }, { pool: { maxConnections: 4 }, window: 2 }]) {
    await using world = await EngineWorld.make({ to: 12 });
    const { stop } = await world.run(
      extra,
      ...["p1@", "p3@", "p4@"].map((pattern) => ({
        ...{ verb: "RCPT", pattern, reply: "554 5.7.1 not from you" } as const,
      })),
    );
    const stored = world.box.ledger.entries.filter(({ kind }) => kind === "stored")
      .flatMap(({ recipients = [] }) => recipients);
    const accepted = world.journal.kept.filter(({ state }) => state === "accepted")
      .map(({ recipient }) => recipient);
    deepEqual(stored.toSorted(), accepted.toSorted());
    equal(new Set(stored).size, stored.length);
    ok(stored.length > 0);
    const refused = [1, 3, 4].map((id) => world.states[id - 1]);
    ok(refused.every((state) => state === (stop ? "pending 0" : "failed 1")), `${world.states}`);
  }
});

Deno.test("sendBulk() takes refusals for what they are if it is told how many may come [T-B16]", async () => {
  await using world = await EngineWorld.make({ to: 9 });
  const { stop } = await world.run({ maxRefusals: 5 }, RELAY);
  equal(stop?.reason, "refusals");
  ok(world.states.filter((state) => state === "failed 1").length >= 5, `${world.states}`);
});

Deno.test("sendBulk() goes on through refusals with acceptances between [T-B16]", async () => {
  await using world = await EngineWorld.make({ to: 12 });
  const { stop, outcomes } = await world.run(
    { maxRefusals: 2 },
    ...["p2@", "p4@", "p6@", "p8@", "p10@", "p12@"].map((pattern) => ({
      verb: "RCPT",
      pattern,
      reply: "550 5.1.1 who",
    })),
  );
  deepEqual([stop, outcomes.accepted, outcomes.failed], [undefined, 6, 6]);
});

Deno.test("sendBulk() stops at a password that was changed meanwhile, and no row fails [T-B18]", async () => {
  await using world = await EngineWorld.make({ to: 20, users: { ann: "pencil" } });
  const { stop, outcomes } = await world.run(
    { pool: { ...LOGIN, maxMessages: 2, maxConnections: 2 } },
    { verb: "AUTH", reply: "535 5.7.8 wrong", after: 3 },
    WELCOME,
  );
  equal(stop?.reason, "login");
  equal(outcomes.failed + outcomes.deferred + outcomes.in_doubt, 0);
  ok(outcomes.accepted >= 2 && outcomes.accepted <= 6, `${outcomes.accepted}`);
  const left = world.journal.kept.filter(({ state }) => state !== "accepted");
  ok(left.every(({ state, attempt }) => state === "pending" && attempt === 0));
  equal(left.length, 20 - outcomes.accepted);
  equal(world.journal.book.size, 0);
  // The same password once more would lock the account.
  const logins = world.box.ledger.texts("command").filter((text) => text.startsWith("AUTH"));
  ok(logins.length <= 5, `${logins.length}`);
});

Deno.test("sendBulk() stops when row after row is in doubt [T-B19]", async () => {
  for (const maxConnections of [1, 3]) {
    await using world = await EngineWorld.make({ to: 60 });
    const { stop, outcomes } = await world.run({ pool: { maxConnections }, maxDoubts: 3 }, {
      verb: ".",
      silent: true,
      effect: true,
      then: "drop",
    });
    equal(stop?.reason, "doubts");
    ok(outcomes.in_doubt >= 3 && outcomes.in_doubt < 3 + maxConnections, `${outcomes.in_doubt}`);
    equal(world.ends, outcomes.in_doubt);
    ok(world.states.every((state) => state === "in_doubt 1" || state === "pending 0"));
  }
});

Deno.test("sendBulk() never has more rows at their ends than connections and window allow [T-B29]", async () => {
  for (const [maxConnections, window] of [[1, 1], [3, 1], [2, 3]] as const) {
    await using world = await EngineWorld.make({ to: 60 });
    // A slow disk: outcomes come long after the replies.
    world.journal.before = async (call) => {
      if (call === "outcome") await world.clock.sleep(10);
    };
    const { stop } = await world.run({ window, pool: { maxConnections } });
    equal(stop, undefined);
    const { mostCommitting } = world.journal;
    ok(
      mostCommitting <= maxConnections * window,
      `${maxConnections} × ${window}: ${mostCommitting}`,
    );
  }
});

Deno.test.each([
  ["a year forward", YEAR],
  ["a year back", -YEAR],
  ["eight hours of sleep", 8 * HOUR],
])("sendBulk() is not moved by a clock that jumps %s [T-B22]", async (_name, jump) => {
  await using world = await EngineWorld.make({ to: 5 });
  const run = world.start(
    { wait: true, retry: { maxMs: HOUR } },
    { verb: "RCPT", reply: "450 4.2.1 busy", times: 5 },
  );
  await world.clock.advance(0);
  deepEqual(world.states, Array(5).fill("deferred 1"));
  world.clock.jump(jump);
  const { stop } = await world.drive(run);
  equal(stop, undefined);
  deepEqual(world.states, Array(5).fill("accepted 2"));
  ok(world.clock.monotonic() <= HOUR + 1, `${world.clock.monotonic()}`);
});

Deno.test("sendBulk() waits once, not for each row, if the clock was set back before it began [T-B22]", async () => {
  await using world = await EngineWorld.make({ to: 100 });
  const now = world.clock.now();
  for (const row of world.journal.kept) {
    Object.assign(row, { state: "deferred", attempt: 1, notBeforeMs: now + YEAR + row.id });
  }
  const { stop } = await world.run({ retry: { maxMs: HOUR } });
  equal(stop, undefined);
  deepEqual(world.states, Array(100).fill("accepted 2"));
  ok(world.clock.monotonic() < HOUR + 1000, `${world.clock.monotonic()}`);
});

Deno.test("sendBulk() keeps its pace whatever the wall clock does [T-B22]", async () => {
  await using world = await EngineWorld.make({ to: 100 });
  const { stop } = await world.run({
    rates: { messagesPerSecond: 10 },
    onEvent: ({ kind }) => {
      if (kind === "row") world.clock.jump(world.clock.now() % 2 === 0 ? YEAR + 1 : -YEAR);
    },
  });
  equal(stop, undefined);
  const { length } = world.told("row");
  equal(length, 100);
  ok(Math.abs(world.clock.monotonic() - 9_900) < 500, `${world.clock.monotonic()}`);
});

Deno.test("sendBulk() lets no second have more than its rate", async () => {
  await using world = await EngineWorld.make({ to: 250 });
  const at: number[] = [];
  world.journal.before = (call) => {
    if (call === "committing") at.push(world.clock.monotonic());
  };
  await world.run({ rates: { messagesPerSecond: 100 }, pool: { maxConnections: 5 } });
  equal(at.length, 250);
  for (const [first, ms] of at.entries()) {
    const within = at.slice(first).findIndex((later) => later >= ms + 1000);
    const count = within < 0 ? at.length - first : within;
    ok(count <= 105, `${count} from ${ms} on`);
  }
  ok(Math.abs((at.at(-1) ?? 0) - 2_450) < 20, `${at.at(-1)}`);
});

Deno.test("sendBulk() slows down when the server asks for it, and says so [T-B14]", async () => {
  await using world = await EngineWorld.make({ to: 20 });
  const { stop } = await world.run(
    { rates: { messagesPerSecond: 10 } },
    { verb: "RCPT", reply: "451 4.7.1 too fast", after: 5, times: 1 },
  );
  equal(stop, undefined);
  const [slowed, ...more] = world.told("slowed");
  deepEqual([slowed?.code, more], [451, []]);
  ok((slowed?.speed ?? 1) <= 0.5, `${slowed?.speed}`);
});

Deno.test("sendBulk() ends when its time is over, and gives rows back", async () => {
  await using world = await EngineWorld.make({ to: 50 });
  const { stop, outcomes } = await world.run({
    rates: { messagesPerSecond: 1 },
    deadlineMs: 10_500,
  });
  equal(stop?.reason, "deadline");
  equal(outcomes.accepted, 11);
  equal(world.states.filter((state) => state === "pending 0").length, 39);
  equal(world.journal.book.size, 0);
  ok(world.clock.monotonic() <= 10_500, `${world.clock.monotonic()}`);
});

Deno.test("sendBulk() does not wait for a row that is due after its time", async () => {
  await using world = await EngineWorld.make();
  const { stop } = await world.run(
    { deadlineMs: FIRST_WAIT },
    { verb: "RCPT", reply: "450 4.2.1 busy" },
  );
  equal(stop?.reason, "deadline");
  deepEqual([world.states, world.clock.monotonic()], [["deferred 1"], 0]);
});

Deno.test("sendBulk() takes no more rows than it may", async () => {
  await using world = await EngineWorld.make({ to: 10 });
  const { stop, outcomes } = await world.run({ limit: 4 });
  deepEqual([stop?.reason, outcomes.accepted], ["limit", 4]);
  equal(world.ends, 4);
  equal(world.states.filter((state) => state === "pending 0").length, 6);
  equal((await world.run({ limit: 6 })).stop, undefined);
  equal(world.ends, 10);
});

Deno.test("sendBulk() sends as many rows as it may, also if they wait for their domain", async () => {
  await using world = await EngineWorld.make({ to: 10 });
  const { stop, outcomes } = await world.run({ limit: 4, perDomain: 1 });
  deepEqual([stop?.reason, outcomes.accepted], ["limit", 4]);
  equal(world.journal.book.size, 0);
});

Deno.test("sendBulk() does not count rows that came back unsent", async () => {
  await using world = await EngineWorld.make({ to: 10 });
  const { stop, outcomes } = await world.run(
    { limit: 4 },
    { verb: "CONNECT", reply: "421 4.3.2 later", times: 2 },
  );
  deepEqual([stop?.reason, outcomes.accepted], ["limit", 4]);
});

Deno.test("sendBulk() sends few messages at once to one domain, and others meanwhile", async () => {
  const to = Array.from({ length: 60 }, (_, at) => `p${at}@${at < 40 ? "big" : `d${at}`}.example`);
  await using world = await EngineWorld.make({ to });
  let inside = 0;
  let most = 0;
  const order: string[] = [];
  const { stop } = await world.run({
    perDomain: 2,
    pool: { maxConnections: 5 },
    render: ({ recipient }) => {
      if (recipient.endsWith("@big.example")) most = Math.max(most, ++inside);
      order.push(recipient.slice(recipient.indexOf("@") + 1));
      return {
        envelope: { from: "news@here.example", to: [recipient], policy: "any" },
        content: "Subject: Hello\r\n\r\nWelcome.\r\n",
      };
    },
    onEvent: (event) => {
      if (event.kind === "row" && event.row.recipient.endsWith("@big.example")) inside--;
    },
  });
  equal(stop, undefined);
  equal(most, 2);
  ok(order.slice(0, 25).some((domain) => domain !== "big.example"), `${order.slice(0, 25)}`);
  ok(world.states.every((state) => state === "accepted 1"));
});

Deno.test("sendBulk() fails a row that cannot be rendered, and goes on", async () => {
  await using world = await EngineWorld.make({ to: 3 });
  const { stop, outcomes } = await world.run({
    render: ({ recipient }) => {
      if (recipient.startsWith("p2")) throw new Error('Cannot render "name": the row has none');
      const envelope = { from: "news@here.example", to: [recipient], policy: "any" } as const;
      return Promise.resolve({ envelope, content: "Subject: Hello\r\n\r\nWelcome.\r\n" });
    },
  });
  deepEqual([stop, outcomes.accepted, outcomes.failed], [undefined, 2, 1]);
  const { state, stage, text } = world.journal.row(2);
  deepEqual([state, stage, text], ["failed", "render", 'Cannot render "name": the row has none']);
});

Deno.test("sendBulk() fails a row that may not be sent for a local reason, and goes on", async () => {
  await using world = await EngineWorld.make({
    to: ["ann@there.example", "no address", "b@c.example"],
  });
  const { stop } = await world.run();
  equal(stop, undefined, stop?.text);
  deepEqual(world.states, ["accepted 1", "failed 1", "accepted 1"]);
});

Deno.test.each(
  [
    ["claim"],
    ["committing"],
    ["outcome"],
  ] as const,
)("sendBulk() stops when the disk is full (%s) [T-B09] [T-B10]", async (broken) => {
  await using world = await EngineWorld.make({ to: 30 });
  let calls = 0;
  world.journal.before = (call) => {
    // The first claim has all rows; what is asked for after that fails.
    if (call === broken && ++calls > (call === "claim" ? 0 : 3)) throw new Error("ENOSPC");
  };
  const { stop, lost, outcomes } = await world.run({ pool: { maxConnections: 2 } });
  deepEqual([stop?.reason, stop?.text], ["storage", "ENOSPC"]);
  deepEqual(lost.map(({ row }) => row.id), world.told("lost").map(({ row }) => row.id));
  if (broken === "outcome") {
    // The server has what is lost, or it never began.
    ok(lost.some(({ outcome }) => outcome.state === "accepted"));
    for (const { row, outcome } of lost) {
      ok(
        world.journal.row(row.id).state ===
          (outcome.state === "accepted" ? "committing" : "pending"),
      );
    }
    equal(
      world.ends,
      outcomes.accepted + lost.filter(({ outcome }) => outcome.state === "accepted").length,
    );
  } else {
    deepEqual(lost, []);
    equal(world.ends, outcomes.accepted); // no end was written without its commit
  }
});

Deno.test("sendBulk() ends in order when its listener throws, and throws the same", async () => {
  await using world = await EngineWorld.make({ to: 20 });
  const problem = new Error("the disk of the log is full");
  const run = world.run({
    onEvent: () => {
      throw problem;
    },
  });
  await rejects(run, problem);
  equal(world.journal.book.size, 0);
  ok(
    world.states.every((state) => state === "accepted 1" || state === "pending 0"),
    `${world.states}`,
  );
});

Deno.test("sendBulk() throws at once what it cannot be made of", async () => {
  await using world = await EngineWorld.make();
  await rejects(world.run({ pool: { maxConnections: 0 } }), { name: "RangeError" });
  equal(world.journal.mostHeld, 0);
});

Deno.test("sendBulk() asks the journal's limiter as well", async () => {
  await using world = await EngineWorld.make({ to: 5 });
  const taken: number[] = [];
  const reported: unknown[] = [];
  const limiter = {
    take: ({ messages = 0 }: { messages?: number }) => {
      taken.push(messages);
      return messages === 0 ? undefined : world.clock.sleep(100);
    },
    report: (outcome: unknown) => void reported.push(outcome),
  };
  const { stop } = await world.run({ journal: Object.assign(world.journal, { limiter }) });
  equal(stop, undefined);
  equal(taken.reduce((sum, count) => sum + count), 5);
  equal(world.clock.monotonic(), 500);
  deepEqual(reported, [{ connected: true }]);
});

Deno.test("sendBulk() has as few rows in memory of 5,000 as of 1,000", async () => {
  const held: number[] = [];
  for (const to of [1000, 5000]) {
    await using world = await EngineWorld.make({ to, keepOctets: 0 });
    const { stop } = await world.run({ pool: { maxConnections: 5 } });
    equal(stop, undefined);
    held.push(world.journal.mostHeld);
  }
  const [few = 0, many = Infinity] = held;
  ok(few <= 300 && many <= 300, `${held}`);
});

Deno.test("sendBulk() parks no more rows than it has room for, if all go to one domain", async () => {
  await using world = await EngineWorld.make({ to: 3000, keepOctets: 0 });
  const { stop } = await world.run({ perDomain: 1, pool: { maxConnections: 2 } });
  equal(stop, undefined);
  ok(world.journal.mostHeld <= 1300, `${world.journal.mostHeld}`);
});

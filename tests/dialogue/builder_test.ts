import {
  type Dialogue,
  DialogueError,
  type DialogueReply,
  lmtp,
  load,
  memoryPair,
  parseDialogue,
  playBoth,
  pop3,
  type RunProgramOptions,
  Secret,
  secret,
  selfPlay,
  smtp,
} from "@mailwright/mailwright";
import { deepEqual, equal, notEqual, ok, rejects, throws } from "node:assert/strict";
import { said } from "./played.ts";
import { roundTrip, withoutPlaces } from "./same.ts";

const pure = { permissions: "none" } as const;
const GREETING = "S: {220|2xx} ${_=localhost}\n";
const HELLO = `@smtp\n${GREETING}C: EHLO me.example\nS: 250 \${_=localhost}\n`;
const LOGGED_IN = "@pop3\n@secret pass\nS: +OK\nC: USER u\nS: +OK\nC: PASS ${pass}\nS: +OK\n";

const hello = smtp().ehlo("me.example");
const addressed = hello.mail("a@x").rcpt("b@x");
const opened = pop3().user("u").pass(secret("pass"));

/** The text of a program behind what all begin with. */
function tail(program: { toDialogue(): Dialogue }, head: string): string {
  const text = roundTrip(program.toDialogue());
  ok(text.startsWith(head), text);
  return text.slice(head.length);
}

/** Runs a program against a text. */
async function runAgainst<Result>(
  program: { run(options: RunProgramOptions): Promise<Result> },
  text: string,
  options: RunProgramOptions = {},
): Promise<Result> {
  const [connection, theirs] = memoryPair();
  const serving = load(text).serve(theirs, { throwOnFailure: false });
  try {
    return await program.run({ connection, cleartextAuth: true, ...options });
  } finally {
    const [server] = await serving;
    deepEqual(server?.failures, []);
  }
}

Deno.test("smtp() gives a new program with every call", pure, () => {
  const before = hello.toText();
  const first = hello.mail("a@x").rcpt("b@x").toText();
  const second = hello.noop().expect(250, "{n:int=1}").toText();
  equal(hello.toText(), before);
  notEqual(first, second);
  ok(first.startsWith(before) && second.startsWith(before));
  equal(hello.expect(250, "{host=mx}").captures.host, "string");
  deepEqual(hello.captures, {});
});

Deno.test("smtp() says what each verb says, and wants its success", pure, () => {
  const verbs = hello.noop().vrfy("ann").expn("all").help().help("DATA").rset().mail(null)
    .rset().mail("a@x", "SIZE=10", "BODY=8BITMIME").rcpt("b@x", "NOTIFY=NEVER").rset()
    .helo("me").command("XFOO  bar").quit();
  equal(
    tail(verbs, HELLO),
    "C: NOOP\nS: 2xx\nC: VRFY ann\nS: 2xx\nC: EXPN all\nS: 2xx\nC: HELP\nS: {214|2xx}\n" +
      "C: HELP DATA\nS: {214|2xx}\nC: RSET\nS: 2xx\nC: MAIL FROM:<>\nS: 2xx\nC: RSET\nS: 2xx\n" +
      "C: MAIL FROM:<a@x> SIZE=10 BODY=8BITMIME\nS: 2xx\nC: RCPT TO:<b@x> NOTIFY=NEVER\nS: 2xx\n" +
      "C: RSET\nS: 2xx\nC: HELO me\nS: 250 ${_=localhost}\nC: XFOO  bar\nS: 2xx\n" +
      "C: QUIT\nS: {221|2xx}\n",
  );
});

Deno.test("pop3() says what each verb says, and wants its success", pure, () => {
  const verbs = opened.stat().list().list(1).uidl().uidl(2).retr(1).top(1, 0).dele(1).rset().noop()
    .capa().caps({ has: ["TOP", "SASL {mechanism=PLAIN}"], not: ["STLS"] }).quit();
  equal(
    tail(verbs, LOGGED_IN),
    "C: STAT\nS: +OK\nC: LIST\nS: +OK\nC: LIST 1\nS: +OK\nC: UIDL\nS: +OK\nC: UIDL 2\nS: +OK\n" +
      "C: RETR 1\nS: +OK\nC: TOP 1 0\nS: +OK\nC: DELE 1\nS: +OK\nC: RSET\nS: +OK\nC: NOOP\nS: +OK\n" +
      "C: CAPA\nS: +OK\nS: TOP\nS: SASL ${mechanism=PLAIN}\nS: .\nS! STLS\nC: QUIT\nS: +OK\n",
  );
});

Deno.test("pop3() logs in by STLS, AUTH and APOP", async () => {
  const tls = pop3().startTls().auth("SCRAM-SHA-256", { user: "u", password: secret("p") });
  equal(
    roundTrip(tls.toDialogue()),
    "@pop3\n@var user = u\n@secret p\nS: +OK\nC: STLS\nS: +OK\nC & S: <tls>\n" +
      "@auth SCRAM-SHA-256 user p\nS: +OK\n",
  );
  const apop = pop3().expect("+OK", "ready {stamp=<1.2@mx>}")
    .apop({ user: "u", password: secret("p", { sample: "tanstaaf" }), stamp: "stamp" });
  roundTrip(apop.toDialogue());
  const { client } = await selfPlay(apop.toDialogue());
  deepEqual(said(client).slice(0, 2), ["S: +OK ready <1.2@mx>", "C: APOP u ${apop stamp p}"]);
});

Deno.test("command() opens a message as DATA does", pure, () => {
  ok(
    tail(addressed.command("DATA").raw("x\r\n.\r\n").expect(250), HELLO).endsWith(
      "C: DATA\nS: 354\nC|x\\r\\n.\\r\\n\nS: 250\n",
    ),
  );
});

Deno.test("time before anything is said passes before the greeting", pure, () => {
  equal(
    smtp().pause("1s").silence("150ms").ehlo("me").pause("2m").toText(),
    `@smtp\nC: <pause 1s>\nS: <silence 150ms>\n${GREETING}C: EHLO me\nS: 250 \${_=localhost}\nC: <pause 2m>\n`,
  );
  equal(smtp().expect(220).silence("1s").toText(), "@smtp\nS: 220\nS: <silence 1s>\n");
});

Deno.test("within(), match(), label() and soft() are about the reply before", pure, () => {
  const program = hello.noop().soft([250, "5xx"], "ok").within("2s").match("text").label("a b");
  equal(
    tail(program, HELLO),
    'C: NOOP\n@step match=text within=2s soft label="a b"\nS: {250|5xx} ok\n',
  );
  equal(
    tail(addressed.data("x").expect({ 250: "sent", 550: "no" }).within("1m"), HELLO).match(/@step/g)
      ?.length,
    3, // the content is taken, the content is refused, DATA is refused
  );
});

Deno.test("a line of a body has no enhanced code", pure, async () => {
  const program = opened.top(1, 0).match("enhanced").lines(["2.1.0 text"]);
  equal((await selfPlay(program.toDialogue())).client.status, "passed");
});

Deno.test("expect() describes content, or the refusal of DATA itself", pure, () => {
  const sent = "S: 354\nC: x\nC: .\n";
  const of = (program: { toDialogue(): Dialogue }): string =>
    tail(program, `${HELLO}C: MAIL FROM:<a@x>\nS: 2xx\nC: RCPT TO:<b@x>\nS: 2xx\nC: DATA\n`);
  equal(of(addressed.data("x")), `${sent}S: 2xx\n`);
  equal(
    of(addressed.data("x").expect([250, 554])),
    `@alt {\n${sent}S: {250|554}\n} or {\nS: 554\n}\n`,
  );
  equal(
    of(addressed.data("x").expect({ 250: "sent", "5xx": "refused" })),
    `@alt {\n${sent}@alt {\nS: 250\n@outcome sent\n} or {\nS: 5xx\n@outcome refused\n}\n` +
      "} or {\nS: 5xx\n@outcome refused\n}\n",
  );
});

const REFUSED = `${HELLO}C: MAIL FROM:<a@x>\nS: 250 ok\nC: RCPT TO:<b@x>\nS: 250 ok\nC: DATA\n`;

Deno.test.each<[answer: string, last: readonly string[], outcome: string]>([
  ["S: 354 go\nC: x\nC: .\nS: 250 ok\n", ["C: x", "C: .", "S: 250 ok"], "sent"],
  ["S: 354 go\nC: x\nC: .\nS: 550 no\n", ["C: x", "C: .", "S: 550 no"], "refused"],
  ["S: 550 no\n", ["C: DATA", "S: 550 no"], "refused"],
])("data() sends content after 354 alone: %j", pure, async (answer, last, outcome) => {
  const program = addressed.data("x").expect({ 250: "sent", 550: "refused" });
  const result = await runAgainst(program, REFUSED + answer);
  equal(result.outcome, outcome);
  const lines = said({ ...result, vars: {}, outcome: "" });
  deepEqual(lines.slice(-last.length - 2, -2), last); // QUIT follows
});

Deno.test.each<[content: string | Uint8Array, steps: string]>([
  ["a\n.b\r\n..\n", "C: a\nC: ..b\nC: ...\nC: .\n"],
  ["", "C: .\n"],
  ["no end", "C: no end\nC: .\n"],
  ["  é {n} ${x}\r\n", "C:   é {n} $${x}\nC: .\n"],
  ["<close>\r\n", "C|<close>\\r\\n\nC: .\n"],
  ["a\rb\x7f\r\n", "C|a\\r\\nb\\x7f\\r\\n\nC: .\n"],
  [Uint8Array.of(0xff, 0x0a), "C|\\xff\\r\\n\nC: .\n"],
])("data() doubles the dots of %j", pure, (content, steps) => {
  ok(tail(addressed.data(content), HELLO).endsWith(`S: 354\n${steps}S: 2xx\n`));
});

Deno.test("data() sends long content in one step", pure, () => {
  const { steps } = addressed.data("line\r\n".repeat(2000)).toDialogue();
  equal(steps.filter((step) => step.kind === "line" && step.content).length, 1);
  const bytes = steps.find((step) => step.kind === "bytes");
  ok(bytes?.from instanceof Uint8Array && bytes.from.length === 12_000);
});

Deno.test("bdat() counts its octets", pure, async () => {
  const program = addressed.bdat("é\r\n").bdat(new Uint8Array(), { last: true });
  ok(
    tail(program, HELLO).endsWith(
      "C: BDAT 4\nC|\\xc3\\xa9\\r\\n\nS: 2xx\nC: BDAT 0 LAST\nS: 2xx\n",
    ),
  );
  equal((await selfPlay(program.toDialogue())).server.delivery, "all");
});

Deno.test("startTls() begins TLS after success alone", pure, async () => {
  equal(tail(hello.startTls().expect(454), HELLO), "C: STARTTLS\nS: 454\n");
  const either = hello.startTls().expect({ 220: "tls", 454: "clear" });
  equal(
    tail(either, HELLO),
    "C: STARTTLS\n@alt {\nS: 220\n@outcome tls\nC & S: <tls>\n} or {\nS: 454\n@outcome clear\n}\n",
  );
  for (const outcome of ["tls", "clear"]) {
    const { client } = await selfPlay(either.toDialogue(), { outcome });
    equal(client.outcome, outcome);
    equal(said(client).includes("tls"), outcome === "tls");
  }
});

Deno.test("a refusal has no further lines", pure, () => {
  equal(
    tail(opened.list().lines(["1 10"]).expect({ "+OK": "some", "-ERR": "none" }), LOGGED_IN),
    "C: LIST\n@alt {\nS: +OK\nS: 1 10\nS: .\n@outcome some\n} or {\nS: -ERR\n@outcome none\n}\n",
  );
  equal(
    tail(opened.stat().expect(["+OK", "-ERR"]), LOGGED_IN),
    "C: STAT\n@alt {\nS: +OK\n} or {\nS: -ERR\n}\n",
  );
});

Deno.test("lmtp() expects one reply for each recipient", pure, async () => {
  const program = lmtp().lhlo("me").mail("a@x").rcpt("b@x").rcpt("c@x").data("x")
    .expect(250, "{first=b}").expect([452, 552]).label("second");
  const text = roundTrip(program.toDialogue());
  ok(text.endsWith("C: .\nS: 250 ${first=b}\n@step label=second\nS: {452|552}\n"), text);
  const { client } = await selfPlay(program.toDialogue());
  deepEqual([client.delivery, client.vars.first], ["partial", "b"]);
});

Deno.test("raw() has as many replies as are expected, or none", pure, () => {
  const program = hello.raw("NOOP\r\nRSET\r\n").expect(250).expect([250, 500]).raw(
    Uint8Array.of(0, 13, 10),
  );
  equal(
    tail(program, HELLO),
    "C|NOOP\\r\\nRSET\\r\\n\nS: 250\nS: {250|500}\nC|\\0\\r\\n\n",
  );
});

// Batches

Deno.test("batch() is one write before its replies", pure, () => {
  const program = hello.batch((b) =>
    b.mail("a@x").expect(250, "{a=1}").each(["b@x", "c@x"], (d, to) => d.rcpt(to)).noop()
  );
  equal(
    tail(program, HELLO),
    "C: MAIL FROM:<a@x>\nC: RCPT TO:<b@x>\nC: RCPT TO:<c@x>\nC: NOOP\n" +
      "S: 250 ${a=1}\nS: 2xx\nS: 2xx\nS: 2xx\n",
  );
  equal(program.data("x").captures.a, "string");
});

const BATCH =
  `${HELLO}C: MAIL FROM:<a@x>\nC: RCPT TO:<b@x>\nC: RCPT TO:<c@x>\nC: DATA\nS: 250 ok\n`;
const batched = hello.batch((b) =>
  b.mail("a@x").each(["b@x", "c@x"], (d, to) => d.rcpt(to).expect([250, 550]))
    .data("x").expect({ 250: "sent", 554: "refused" })
);

Deno.test.each<[answers: string, outcome: string, delivery: string]>([
  ["S: 250\nS: 250\nS: 354\nC: x\nC: .\nS: 250\n", "sent", "all"],
  ["S: 250\nS: 550\nS: 354\nC: x\nC: .\nS: 250\n", "sent", "partial"],
  ["S: 550\nS: 250\nS: 354\nC: x\nC: .\nS: 250\n", "sent", "partial"],
  ["S: 550\nS: 250\nS: 354\nC: x\nC: .\nS: 554\n", "refused", "none"],
  ["S: 550\nS: 550\nS: 354\nC: .\nS: 554\n", "refused", "none"], // a lone dot: RFC 2920 section 3.1
  ["S: 550\nS: 550\nS: 554\n", "refused", "none"],
])(
  "batch() sends content if a recipient was taken: %j",
  pure,
  async (answers, outcome, delivery) => {
    const result = await runAgainst(batched, BATCH + answers);
    deepEqual([result.outcome, result.delivery], [outcome, delivery]);
  },
);

Deno.test("batch() sends the last dot alone if every recipient must be refused", pure, () => {
  const program = hello.batch((b) => b.mail("a@x").rcpt("b@x").expect(550).data("x").expect(554));
  equal(
    tail(program, HELLO),
    "C: MAIL FROM:<a@x>\nC: RCPT TO:<b@x>\nC: DATA\nS: 2xx\nS: 550\n" +
      "@alt {\nS: 354\nC: .\nS: 554\n} or {\nS: 554\n}\n",
  );
});

Deno.test("batch() refuses what no dialogue can decide", pure, () => {
  const to = (count: number) => Array.from({ length: count }, (_, at) => `u${at}@x`);
  const many = (count: number) =>
    hello.batch((b) =>
      b.mail("a@x").each(to(count), (d, one) => d.rcpt(one).expect([250, 550])).data("x")
    );
  roundTrip(many(12).toDialogue());
  throws(() => many(13), { name: "RangeError", message: /too many recipients may be refused/ });
  // One that must be taken decides for all.
  hello.batch((b) =>
    b.mail("a@x").rcpt("sure@x").each(to(1000), (d, one) => d.rcpt(one).expect([250, 550]))
      .data("x")
  );
  throws(() => hello.batch((b) => b), { name: "RangeError" });
});

// Loops

Deno.test(
  "each() says the same for each item, and its holes come back as lists",
  pure,
  async () => {
    const program = hello.mail("a@x").each(
      [["b@x", 1], ["c@x", 2]] as const,
      (d, [to, n]) => d.rcpt(to).expect(250, `as {id=${to}} {n:int=${n}} of {all=two}`),
    ).data("x");
    equal(program.captures.id satisfies "strings", "strings");
    const { client, server } = await selfPlay(program.toDialogue());
    deepEqual({ ...client.vars }, { id: ["b@x", "c@x"], n: [1, 2], all: ["two", "two"] });
    deepEqual({ ...server.vars }, { ...client.vars });
    roundTrip(program.toDialogue());
  },
);

Deno.test("each() sees what was captured before it", pure, async () => {
  const program = hello.expect(250, "{host=mx}").each(
    ["a", "b"],
    (d, who) => d.vrfy(who).expect(252, "{host} has {one=x}"),
  ).vrfy("{host}");
  const { client } = await selfPlay(program.toDialogue());
  deepEqual({ ...client.vars }, { host: "mx", one: ["x", "x"] });
  ok(said(client).includes("C: VRFY mx"));
});

Deno.test("each() within each() makes one list", pure, async () => {
  const program = hello.each(
    [1, 2],
    (d, a) => d.each([3, 4], (e, b) => e.noop().expect(250, `{sum:int=${a * b}}`)),
  );
  const { client } = await selfPlay(program.toDialogue());
  deepEqual(client.vars.sum, [3, 4, 6, 8]);
});

Deno.test("each() keeps the program of a turn", pure, () => {
  throws(() => hello.each([], (d) => d), { name: "RangeError" });
  throws(() => hello.each([1, 2], () => hello), { name: "TypeError", message: /another program/ });
  throws(() => hello.each([1], (d) => d.expect(250)), { name: "TypeError" });
});

Deno.test("each() builds ten thousand turns", pure, () => {
  const items = Array.from({ length: 10_000 }, (_, at) => `u${at}`);
  const { steps } = hello.each(items, (d, who) => d.vrfy(who)).toDialogue();
  equal(steps.length, 3 + 2 * items.length);
});

// Functions

Deno.test("tap() looks at the reply before, once for each run", pure, async () => {
  const seen: unknown[] = [];
  const look = ({ code, lines }: DialogueReply) => void seen.push([code, ...lines]);
  const program = hello.tap(look).noop().tap(look).each([1, 2], (d) => d.rset().tap(look));
  const text = `${HELLO}C: NOOP\nS: 251 fine\nC: RSET\nS: 250 a\nC: RSET\nS: 250 b\n`;
  await runAgainst(program, text);
  deepEqual(seen, [[250, "localhost"], [251, "fine"], [250, "a"], [250, "b"]]);
});

Deno.test("tap() ends the run with what it throws", pure, async () => {
  const [connection, theirs] = memoryPair();
  const serving = load(HELLO).serve(theirs, { throwOnFailure: false });
  const program = hello.tap(() => Promise.reject(new RangeError("mine")));
  await rejects(program.run({ connection }), { name: "RangeError", message: "mine" });
  await serving;
});

const DROP = "@pop3\n@secret pass = p\nS: +OK\nC: USER u\nS: +OK\nC: PASS ${pass}\nS: +OK\n" +
  "C: LIST\nS: +OK\nS: 1 100\nS: 2 6000\nS: 5 7000\nS: .\n";

Deno.test.each<[dryRun: boolean, deletions: string]>([
  [false, "C: DELE 2\nS: +OK\nC: DELE 5\nS: +OK\n"],
  [true, ""],
])("eachMessage() decides while the session goes on; dryRun %s", pure, async (dryRun, text) => {
  const seen: unknown[] = [];
  const program = pop3().user("u").pass(secret("pass")).eachMessage((message) => {
    seen.push(message);
    return message.size > 5000 ? "dele" : "keep";
  }).quit();
  await runAgainst(program, `${DROP}${text}C: QUIT\nS: +OK\n`, {
    dryRun,
    secrets: { pass: new Secret("p") },
  });
  deepEqual(seen, [
    { number: 1, size: 100 },
    { number: 2, size: 6000 },
    { number: 5, size: 7000 },
  ]);
});

Deno.test("run() hands the steps to onStep as well", pure, async () => {
  const kinds: string[] = [];
  const [connection, theirs] = memoryPair();
  const serving = hello.serve(theirs);
  await hello.tap(() => {}).run({ connection, onStep: ({ kind }) => void kinds.push(kind) });
  deepEqual(kinds, ["reply", "line", "reply"]);
  await serving;
});

// Results

Deno.test("run() tells where it failed by counting the calls", pure, async () => {
  const program = smtp({ name: "counted" }).ehlo("me.example").noop().vrfy("a").expect(252);
  const [connection, theirs] = memoryPair();
  const text = `${HELLO}C: NOOP\nS: 250\nC: VRFY a\nS: 550 no\n`;
  const serving = load(text).serve(theirs, { throwOnFailure: false });
  const error = await program.run({ connection }).catch((caught: unknown) => caught);
  ok(error instanceof DialogueError);
  equal(error.result.name, "counted");
  deepEqual(error.result.failures[0]?.at, { file: "", line: 4, column: 1 });
  await serving;
});

Deno.test("run() resolves to what failed if it must not throw", pure, async () => {
  const program = hello.noop().expect(251).vrfy("a").expect(250, "{who}");
  const [connection, theirs] = memoryPair();
  const serving = load(`${HELLO}C: NOOP\nS: 250\n`).serve(theirs, { throwOnFailure: false });
  const result = await program.run({ connection, throwOnFailure: false });
  deepEqual([result.status, result.vars.who, result.outcome], ["failed", undefined, undefined]);
  await serving;
});

// What is refused

Deno.test.each<[what: string, build: () => unknown, message: RegExp]>([
  ["a second reply", () => hello.noop().expect(250).expect(250), /second reply to "NOOP"/],
  ["a reply to nothing", () => hello.pause("1s").expect(250), /nothing before has one/],
  ["a limit of nothing", () => hello.raw("x").within("1s"), /Cannot use within/],
  ["a label of nothing", () => hello.pause("1s").label("x"), /no reply/],
  ["offers of NOOP", () => hello.noop().caps({ has: ["SIZE"] }), /the reply to "NOOP"/],
  ["lines of STAT", () => opened.stat().lines(["1 2"]), /the reply to "STAT"/],
  [
    "lines of a refusal",
    () => opened.list().lines(["1 {n:int}"]).expect(["+OK", "-ERR"]).toText(),
    /may be a refusal/,
  ],
  ["no code", () => hello.expect([]), /no code/],
  ["a code beyond codes", () => hello.expect(600), /"600"/],
  ["an outcome that is no name", () => hello.expect({ 250: "a b" }), /"a b"/],
  ["a command of two lines [T-I42]", () => hello.command("NOOP\r\nRSET"), /control character/],
  ["a lone LF [T-I42]", () => hello.vrfy("a\nb"), /control character/],
  ["an empty command", () => hello.command(" "), /empty/],
  ["an address that ends its path", () => hello.mail("a> SIZE=1 <"), /would end before/],
  ["an address of two words", () => hello.mail("a b"), /would end before/],
  ["no recipient", () => hello.mail(null).rcpt(""), /empty/],
  ["a parameter of two words", () => hello.mail("a@x", "A B"), /one word/],
  ["a name of two words", () => smtp().ehlo("a b"), /one word/],
  ["a hole without an end", () => hello.expect(250, "{a"), /no end/],
  ["a hole that is no name", () => hello.expect(250, "{b64 x}"), /no hole/],
  ["a number with another sample", () => hello.expect(250, "{n:int=a}"), /no number/],
  ["NUL in a message", () => addressed.data("a\0b"), /NUL is not text/],
  ["no octets", () => hello.raw(""), /no octets/],
  ["message zero", () => opened.dele(0), /integer from 1/],
  ["half a line", () => opened.top(1, 0.5), /integer from 0/],
  ["half a second", () => hello.pause("1.5s"), /"1.5s"/],
  ["a name that is none", () => secret("1st"), /"1st"/],
  ["a sample of two lines [T-I42]", () => secret("a", { sample: "b\r\n" }), /control character/],
  [
    "a secret in an expectation [T-I45]",
    () => opened.stat().expect("+OK", "{pass}"),
    /name of a login/,
  ],
  [
    "a secret that is a hole",
    () => pop3().expect("+OK", "{pass}").user("u").pass(secret("pass")),
    /a hole has this name/,
  ],
  [
    "a secret of two samples",
    () =>
      hello.auth("PLAIN", { user: "u", password: secret("p", { sample: "a" }) })
        .auth("PLAIN", { user: "u", password: secret("p", { sample: "b" }) }),
    /two samples/,
  ],
])("a program refuses %s", pure, (_, build, message) => {
  throws(build, { message });
});

Deno.test("expect() sees that holes agree where the compiler cannot", pure, () => {
  const text: string = "{n}";
  throws(() => hello.expect(250, "{n:int}").noop().expect(250, text), {
    name: "TypeError",
    message: 'Cannot capture "n" as a string: it is a number already',
  });
});

Deno.test("auth() names each user once", pure, () => {
  const password = secret("pass");
  const program = hello.expect(250, "{user=me}")
    .auth("PLAIN", { user: "ann", password }).expect(535)
    .auth("LOGIN", { user: "ben", password }).expect(535)
    .auth("CRAM-MD5", { user: "ann", password });
  ok(
    roundTrip(program.toDialogue()).startsWith("@smtp\n@var user2 = ann\n@var user3 = ben\n"),
  );
});

Deno.test("captured text is never read as a hole [T-I42]", pure, async () => {
  const program = smtp().expect(220, "{host}").ehlo("me").vrfy("{host}");
  const result = await runAgainst(
    program,
    "S: 220 $${user\nC: EHLO me\nS: 250 mx\nC: VRFY $${user\nS: 252\n",
  );
  equal(result.vars.host, "${user");
});

// load()

Deno.test("load() plays a text or a form, and binds what it is given", pure, async () => {
  const text = "@smtp\nS: 220 ${host=mx}\nC: EHLO ${me}\nS: 250 ${host}\n";
  const dialogue = load(text, { file: "a.dialogue", name: "a" });
  equal(dialogue.toDialogue().name, "a");
  deepEqual(
    withoutPlaces(load(parseDialogue(text)).toDialogue().steps),
    withoutPlaces(dialogue.toDialogue().steps),
  );
  const named = dialogue.with({ me: "me.example" });
  equal(named.toText(), `@smtp\n@name a\n@var me = me.example\n${text.slice(6)}`);
  equal(dialogue.toDialogue().vars.me, undefined);
  const { client } = await playBoth(named.toDialogue(), named.with({ host: "other" }).toDialogue());
  equal(client.vars.host, "other");
  throws(() => load("x.dialogue"), { name: "DialogueSyntaxError" });
});

Deno.test(
  "load() binds no secret, and nothing that is more than a line [T-I42] [T-I45]",
  pure,
  () => {
    const dialogue = load("@pop3\n@secret p\nS: +OK\nC: PASS ${p}\nS: +OK\n");
    throws(() => dialogue.with({ p: "x" }), { message: 'Cannot bind "p": it is a secret' });
    throws(() => dialogue.with({ a: "x\r\nQUIT" }), { message: /control character/ });
    throws(() => dialogue.with({ "a b": "x" }), { message: /"a b"/ });
  },
);

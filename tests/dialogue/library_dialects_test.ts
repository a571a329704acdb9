/** The sessions of RFCs in their own notations, against the shipped dialogues that we typed. */

import { deepEqual, equal, ok } from "node:assert/strict";
import {
  type Dialogue,
  type DialogueDialect,
  type DialogueResult,
  importDialogues,
  printDialogue,
} from "../../src/dialogue/mod.ts";
import { alone, choicesOf, shipped, shippedAs } from "./library.ts";
import { said } from "./played.ts";
import { checkPage, linesOf } from "./seeds_check.ts";

const FOLDER = "tests/fixtures/dialects";
const reading = { permissions: { read: ["tests"] } };

/** The pages with their sessions, as we typed them. */
const PAGES: [page: string, sessions: string[]][] = [
  ["rfc5321_d", ["_d1", "_d2", "_d3_source", "_d3_relay", "_d4"].map((name) => `rfc5321${name}`)],
  [
    "rfc821_f",
    [
      ...["f1", "f2", "f3_source", "f3_relay", "f4", "f5", "f6", "f7_first", "f7_second"],
      ...["f7_relay", "f8", "f9_first", "f9_second", "f10"],
    ].map((name) => `rfc821_${name}`),
  ],
  [
    "rfc1939",
    [
      ...["10", "stat", "list", "retr", "dele", "top", "uidl", "user", "pass"],
    ].map((name) => `rfc1939_${name}`),
  ],
  ["rfc2645", ["rfc2645_atrn"]],
  ["rfc2920", ["plain", "batch", "refused", "lone_dot"].map((name) => `rfc2920_${name}`)],
  ["rfc3030", ["rfc3030_simple"]],
  ["rfc3207", ["rfc3207_starttls"]],
  ["rfc3461", ["rfc3461_submission"]],
  ["rfc4954", ["plain_initial", "plain", "cram", "external"].map((name) => `rfc4954_${name}`)],
];

/** What the shipped file has otherwise: the lines of the page, and ours. */
const DIFFERENCES: Readonly<Record<string, readonly [page: string[], ours: string[]]>> = {
  // A reply without a code is an importer's finding; ours has it.
  rfc821_f9_second: [["S: 2xx OK"], []],
  rfc3207_starttls: [[], ["S! STARTTLS"]],
  // The RFC has a blank in its paths, and leaves the message out.
  rfc2645_atrn: [
    ["S: MAIL FROM: <Lester.Tester@dot.foo.bar>", "S: RCPT TO: <l.eva.msg@example.com>"],
    [
      "S: MAIL FROM:<Lester.Tester@dot.foo.bar>",
      "S: RCPT TO:<l.eva.msg@example.com>",
      ...["S: DATA", "C: 354 go ahead", "S: Subject: for the domains", "S:"],
      ...["S: held until you asked", "S: .", "C: 250 delivered"],
    ],
  ],
  // The RFC leaves the message out.
  rfc3461_submission: [[], ["C: Subject: to six", "C:"]],
  rfc4954_plain_initial: [[], ["C: QUIT", "S: 221 2.0.0 Bye"]],
  rfc4954_plain: [[], ["@fragment", "C: STARTTLS", "S: 220 Ready to start TLS"]],
  rfc4954_cram: [[], ["C: QUIT", "S: 221 2.0.0 Bye"]],
  rfc4954_external: [["@auth EXTERNAL user pass"], [
    ...["C: AUTH EXTERNAL =", "C: QUIT", "S: 221 2.0.0 Bye"],
  ]],
  rfc1939_10: [
    ["S: +OK POP3 server ready ${stamp=<1896.697170952@dbc.mtview.ca.us>}", "C: <close>"],
    ["S: +OK ${server=ready} ${stamp=<1896.697170952@dbc.mtview.ca.us>}"],
  ],
  rfc1939_stat: [["S: +OK 2 320"], ["S: +OK ${count:int=2} ${octets:int=320}"]],
  rfc1939_dele: [
    ["C: DELE 2", "S: -ERR message 2 already deleted"],
    ["S: -ERR message 1 already deleted", "C: RSET", "S: +OK maildrop has 2 messages (320 octets)"],
  ],
  rfc1939_user: [["@fragment", "C: USER ${user}"], [
    ...["S: +OK POP3 server ready", "C: USER mrose"],
    ...["C: QUIT", "S: +OK dewey POP3 server signing off"],
  ]],
  rfc1939_pass: [["@fragment", "C: USER mrose"], [
    ...["S: +OK POP3 server ready", "C: QUIT", "S: +OK dewey POP3 server signing off"],
  ]],
};

/** The lines of a dialogue. Credentials are samples in both, but not the same ones. */
function linesIn(dialogue: Dialogue): readonly string[] {
  return printDialogue({ ...dialogue, name: "", vars: {} }).split("\n")
    .filter((line) => !line.startsWith("@secret "));
}

Deno.test.each(PAGES)("importDialogues() reads %s.txt as we did", reading, async (page, names) => {
  const text = await Deno.readTextFile(`${FOLDER}/${page}.txt`);
  const sessions = importDialogues(text);
  equal(sessions.length, names.length);
  for (const [index, name] of names.entries()) {
    const session = sessions[index];
    ok(session);
    const [theirs, ours] = [session.dialogue, shippedAs(name).dialogue].map(linesIn);
    const [page, shipped] = DIFFERENCES[name] ?? [[], []];
    const only = (some: readonly string[] = [], others: readonly string[] = []) =>
      some.filter((line) => !others.includes(line));
    deepEqual([only(theirs, ours), only(ours, theirs)], [page, shipped]);
    if (DIFFERENCES[name] === undefined) deepEqual(theirs, ours);
  }
});

Deno.test.each(PAGES.map(([page]): [string] => [page]))(
  "the sessions of %s.txt play in every way there is",
  async (page) => {
    const file = `${page}.txt`;
    const text = await Deno.readTextFile(`${FOLDER}/${file}`);
    for (const [, checked] of await checkPage({ file, text })) {
      deepEqual(checked.filter(({ problem }) => problem !== undefined), []);
    }
  },
);

Deno.test.each([
  ["rfc5321_d", 57, 55],
  ["rfc821_f", 133, 119],
])(
  "importDialogues() misses no line of %s.txt: %d of the client, %d of the server",
  reading,
  (page, client, server) => {
    const text = Deno.readTextFileSync(`${FOLDER}/${page}.txt`);
    const counts = importDialogues(text).map(({ dialogue }) => linesOf(dialogue));
    const sum = (index: 0 | 1) => counts.reduce((all, count) => all + count[index], 0);
    deepEqual([sum(0), sum(1)], [client, server]);
  },
);

/** How a line that an end has said is shown. */
const NOTATIONS: readonly [
  dialect: DialogueDialect,
  show: (end: string, text: string) => string,
][] = [
  ["rfc5321", (end, text) => `   ${end}: ${text}`],
  ["rfc821", (end, text) => `   ${end === "C" ? "S" : "R"}: ${text}`],
  ["rfc3461", (end, text) => `${end === "C" ? ">>>" : "<<<"} ${text}`],
  ["swaks", (end, text) => `${end === "C" ? " ->" : "<- "} ${text}`],
];

/** What those notations cannot show, or show otherwise. */
const LOST: Readonly<Record<string, string>> = {
  pop3_no_apop: "a name at a login becomes a sample",
  pop3_refused: "one line alone is no session",
  rfc1939_user: "a name at a login becomes a sample",
  rfc4954_external: "an empty initial response becomes @auth",
};

/** Each line of a session, with its end. */
function linesSaid(result: DialogueResult): readonly (readonly [end: string, text: string])[] {
  return said(result).flatMap((line) => {
    const [, end = "", text = ""] = /^([CS]): (.*)$/s.exec(line) ?? [];
    return end === "" ? [] : text.split("\r\n").map((part) => [end, part.trimEnd()] as const);
  });
}

/** Whether a session is nothing but lines that anybody may read. */
function isPlain({ secrets, steps }: Dialogue): boolean {
  return secrets.length === 0 &&
    steps.every(({ kind }) => !["turn", "tls", "bytes"].includes(kind));
}

Deno.test.each(NOTATIONS)(
  "importDialogues() reads what was said in each shipped dialogue from the notation of %s",
  reading,
  async (dialect, show) => {
    const plain = shipped().filter(({ name, dialogue }) =>
      isPlain(dialogue) && !Object.hasOwn(LOST, name)
    );
    ok(plain.length > 50);
    for (const { name, dialogue } of plain) {
      const lines = linesSaid((await alone(dialogue, choicesOf(dialogue)[0])).client);
      const page = lines.map(([end, text]) => show(end, text).trimEnd()).join("\n");
      const sessions = importDialogues(`${page}\n`, { dialect });
      equal(sessions.length, 1, name);
      const [session] = sessions;
      ok(session);
      const again = linesSaid((await alone(session.dialogue)).client);
      // Where the page ends before QUIT, the engine says it.
      deepEqual(again.slice(0, lines.length), lines, name);
    }
  },
);

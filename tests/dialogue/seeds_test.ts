import {
  type Dialogue,
  type DialogueStep,
  dialogueToJson,
  importDialogues,
  type ImportedDialogue,
  lintDialogue,
  printDialogue,
  printMarkdown,
  selfPlay,
} from "@mailwright/mailwright";
import { deepEqual, equal, ok } from "node:assert/strict";
import { roundTrip } from "./same.ts";

const reading = { permissions: { read: ["."] } };

function page(name: string): string {
  return Deno.readTextFileSync(`tests/fixtures/seeds/${name}.txt`);
}

function session(name: string, index = 0, repair = false): ImportedDialogue {
  const found = importDialogues(page(name), { file: `${name}.txt`, repair })[index];
  ok(found);
  return found;
}

/** All steps, those of blocks too; `other` leaves out all arms but the first. */
function allSteps(steps: readonly DialogueStep[], others: boolean): readonly DialogueStep[] {
  return steps.flatMap((step) =>
    step.kind === "block"
      ? step.arms.slice(0, others ? undefined : 1).flatMap((arm) => allSteps(arm, others))
      : [step]
  );
}

/** How many lines each end says where the first arm is taken. */
function lineCounts({ steps }: Dialogue): [client: number, server: number] {
  let client = 0;
  let server = 0;
  for (const step of allSteps(steps, false)) {
    if (step.kind === "line") client++;
    if (step.kind !== "reply") continue;
    const [first] = step.lines;
    // The dot of a body is a line too.
    const dot = first?.kind === "line" && first.more && first.code[0] === "+OK" ? 1 : 0;
    server += step.lines.length + dot;
  }
  return [client, server];
}

function findings({ findings }: ImportedDialogue): string[] {
  return findings.filter(({ level }) => level !== "note").map(({ id, at }) => `${at.line} ${id}`);
}

const SESSIONS: [string, number, number, number, string, string[]][] = [
  ["sina", 0, 9, 9, "telnet", ["11 auth-before-ehlo", "20 unsolicited-reply"]],
  ["sina_indented", 0, 9, 9, "telnet", [
    "10 auth-before-ehlo",
    "19 unsolicited-reply",
    "20 path-without-brackets",
    "22 path-without-brackets",
  ]],
  ["rfc821", 0, 8, 6, "rfc821", ["12 eight-bit-content"]],
  ["postfix_winmail", 0, 18, 20, "telnet", []],
  ["postfix_winmail", 1, 9, 34, "telnet", ["90 count-mismatch", "94 top-without-lines"]],
];

Deno.test.each(SESSIONS)(
  "importDialogues() reads %s.txt, session %d: %d lines of the client, %d of the server",
  reading,
  (name, index, client, server, dialect, expected) => {
    const found = session(name, index);
    deepEqual(lineCounts(found.dialogue), [client, server]);
    equal(found.dialect, dialect);
    deepEqual(findings(found), expected);
    roundTrip(found.dialogue);
    roundTrip(session(name, index, true).dialogue);
  },
);

Deno.test.each(
  SESSIONS.flatMap(([name, index]) =>
    ["ok", "badPassword"].map((outcome): [string, number, string] => [name, index, outcome])
  ),
)(
  "selfPlay() plays %s.txt, session %d, to the outcome %s",
  reading,
  async (name, index, outcome) => {
    for (const options of [{}, { repair: true }, { portable: true }]) {
      const found = importDialogues(page(name), options)[index];
      ok(found);
      const arms = found.dialogue.steps.some(({ kind }) => kind === "block");
      const { client, server } = await selfPlay(found.dialogue, arms ? { outcome } : {});
      deepEqual([client.status, server.status], ["passed", "passed"]);
      equal(client.outcome, arms ? outcome : undefined);
    }
  },
);

Deno.test("importDialogues() finds as many sessions as a page has", reading, () => {
  const counts = ["sina", "sina_indented", "codes", "rfc821", "postfix_winmail"]
    .map((name) => importDialogues(page(name)).length);
  deepEqual(counts, [1, 1, 0, 1, 2]);
});

Deno.test(
  "importDialogues() finds all sessions of a page that has several notations",
  reading,
  () => {
    const whole = `${page("rfc821")}\n${page("postfix_winmail")}\n${page("codes")}`;
    deepEqual(
      importDialogues(whole).map(({ dialect, dialogue }) => `${dialect} ${dialogue.protocol}`),
      ["rfc821 smtp", "telnet smtp", "telnet pop3"],
    );
  },
);

// Spec section 6, step 7: what the pages show as logins.
const SHOWN = ["c2FtcGxlc0BtYWlsLmV4", "xxxxxxxx", "YW5uaWVAbXguZXhhbXBsZQ==", "b3BlbnNleg=="];
const DECODED = ["samples@mail.ex", "annie@mx.example", "opensez"];

Deno.test.each(SESSIONS.map(([name, index]): [string, number] => [name, index]))(
  "importDialogues() leaves no credential of %s.txt, session %d, in what it gives [T-I45]",
  reading,
  (name, index) => {
    for (const repair of [false, true]) {
      const found = session(name, index, repair);
      const written = [
        printDialogue(found.dialogue),
        dialogueToJson(found.dialogue),
        printMarkdown([found.dialogue]),
        JSON.stringify(found.notes),
        JSON.stringify(found.findings),
      ].join("\n");
      for (const word of [...SHOWN, ...DECODED, "username", "pass password"]) {
        ok(!written.toLowerCase().includes(word.toLowerCase()), `${word} is still there`);
      }
    }
  },
);

Deno.test(
  "importDialogues() reads sina.txt verbatim; a repair drops the second 235",
  reading,
  () => {
    const { dialogue } = session("sina");
    const text = printDialogue({ ...dialogue, name: "" });
    equal(
      text,
      `@smtp
@var user = user@example.test
@secret pass = open sesame
S: 220 smtp ready
C: auth login
S: 334 VXNlcm5hbWU6
C: \${b64 user}
S: 334 UGFzc3dvcmQ6
C: \${b64 pass}
S: 235 go ahead
S: 235 #2.0.0 OK Authenticated
C: MAIL FROM:<sample01@a.example>
S: 250 sender <sample01@a.example> ok
C: RCPT to:<friendly@b.example>
S: 250 recipient <friendly@b.example> ok
C: DATA
S: 354 go ahead
C: Subject: Hi smtp mail
C: hello mail
C: .
S: 250 ok:  Message 1234567890 accepted
`,
    );
    const repaired = printDialogue({ ...session("sina", 0, true).dialogue, name: "" });
    equal(repaired, text.replace("S: 235 #2.0.0 OK Authenticated\n", ""));
  },
);

Deno.test(
  "importDialogues() keeps the bare paths of sina_indented.txt; a repair adds brackets",
  reading,
  () => {
    ok(
      printDialogue(session("sina_indented").dialogue).includes(
        "C: MAIL FROM: sample01@a.example\n",
      ),
    );
    const repaired = session("sina_indented", 0, true).dialogue;
    ok(printDialogue(repaired).includes("C: RCPT to:<friendly@b.example>\n"));
    deepEqual(
      lintDialogue(repaired).filter(({ level }) => level === "warning").map(({ id }) => id),
      [
        "auth-before-ehlo",
      ],
    );
  },
);

Deno.test(
  "importDialogues() takes S: of rfc821.txt for the client, and a dot for what it is",
  reading,
  () => {
    const { dialogue } = session("rfc821");
    equal(dialogue.fragment, true);
    const content = dialogue.steps.flatMap((step) =>
      step.kind === "line" && step.content ? [step.template] : []
    );
    deepEqual(content.at(-1), [{ kind: "text", text: "." }]);
    deepEqual(content[1], [{ kind: "text", text: "...等等 " }]);
    deepEqual(
      lintDialogue(dialogue).map(({ id, level }) => `${id} ${level}`),
      ["dot-unstuffed note", "eight-bit-content warning"],
    );
  },
);

Deno.test("importDialogues() makes arms of what stands in parentheses", reading, () => {
  for (const [index, refusal] of [[0, "535"], [1, "-ERR"]] as const) {
    const { dialogue } = session("postfix_winmail", index);
    const [block, more] = dialogue.steps.filter(({ kind }) => kind === "block");
    equal(more, undefined);
    ok(block?.kind === "block" && block.how === "alt" && block.arms.length === 2);
    const [[first] = [], [other, outcome] = []] = block.arms;
    equal(first?.kind === "reply" && first.lines.length, 1);
    ok(other?.kind === "reply" && other.lines[0]?.kind === "line");
    deepEqual(other.lines[0].code, [refusal]);
    ok(outcome?.kind === "outcome");
    equal(outcome.name, "badPassword");
  }
});

Deno.test(
  "importDialogues() keeps AUTH and AUTH= of postfix_winmail.txt, no debris, no comments",
  reading,
  () => {
    const text = printDialogue(session("postfix_winmail").dialogue);
    ok(text.includes("S: 250-AUTH LOGIN PLAIN\nS: 250-AUTH=LOGIN PLAIN\n"));
    ok(text.includes("S: 250 OK: queued as 2F6DE3929\n"));
    ok(
      text.includes(
        "S: 220 localhost ESMTP Postfix - by ExtMail\nC: helo one.test\nS: 250 localhost\n",
      ),
    );
    for (const { dialogue } of importDialogues(page("postfix_winmail"))) {
      equal(/[^ -~\n]|---|===/.test(printDialogue(dialogue)), false);
    }
  },
);

Deno.test("importDialogues() gives the page's TOP 1 a number when it repairs", reading, () => {
  ok(printDialogue(session("postfix_winmail", 1).dialogue).includes("C: top 1\n"));
  ok(printDialogue(session("postfix_winmail", 1, true).dialogue).includes("C: top 1 0\n"));
});

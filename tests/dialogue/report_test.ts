import { deepEqual, equal, match, ok } from "node:assert/strict";
import { type DialogueResult, failureText, reportOf, reportText } from "../../src/dialogue/mod.ts";
import { against } from "./played.ts";

const SOURCE =
  "@smtp\n@name partial\nS: 220 mx\n\n\n\n\n\n\nC: RCPT TO:<green@beta.example>\nS: 550 No such user here\n";

async function failed(): Promise<DialogueResult> {
  const { client } = await against(
    SOURCE,
    SOURCE.replace("550 No such user here", "450 4.2.1 try later"),
  );
  return client;
}

Deno.test("failureText() shows the line with a caret, and what was said", async () => {
  const [failure] = (await failed()).failures;
  equal(
    failure && failureText({ ...failure, waitedMs: 3 }, SOURCE),
    [
      "error[reply-code]: expected 550, server said 450",
      "  --> client.dialogue:11:4",
      "   |",
      "10 | C: RCPT TO:<green@beta.example>",
      "11 | S: 550 No such user here",
      '   |    ^^^ "450 4.2.1 try later" after 3 ms',
      "",
    ].join("\n"),
  );
  match(failure ? failureText(failure) : "", /11:4\n {3}= "450 4\.2\.1 try later" after 0 ms\n$/);
});

Deno.test("failureText() shows what was waited for where nothing was said", async () => {
  const text = "@smtp\nS: 220 mx\nC: NOOP\nS: 250\n";
  const { client } = await against(text, text.replace("S: 250", "C: RSET"));
  const [failure] = client.failures;
  match(
    failure ? failureText(failure, text) : "",
    /\^ nothing complete within 30 s after 30000 ms\n$/,
  );
});

Deno.test("failureText() escapes what a peer says", async () => {
  const { client } = await against(
    SOURCE,
    SOURCE.replace("S: 550 No such user here", "S|450 \\x1b[2J\\r\\n"),
  );
  const [failure] = client.failures;
  match(failure ? failureText(failure, SOURCE) : "", /\\x1b\[2J/);
});

Deno.test("reportText() has a line for each, then the failures, then totals", async () => {
  const { client: passed, server } = await against(SOURCE, SOURCE);
  const skipped: DialogueResult = { ...passed, status: "skipped" };
  const text = reportText([passed, server, await failed(), skipped], { "client.dialogue": SOURCE });
  const lines = text.split("\n");
  deepEqual(lines.slice(0, 5), [
    "ok   partial 0 ms",
    "ok   partial (server) 0 ms",
    "FAIL partial 0 ms",
    "SKIP partial 0 ms",
    "",
  ]);
  equal(lines.at(-2), "4 dialogues: 2 passed, 1 failed, 1 skipped");
});

Deno.test("reportOf() has the form that is promised", async () => {
  const { schema, dialogues } = reportOf([await failed()]);
  equal(schema, "mailwright-dialogue-report/1");
  deepEqual(Object.keys(dialogues[0] ?? {}), [
    "file",
    "name",
    "role",
    "status",
    "delivery",
    "ms",
    "failures",
    "recipients",
    "vars",
  ]);
  deepEqual(dialogues[0]?.failures.map((failure) => ({ ...failure })), [{
    id: "reply-code",
    expected: "550",
    actual: "450",
    at: { file: "client.dialogue", line: 11, column: 4 },
    after: "RCPT TO:<green@beta.example>",
    waitedMs: 0,
  }]);
  equal(dialogues[0]?.recipients[0]?.reply.code, 450);
});

Deno.test("failureText() shows a page escaped and cut, the caret below its character", async () => {
  const [failure] = (await failed()).failures;
  ok(failure !== undefined);
  const page = `\x1b[2J\n\u3000国\x07 550 no\n${"a".repeat(5_000)}\n`;
  const shown = (line: number, column: number) =>
    failureText({ ...failure, at: { file: "page.txt", line, column } }, page).split("\n");
  const lines = shown(2, 5);
  equal(lines[3], "1 | \\x1b[2J");
  equal(lines[4], "2 | \u3000国\\x07 550 no");
  equal(lines[5]?.startsWith("  | \u3000\u3000     ^^^ "), true);
  ok(shown(3, 1).every((line) => line.length < 300));
  const marks = failureText(
    { ...failure, at: { file: "", line: 1, column: 7 } },
    "e\u0301 \u{1f642} 550\n",
  );
  match(marks, /\n {2}\| {3}\u3000 \^\^\^ /);
});

Deno.test("failureText() says once what is offered of a capability, and not how a list begins", async () => {
  const text = "@smtp\nS: 220 mx\nC: EHLO me\nS: 250-mx\nS: 250 SIZE 10\n";
  const { client } = await against(text.replace("10", "20"), text);
  const [failure] = client.failures;
  ok(failure !== undefined);
  match(failureText(failure, text), /\n {2}\| +\^+ after \d+ ms\n$/);
});

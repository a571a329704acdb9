import { deepEqual, equal, match, throws } from "node:assert/strict";
import { parseMessageFile, type WrittenSpec } from "../../../src/jobs/bulk/message/message_spec.ts";

const PURE = { permissions: "none" } as const;

function parsed(text: string, file = "m.md") {
  return parseMessageFile(new TextEncoder().encode(text), file);
}

/** A file with these lines as its front matter. */
function withTop(...lines: readonly string[]): string {
  return `---\nfrom: a@b.example\nsubject: Hello\n${lines.join("\n")}\n---\nText\n`;
}

function written(text: string): WrittenSpec {
  const spec = parsed(text);
  if (spec.kind !== "written") throw new Error("Cannot happen: it is no raw message");
  return spec;
}

Deno.test("parseMessageFile() reads every key, in the forms that people write", PURE, () => {
  deepEqual(
    written([
      "---",
      "# who",
      "from: News <news@here.example>",
      `subject: "Hello {{name}}: \\"today\\" \\u2713"`,
      "reply-to: 'it''s me <me@here.example>'",
      "html: in/welcome.html  ",
      `attachments: [a.pdf, "b, c.pdf", 'd.pdf']`,
      "",
      "headers:",
      "  X-Campaign: spring 2026",
      "  # why",
      `  X-Link: "https://x.example/#1"`,
      "---",
      "Dear {{name}},",
      "---",
      "here.",
    ].join("\r\n")),
    {
      kind: "written",
      from: "News <news@here.example>",
      subject: 'Hello {{name}}: "today" ✓',
      replyTo: "it's me <me@here.example>",
      text: "Dear {{name}},\r\n---\r\nhere.",
      html: "in/welcome.html",
      attachments: ["a.pdf", "b, c.pdf", "d.pdf"],
      headers: [["X-Campaign", "spring 2026"], ["X-Link", "https://x.example/#1"]],
    },
  );
  for (const indent of ["", "  "]) {
    const lines = ["attachments:", `${indent}- a.pdf`, `${indent}- "b.pdf"`];
    deepEqual(written(withTop(...lines)).attachments, ["a.pdf", "b.pdf"]);
  }
  deepEqual(written(withTop("attachments: []")).attachments, []);
  equal(written("---\nfrom: a@b.example\nsubject: x\nhtml: h.html\n---\n").text, "");
});

Deno.test.each(
  [
    ["subject: again", 4, /"subject" is there already/],
    ["cc: x@y.example", 4, /"cc" is no key, expected from, subject/],
    ["Html: x", 4, /"Html" is no key/],
    ["html", 4, /expected "key: value"/],
    ["html:", 4, /it has no value/],
    ["html: {{x}}.html", 4, /YAML reads this as something else: put it into double quotes/],
    ["html: a: b", 4, /YAML reads this as something else/],
    ["html: a #1", 4, /YAML reads this as something else/],
    ["html: *a", 4, /YAML reads this as something else/],
    ["html: null", 4, /this is no text/],
    ['html: "a', 4, /the quoted text does not end/],
    ["html: 'a' b", 4, /the quoted text does not end/],
    ['html: "a\\x41"', 4, /the quoted text does not end/],
    ["html: [a]", 4, /"html" is one text/],
    ["attachments: a.pdf", 4, /attachments are a list/],
    ["attachments: [a.pdf", 4, /a list ends in "\]"/],
    ["attachments: [a.pdf,, b.pdf]", 4, /one comma each/],
    ["attachments:\n  - a.pdf\n - b.pdf", 6, /not indented by as many blanks/],
    ["headers: [a]", 4, /headers are name: value/],
    ["headers:\n  X-A: 1\n  - b", 6, /expected "name: value"/],
    ["headers:\n  X A: 1", 5, /expected "name: value"/],
    ["headers:\n  X-A:", 5, /it has no value/],
    ["\thtml: x", 4, /expected "key: value"/],
  ] as const,
)("parseMessageFile() refuses %j with its line", PURE, (top, line, wanted) => {
  throws(() => parsed(withTop(top)), (error: unknown) => {
    match(`${error}`, wanted);
    match(
      `${error}`,
      new RegExp(`^MessageFileError: Cannot use the message "m\\.md": line ${line}: `),
    );
    return true;
  });
});

Deno.test(
  "parseMessageFile() wants a beginning, an end, a sender, a subject and a text",
  PURE,
  () => {
    throws(() => parsed("Dear all,\n"), /line 1: expected "---"/);
    throws(() => parsed("---\nfrom: a@b.example\n"), /the second "---" is missing/);
    throws(() => parsed("---\nsubject: x\n---\ny\n"), /"from:" is missing/);
    throws(() => parsed("---\nfrom: a@b.example\n---\ny\n"), /"subject:" is missing/);
    throws(() => parsed("---\nfrom: a@b.example\nsubject: x\n---\n \n"), /it says nothing/);
    throws(() => parseMessageFile(Uint8Array.of(0xff, 0xfe), "m.md"), /it is not UTF-8/);
  },
);

Deno.test("parseMessageFile() leaves a raw message alone [T-I26]", PURE, () => {
  const text = "Received: x\r\nFrom: Ann <ann@here.example>\r\n\r\nHello\r\n";
  const spec = parsed(text, "x.EML");
  equal(spec.kind === "raw" && new TextDecoder().decode(spec.octets), text);
  equal(spec.from, "ann@here.example");
});

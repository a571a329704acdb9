import { deepEqual, equal } from "node:assert/strict";
import { etrnOutcome, mailboxesOf } from "../../src/smtp/answers.ts";
import { SmtpReply } from "../../src/smtp/reply.ts";

const PURE = { permissions: "none" } as const;

function seen(...lines: string[]): string[] {
  return mailboxesOf(new SmtpReply(250, lines)).map(({ name, address }) =>
    name === undefined ? `${address}` : `${name} | ${address}`
  );
}

Deno.test("mailboxesOf() reads one mailbox from each line", PURE, () => {
  deepEqual(
    seen(
      "2.1.5 Ann Other <ann@mail.example>",
      "<ben@mail.example>",
      "carol@mail.example",
      '"Doe, Dan" <dan@MAIL.example>',
      "User not local; will forward to <eve@other.example>",
      "  Fay <fay@[192.0.2.1]>  ",
    ),
    [
      "Ann Other | ann@mail.example",
      "ben@mail.example",
      "carol@mail.example",
      '"Doe, Dan" | dan@mail.example',
      "User not local; will forward to | eve@other.example",
      "Fay | fay@[192.0.2.1]",
    ],
  );
});

Deno.test("mailboxesOf() leaves out lines without an address", PURE, () => {
  deepEqual(
    seen("", "Cannot VRFY user, but will try", "<>", "a <b", "a>", "<a@b\x1b.example>"),
    [],
  );
  deepEqual(seen("x <a@b.example> y", "<a@b.example>\r"), ["a@b.example"]);
});

Deno.test("mailboxesOf() takes no longer for a line of brackets", PURE, () => {
  deepEqual(seen(`${"<".repeat(8000)}>`, `${" ".repeat(8000)}<>`, ">".repeat(8000)), []);
});

Deno.test.each([
  { code: 250, outcome: "started" },
  { code: 251, outcome: "nothing-waits" },
  { code: 252, outcome: "started" },
  { code: 253, outcome: "started" },
  { code: 259, outcome: "started" },
  { code: 458, outcome: "unable" },
  { code: 459, outcome: "not-allowed" },
  { code: 421, outcome: "refused" },
  { code: 500, outcome: "refused" },
])("etrnOutcome() of $code is $outcome", PURE, ({ code, outcome }) => {
  equal(etrnOutcome(new SmtpReply(code, ["text"])), outcome);
});

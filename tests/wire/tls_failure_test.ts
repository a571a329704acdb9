import { equal, ok } from "node:assert/strict";
import type { TlsFailure } from "../../src/wire/mod.ts";
import { explainTls } from "../../src/wire/tls_failure.ts";

const pure = { permissions: "none" } as const;

// What a listener of the tests cannot be made to provoke; the rest is in dial_test.ts.
Deno.test.each([
  ["invalid peer certificate: Expired", "expired", "its certificate has expired"],
  [
    "invalid peer certificate: NotValidForName",
    "wrong-name",
    "its certificate is for another name",
  ],
  ["invalid peer certificate: NotValidYet", "not-yet-valid", "its certificate is not valid yet"],
  ["invalid peer certificate: Revoked", "bad-certificate", "its certificate has been revoked"],
  [
    "invalid peer certificate: BadSignature",
    "bad-certificate",
    "its certificate is not acceptable",
  ],
  ["something new", "handshake", "something new"],
] as [string, TlsFailure, string][])(
  "explainTls() knows %j [T-S13]",
  pure,
  (text, failure, words) => {
    const cause = new Deno.errors.InvalidData(text);
    const error = explainTls(cause, "mail.example");
    equal(error.failure, failure);
    equal(error.message, `Cannot start TLS with "mail.example": ${words}`);
    equal(error.cause, cause);
  },
);

Deno.test("explainTls() takes every way to be gone for a closed connection [T-S10]", pure, () => {
  const { BrokenPipe, ConnectionReset, NotConnected, UnexpectedEof } = Deno.errors;
  for (const Gone of [BrokenPipe, ConnectionReset, NotConnected, UnexpectedEof]) {
    const error = explainTls(new Gone("gone"), "mail.example");
    equal(error.failure, "closed");
    equal(error.temporary, true);
  }
});

Deno.test("explainTls() shows the names of a certificate escaped and cut", pure, () => {
  const names = Array.from({ length: 100 }, (_, index) => `DnsName("\x1b${index}.example")`);
  const { message } = explainTls(
    new Deno.errors.InvalidData(
      "invalid peer certificate: certificate not valid for name; " +
        `certificate is only valid for ${names.join(" or ")}`,
    ),
    "mail.example",
  );
  const words = 'Cannot start TLS with "mail.example": its certificate is for another name: ';
  ok(message.startsWith(`${words}\\x1b0.example, \\x1b1.example, `), message);
  equal(message.length, words.length + 200);
});

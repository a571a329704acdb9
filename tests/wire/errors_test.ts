import { deepEqual, equal, ok } from "node:assert/strict";
import {
  ClosedError,
  DialError,
  LineTooLongError,
  ProtocolError,
  TimeoutError,
  TlsError,
  type TlsFailure,
  WireError,
} from "../../src/wire/mod.ts";

const pure = { permissions: "none" } as const;

Deno.test("every error of the wire has its name, is a WireError and keeps its cause", pure, () => {
  const cause = new Error("why");
  for (
    const [name, error] of Object.entries({
      DialError: new DialError("x", { cause }),
      TlsError: new TlsError("x", { failure: "handshake", cause }),
      ClosedError: new ClosedError("x", { cause }),
      ProtocolError: new ProtocolError("x", { cause }),
    })
  ) {
    ok(error instanceof WireError);
    equal(error.name, name);
    equal(error.cause, cause);
    equal(`${error}`, `${name}: x`);
  }
  const tooLong = new LineTooLongError(512);
  ok(tooLong instanceof ProtocolError);
  equal(`${tooLong}`, "LineTooLongError: Cannot read a line: it is longer than 512 octets");
});

Deno.test("WireError.at() adds what is not known and leaves what is", pure, () => {
  const error = new ClosedError("x", { partial: "25" });
  deepEqual(JSON.parse(JSON.stringify(error)), {
    name: "ClosedError",
    partial: "25",
    temporary: true,
  });
  equal(error.at({ stage: "rcpt", transcript: ["S: 220"] }), error);
  error.at({ stage: "quit", host: "mail.example" });
  deepEqual(
    [error.stage, error.host, error.transcript, error.lastReply],
    ["rcpt", "mail.example", ["S: 220"], undefined],
  );
  deepEqual(Object.keys(JSON.parse(JSON.stringify(error))).sort(), [
    "host",
    "name",
    "partial",
    "stage",
    "temporary",
    "transcript",
  ]);
});

Deno.test("errors of the wire tell whether trying again may help", pure, () => {
  const temporary = (failure: TlsFailure): boolean => new TlsError("x", { failure }).temporary;
  equal(new DialError("x").temporary, true);
  equal(new DialError("x", { temporary: false }).temporary, false);
  equal(new ClosedError("x").temporary, true);
  equal(new TimeoutError("greeting", 1).temporary, true);
  equal(new ProtocolError("x").temporary, false);
  equal(new LineTooLongError(1).temporary, false);
  equal(temporary("closed"), true);
  equal(temporary("refused"), true);
  for (
    const failure of [
      "not-offered",
      "unknown-issuer",
      "expired",
      "not-yet-valid",
      "wrong-name",
      "bad-certificate",
      "not-tls",
      "no-common-version",
      "unsupported",
      "handshake",
    ] as const
  ) equal(temporary(failure), false, failure);
});

Deno.test.each([
  [1, "1 ms"],
  [999, "999 ms"],
  [1_000, "1 s"],
  [1_500, "1.5 s"],
  [300_000, "300 s"],
] as [number, string][])("TimeoutError says a limit of $0 ms as $1", pure, (ms, words) => {
  equal(
    new TimeoutError("greeting", ms).message,
    `Cannot wait longer for "greeting": limit of ${words} is over`,
  );
});

Deno.test("TimeoutError shows what is unread escaped and cut", pure, () => {
  const error = new TimeoutError("reply", 1, `250-\x1b${"x".repeat(500)}`);
  ok(error.message.endsWith(`, unread "250-\\x1b${"x".repeat(72)}"`), error.message);
});

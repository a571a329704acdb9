import { deepEqual, equal, ok } from "node:assert/strict";
import {
  type ConnectOptions,
  connectSmtp,
  ProtocolError,
  receiptOf,
  Secret,
  SmtpAuthError,
  SmtpError,
  SmtpLocalError,
  SmtpReplyError,
  WireError,
} from "@mailwright/mailwright";
import { SmtpReply } from "../../src/smtp/reply.ts";
import { FakeClock } from "../fake_clock.ts";
import { play } from "./scripted_server.ts";
import { passed } from "./scripted_session.ts";

const PURE = { permissions: "none" } as const;

type Kind = "temporary" | "permanent" | "in doubt" | "protocol" | "configuration";

/** What a program does with an error: classes and fields, never words. */
function kindOf(error: unknown): Kind | undefined {
  if (receiptOf(error)?.outcome === "in-doubt") return "in doubt";
  if (error instanceof ProtocolError) return "protocol";
  if (error instanceof SmtpLocalError) return "configuration";
  if (error instanceof WireError || error instanceof SmtpError) {
    return error.temporary ? "temporary" : "permanent";
  }
  return error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError
    ? "configuration"
    : undefined;
}

/** The same from JSON. */
function kindInJson(error: unknown): Kind | undefined {
  const { name, temporary } = JSON.parse(JSON.stringify(error));
  if (receiptOf(error)?.outcome === "in-doubt") return "in doubt";
  if (name === "ProtocolError" || name === "LineTooLongError") return "protocol";
  if (name === "SmtpLocalError" || name === "AddressError") return "configuration";
  return temporary === undefined ? undefined : temporary ? "temporary" : "permanent";
}

const HELLO = "S: 220 mx.example\nC: EHLO client.example\n";
const READY = `${HELLO}S: 250-mx.example\nS: 250 AUTH PLAIN\n`;
const ANN = { user: "ann", password: new Secret("pencil") };
const LOGIN = `${READY}C: AUTH PLAIN ${btoa("\0ann\0pencil")}\n`;
const SENT =
  `${READY}C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<bob@mail.example>\nS: 250 ok\nC: DATA\n`;
const ENDED = `${SENT}S: 354 go\nC: x\nC: .\n`;

interface Row {
  readonly name: string;
  readonly kind: Kind;
  readonly script?: string;
  readonly options?: Partial<ConnectOptions>;
  readonly to?: string;
  readonly content?: string;
  readonly fails?: string;
}

const ROWS: readonly Row[] = [
  // Before a message
  { name: "greeting 421", kind: "temporary", script: "S: 421 busy", fails: "SmtpReplyError" },
  { name: "greeting 450", kind: "temporary", script: "S: 450 later", fails: "SmtpReplyError" },
  { name: "greeting 554", kind: "permanent", script: "S: 554 no", fails: "SmtpReplyError" },
  { name: "EHLO 451", kind: "temporary", script: `${HELLO}S: 451 later`, fails: "SmtpReplyError" },
  { name: "EHLO 554", kind: "permanent", script: `${HELLO}S: 554 no`, fails: "SmtpReplyError" },
  { name: "no greeting", kind: "temporary", script: "<eof>", fails: "TimeoutError" },
  { name: "a close", kind: "temporary", script: "<close>", fails: "ClosedError" },
  { name: "half a reply", kind: "temporary", script: "S| 22\n<close>", fails: "ClosedError" },
  { name: "rubbish", kind: "protocol", script: "S: HTTP/1.1 400", fails: "ProtocolError" },
  {
    name: "a changing code",
    kind: "protocol",
    script: "S: 220-a\nS: 550 b",
    fails: "ProtocolError",
  },
  {
    name: "an endless line",
    kind: "protocol",
    script: `S: 220 ${"x".repeat(9000)}`,
    fails: "LineTooLongError",
  },
  // TLS
  {
    name: "TLS not offered",
    kind: "permanent",
    script: READY,
    options: { tls: "required" },
    fails: "TlsError",
  },
  {
    name: "TLS refused for now",
    kind: "temporary",
    script: `${HELLO}S: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 454 later`,
    options: { tls: "required" },
    fails: "TlsError",
  },
  {
    name: "TLS cut short",
    kind: "temporary",
    script: `${HELLO}S: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n<close>`,
    options: { tls: "required" },
    fails: "TlsError",
  },
  {
    name: "TLS with octets injected",
    kind: "protocol",
    script: `${HELLO}S: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nS: 250 x`,
    options: { tls: "required" },
    fails: "ProtocolError",
  },
  // Logins
  {
    name: "535",
    kind: "permanent",
    script: `${LOGIN}S: 535 no`,
    options: { auth: ANN, allowCleartextAuth: true },
    fails: "SmtpAuthError",
  },
  {
    name: "454",
    kind: "temporary",
    script: `${LOGIN}S: 454 later`,
    options: { auth: ANN, allowCleartextAuth: true },
    fails: "SmtpAuthError",
  },
  {
    name: "no mechanism in common",
    kind: "permanent",
    script: READY.replace("PLAIN", "GSSAPI"),
    options: { auth: ANN, allowCleartextAuth: true },
    fails: "SmtpAuthError",
  },
  // What we refuse ourselves
  {
    name: "a login in the clear",
    kind: "configuration",
    options: { auth: ANN },
    fails: "SmtpLocalError",
  },
  {
    name: "a password that cannot be sent",
    kind: "configuration",
    options: { auth: { ...ANN, password: new Secret("a\n") } },
    fails: "TypeError",
  },
  {
    name: "a name that is none",
    kind: "configuration",
    options: { name: "a b" },
    fails: "SyntaxError",
  },
  {
    name: "an address that is none",
    kind: "configuration",
    script: READY,
    to: "bob@",
    fails: "AddressError",
  },
  {
    name: "content that the server cannot take",
    kind: "configuration",
    script: READY,
    content: "Grüße",
    fails: "SmtpLocalError",
  },
  // A message under way
  {
    name: "a connection lost before the end",
    kind: "temporary",
    script: `${SENT}<close>`,
    fails: "ClosedError",
  },
  {
    name: "354 replaced by 250",
    kind: "protocol",
    script: `${SENT}S: 250 ok`,
    fails: "ProtocolError",
  },
  {
    name: "a close after the end",
    kind: "in doubt",
    script: `${ENDED}<close>`,
    fails: "ClosedError",
  },
  {
    name: "half a last reply",
    kind: "in doubt",
    script: `${ENDED}S| 25\n<close>`,
    fails: "ClosedError",
  },
  {
    name: "silence after the end",
    kind: "in doubt",
    script: `${ENDED}<eof>`,
    fails: "TimeoutError",
  },
];

for (const { name, kind, script = "<eof>", options, to, content, fails } of ROWS) {
  Deno.test(`errors: ${name} is ${kind} [T-D09]`, PURE, async () => {
    const clock = new FakeClock();
    const played = play(script);
    const connection = passed(played.connection);
    const program = async (): Promise<void> => {
      await using session = await connectSmtp({
        connection,
        host: "mx.example",
        name: "client.example",
        tls: "none",
        clock,
        ...options,
      });
      const envelope = { from: null, to: [to ?? "bob@mail.example"], policy: "any" } as const;
      await session.send(envelope, content ?? "x");
    };
    const failed = program().then(() => undefined, (error) => error);
    await clock.advance(600_000);
    const error = await failed;
    equal(error?.name, fails);
    equal(kindOf(error), kind);
    if (error instanceof WireError || error instanceof SmtpError || fails === "AddressError") {
      equal(kindInJson(error), kind);
    }
    if (error instanceof WireError || error instanceof SmtpError) {
      const refusedFirst = options !== undefined && script === "<eof>";
      equal(error.host, refusedFirst ? undefined : "mx.example");
    }
    connection.close();
    await played.done.catch(() => {}); // a breach is not played to its end
  });
}

Deno.test("errors: a reply by its class, a login by its last reply", PURE, () => {
  const later = new SmtpReply(450, ["4.2.1 later"]);
  const never = new SmtpReply(550, ["no"]);
  equal(new SmtpReplyError("EHLO", later, "mx.example").temporary, true);
  equal(new SmtpReplyError("EHLO", never, "mx.example").temporary, false);
  equal(new SmtpAuthError("x", { reply: later }).temporary, true);
  equal(new SmtpAuthError("x", { reply: never }).temporary, false);
  deepEqual(new SmtpAuthError("x").tried, []);
  equal(new SmtpAuthError("x").temporary, false);
  equal(new SmtpLocalError("x", { enhanced: "5.3.4" }).temporary, false);
  for (
    const error of [
      new SmtpReplyError("a", never, "b"),
      new SmtpAuthError("x"),
      new SmtpLocalError("x"),
    ]
  ) {
    ok(error instanceof SmtpError && error instanceof Error && !(error instanceof WireError));
  }
});

Deno.test("errors: facts are filled in once", PURE, () => {
  const error = new SmtpLocalError("x").at({ host: "a", stage: "mail" }).at({
    host: "b",
    lastReply: "250 ok",
    transcript: ["S: 250 ok"],
  });
  deepEqual([error.host, error.stage, error.lastReply, error.transcript], [
    "a",
    "mail",
    "250 ok",
    ["S: 250 ok"],
  ]);
});

Deno.test("errors: a cause is kept where there is one, and else not made up", PURE, () => {
  const cause = new Error("why");
  equal(new SmtpLocalError("x", { cause }).cause, cause);
  equal("cause" in new SmtpAuthError("x", { tried: [] }), false);
});

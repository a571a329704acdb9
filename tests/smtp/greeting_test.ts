import { equal, ok, rejects } from "node:assert/strict";
import { type ConnectOptions, connectSmtp } from "../../src/smtp/connect.ts";
import { SmtpReplyError } from "../../src/smtp/errors.ts";
import type { SmtpSession } from "../../src/smtp/session.ts";
import { Secret } from "../../src/sasl/mod.ts";
import { ClosedError, TimeoutError } from "../../src/wire/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { play, type Played } from "./scripted_server.ts";

const PURE: Omit<Deno.TestDefinition, "fn" | "name"> = { permissions: "none" };

function connect(
  { connection }: Played,
  options: Partial<ConnectOptions> = {},
): Promise<SmtpSession> {
  return connectSmtp({
    connection,
    host: "mx.example",
    name: "client.example",
    tls: "none",
    ...options,
  });
}

Deno.test("connectSmtp() reads a greeting of several lines [S20]", PURE, async () => {
  const played = play("S: 220-mx.example\nS: 220-no spam\nS: 220 ready\nC: QUIT\nS: 221 bye");
  const session = await connect(played, { until: "greeting" });
  equal(session.greeting?.text, "mx.example\nno spam\nready");
  await session.quit();
  await played.done;
});

Deno.test.each(
  [
    [554, "S: 554 no SMTP service here\nC: QUIT\nS: 221 bye"],
    [500, "S: 500 what?\nC: QUIT\nS: 221 bye"],
    [530, "S: 530 5.7.0 not you\nC: QUIT\nS: 221 bye"],
    [450, "S: 450 later\nC: QUIT\nS: 221 bye"],
    [221, "S: 221 good-bye\nC: QUIT\nS: 221 bye"],
    [250, "S: 250 mx.example\nC: QUIT\nS: 221 bye"],
    [354, "S: 354 go\nC: QUIT\nS: 221 bye"],
    [421, "S: 421 too busy\n<eof>"],
  ] as const,
)(
  "connectSmtp() takes the greeting %d as a refusal, and says QUIT at most [S20] [T-R16] [T-R17]",
  PURE,
  async (code, script) => {
    const played = play(script);
    await rejects(connect(played), (error) => {
      ok(error instanceof SmtpReplyError);
      equal(error.reply.code, code);
      equal(error.temporary, code === 450 || code === 421);
      return true;
    });
    await played.done; // no EHLO
  },
);

Deno.test(
  "connectSmtp() does not wait long for a refusing server to say good-bye [T-R17]",
  PURE,
  async () => {
    const clock = new FakeClock();
    const played = play("S: 554 no\nC: QUIT\n<eof>");
    const refused = rejects(connect(played, { clock }), { name: "SmtpReplyError" });
    await clock.advance(5_000);
    await refused;
    await played.done;
  },
);

Deno.test.each([
  ["421", "S: 421 4.3.2 not now\n<eof>", SmtpReplyError],
  ["a close", "<close>", ClosedError],
])(
  "connectSmtp() tries no HELO when EHLO is answered by %s [S21]",
  PURE,
  async (_, answer, kind) => {
    const played = play(`S: 220 mx.example\nC: EHLO client.example\n${answer}`);
    await rejects(connect(played), kind);
    await played.done;
  },
);

Deno.test.each([500, 501, 502, 504, 550])(
  "connectSmtp() says HELO, once, to a server that answers EHLO by %d [T-R18]",
  PURE,
  async (code) => {
    const played = play(`
      S: 220 mx.example
      C: EHLO client.example
      S: ${code} what?
      C: HELO client.example
      S: 250 mx.example PIPELINING
      C: QUIT
      S: 221 bye`);
    const session = await connect(played);
    equal(session.capabilities.pipelining, false); // HELO offers nothing
    await session.quit();
    await played.done;
  },
);

Deno.test(
  "connectSmtp() gives up a server that knows neither EHLO nor HELO [T-R18]",
  PURE,
  async () => {
    const played = play(`
    S: 220 mx.example
    C: EHLO client.example
    S: 502 what?
    C: HELO client.example
    S: 550 no
    C: QUIT
    S: 221 bye`);
    await rejects(connect(played), { name: "SmtpReplyError", verb: "HELO" });
    await played.done;
  },
);

Deno.test.each<[string, Partial<ConnectOptions>]>([
  ["TLS is required", { tls: "required" }],
  ["somebody is to log in", {
    auth: { user: "ann", password: new Secret("pencil") },
    allowCleartextAuth: true,
  }],
])("connectSmtp() never falls back to HELO where %s [T-R18]", PURE, async (_, options) => {
  const played = play(`
    S: 220 mx.example
    C: EHLO client.example
    S: 502 what?
    C: QUIT
    S: 221 bye`);
  await rejects(connect(played, options), { name: "SmtpReplyError", verb: "EHLO" });
  await played.done;
});

Deno.test(
  "connectSmtp() names the port for TLS to whoever hears no greeting [T-X12]",
  PURE,
  async () => {
    const clock = new FakeClock();
    const played = play("<eof>");
    const refused = rejects(connect(played, { clock }), (error) => {
      ok(error instanceof TimeoutError);
      equal(error.limitMs, 300_000);
      return /465/.test(error.message);
    });
    await clock.advance(300_000);
    await refused;
    await played.done;
  },
);

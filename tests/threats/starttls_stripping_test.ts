/**
 * Somebody on the way, or a careless server, takes STARTTLS away or refuses it. What the client wrote is
 * compared octet by octet: nothing secret and nothing of the message is among it.
 *
 * @module
 */

import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { type ConnectOptions, connectSmtp, Secret, TlsError } from "@mailwright/mailwright";
import { play, type Played } from "../smtp/scripted_server.ts";

const PURE = { permissions: "none" } as const;
const HELLO = "S: 220 mx.example\nC: EHLO client.example\n";
const ANN = { user: "ann", password: new Secret("pencil") };
const ENVELOPE = { from: "ann@mail.example", to: ["bob@mail.example"], policy: "any" } as const;

/** A user's program: it connects, logs in and sends, as far as it gets. */
async function use(
  { connection }: Played,
  options: Partial<ConnectOptions> = {},
): Promise<boolean> {
  await using session = await connectSmtp({
    connection,
    host: "mx.example",
    name: "client.example",
    ...options,
  });
  const receipt = await session.send(ENVELOPE, "Subject: private\r\n\r\nDear Bob\r\n");
  return receipt.tls;
}

const OFFERS = [
  { name: "nothing", offer: "S: 250 mx.example" },
  { name: "AUTH in its place", offer: "S: 250-mx.example\nS: 250 AUTH PLAIN LOGIN CRAM-MD5" },
  { name: "STARTTLS in its greeting", offer: "S: 250-mx.example STARTTLS\nS: 250 HELP STARTTLS" },
  { name: "XSTARTTLS", offer: "S: 250-mx.example\nS: 250-XSTARTTLS\nS: 250 AUTH PLAIN" },
];

Deno.test.each(OFFERS)(
  "a server that offers $name gets no secret and no mail [S62] [T-S01]",
  PURE,
  async ({ offer }) => {
    for (const auth of [ANN, undefined]) {
      for (const allowCleartextAuth of [false, true]) {
        const played = play(`${HELLO}${offer}\nC: QUIT\nS: 221 bye`);
        await rejects(use(played, { auth, allowCleartextAuth }), (error) => {
          ok(error instanceof TlsError);
          deepEqual([error.failure, error.temporary, error.host, error.stage], [
            "not-offered",
            false,
            "mx.example",
            "tls",
          ]);
          ok(/does not offer STARTTLS/.test(error.message));
          return true;
        });
        await played.done;
        equal(played.heard(), "EHLO client.example\r\nQUIT\r\n");
      }
    }
  },
);

Deno.test(
  "a server that knows only HELO gets no secret and no mail [S62] [T-R18]",
  PURE,
  async () => {
    for (const options of [{}, { tls: "opportunistic", auth: ANN }] as const) {
      const played = play(`${HELLO}S: 502 what\nC: QUIT\nS: 221 bye`);
      await rejects(use(played, options), { name: "SmtpReplyError", verb: "EHLO" });
      await played.done;
      equal(played.heard(), "EHLO client.example\r\nQUIT\r\n");
    }
  },
);

const REFUSALS = [
  { code: 454, after: "C: QUIT\nS: 221 bye" },
  { code: 500, after: "C: QUIT\nS: 221 bye" },
  { code: 501, after: "C: QUIT\nS: 221 bye" },
  { code: 502, after: "C: QUIT\nS: 221 bye" },
  { code: 530, after: "C: QUIT\nS: 221 bye" },
  { code: 554, after: "C: QUIT\nS: 221 bye" },
  { code: 421, after: "<eof>" },
  // No answer to STARTTLS at all.
  { code: 221, after: "<eof>" },
  { code: 250, after: "<eof>" },
  { code: 354, after: "<eof>" },
  { code: 334, after: "<eof>" },
];

Deno.test.each(REFUSALS)(
  "STARTTLS answered $code leads to nothing in the clear [S63] [T-S02]",
  PURE,
  async ({ code, after }) => {
    const offer = "S: 250-mx.example\nS: 250-AUTH PLAIN LOGIN\nS: 250 STARTTLS";
    for (const auth of [ANN, undefined]) {
      const played = play(`${HELLO}${offer}\nC: STARTTLS\nS: ${code} no\n${after}`);
      await rejects(use(played, { auth, allowCleartextAuth: true }), (error) => {
        const kind = code < 400 ? "ProtocolError" : "TlsError";
        ok(error instanceof Error && error.name === kind);
        ok(error instanceof TlsError ? error.failure === "refused" : true);
        ok(error.message.includes(`${code} no`));
        return true;
      });
      await played.done;
      const goodBye = after.startsWith("C: QUIT") ? "QUIT\r\n" : "";
      equal(played.heard(), `EHLO client.example\r\nSTARTTLS\r\n${goodBye}`);
    }
  },
);

const SENT = `
  C: MAIL FROM:<ann@mail.example>
  S: 250 ok
  C: RCPT TO:<bob@mail.example>
  S: 250 ok
  C: DATA
  S: 354 go
  C: Subject: private
  C:
  C: Dear Bob
  C: .
  S: 250 ok
  C: QUIT
  S: 221 bye`;

Deno.test(
  "opportunistic TLS goes on in the clear without a login, and says so [S63] [T-S22]",
  PURE,
  async () => {
    const stripped = play(`${HELLO}S: 250 mx.example\n${SENT}`);
    equal(await use(stripped, { tls: "opportunistic" }), false);
    await stripped.done;
    for (const code of [454, 502]) {
      const refused = play(
        `${HELLO}S: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: ${code} no\n${SENT}`,
      );
      equal(await use(refused, { tls: "opportunistic" }), false);
      await refused.done; // STARTTLS was said once
    }
  },
);

Deno.test(
  "opportunistic TLS never carries a login in the clear, allowed or not [S63] [T-S22]",
  PURE,
  async () => {
    const stripped = "S: 250-mx.example\nS: 250 AUTH PLAIN SCRAM-SHA-256 CRAM-MD5";
    const refused = `${
      stripped.replace("250 AUTH", "250-AUTH")
    }\nS: 250 STARTTLS\nC: STARTTLS\nS: 454 no`;
    for (const offer of [stripped, refused]) {
      for (const allowCleartextAuth of [false, true]) {
        const played = play(`${HELLO}${offer}\nC: QUIT\nS: 221 bye`);
        await rejects(use(played, { tls: "opportunistic", auth: ANN, allowCleartextAuth }), {
          name: "TlsError",
          message: /opportunistic TLS never carries a login in the clear$/,
        });
        await played.done;
        equal(/AUTH|MAIL/.test(played.heard()), false);
      }
    }
  },
);

Deno.test(
  "opportunistic TLS does not fall back when the handshake fails [S63] [S65] [T-S10]",
  PURE,
  async () => {
    const played = play(`${HELLO}S: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n<close>`);
    await rejects(use(played, { tls: "opportunistic" }), { name: "TlsError", failure: "closed" });
    await played.done;
    equal(played.heard(), "EHLO client.example\r\nSTARTTLS\r\n");
  },
);

Deno.test(
  "a login without TLS is refused before anything is dialled [T-A02] [T-I48]",
  PURE,
  async () => {
    const dial = (): Promise<never> => Promise.reject(new Error("Nobody dials here"));
    const refusal = { name: "SmtpLocalError", message: /allowCleartextAuth/ };
    for (const url of ["smtp://127.0.0.1:2525", "submission://mail.example", "lmtp://[::1]:24"]) {
      await rejects(connectSmtp({ url, dial, tls: "none", auth: ANN }), refusal);
    }
    await rejects(connectSmtp({ url: "unix:/run/lmtp", dial, auth: ANN }), refusal);
    const played = play("<eof>");
    await rejects(use(played, { tls: "none", auth: ANN }), refusal);
    equal(played.heard(), "");
    played.connection.close();
  },
);

/**
 * Somebody on the way puts octets behind the server's answer to STARTTLS, so that they count as said
 * inside TLS. What the client wrote is compared octet by octet: nothing secret and nothing of the
 * message is among it.
 *
 * @module
 */

import { equal, ok, rejects } from "node:assert/strict";
import {
  type ConnectOptions,
  connectSmtp,
  ProtocolError,
  Secret,
  type SmtpSession,
  TlsError,
} from "@mailwright/mailwright";
import { play, type Played } from "../smtp/scripted_server.ts";

const PURE = { permissions: "none" } as const;
const OFFER = `
  S: 220 mx.example
  C: EHLO client.example
  S: 250-mx.example
  S: 250-AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256
  S: 250 STARTTLS
  C: STARTTLS`;

/** All that may be on the wire when the upgrade fails. */
const BEFORE_TLS = "EHLO client.example\r\nSTARTTLS\r\n";

/** A user's program: it connects, logs in and sends, as far as it gets. */
async function use({ connection }: Played, options: Partial<ConnectOptions> = {}): Promise<void> {
  await using session = await connectSmtp({
    connection,
    host: "mx.example",
    name: "client.example",
    auth: { user: "ann", password: new Secret("pencil") },
    ...options,
  });
  await session.send(
    { from: "ann@mail.example", to: ["bob@mail.example"], policy: "any" },
    "Subject: private\r\n\r\nDear Bob\r\n",
  );
}

const WHOLE_SESSION =
  "250-mx.example\\r\\n250 AUTH PLAIN\\r\\n235 ok\\r\\n250 ok\\r\\n250 ok\\r\\n354 go\\r\\n250 queued\\r\\n";

Deno.test.each([
  { name: "replies", octets: "250-x\\r\\n250 AUTH PLAIN\\r\\n" },
  { name: "a whole session", octets: WHOLE_SESSION },
  { name: "half a line [T-S04]", octets: "250-SMTPUTF8 MARK " },
  { name: "one octet [T-S04]", octets: "2" },
  { name: "an empty line", octets: "\\r\\n" },
  { name: "a lone line feed", octets: "\\n" },
  { name: "a second 220", octets: "220 go\\r\\n" },
  { name: "a farewell", octets: "421 bye\\r\\n" },
  { name: "the start of a TLS record", octets: "\\x16\\x03\\x03" },
])("STARTTLS followed by $name fails closed [S60] [T-S03] [D3]", PURE, async ({ octets }) => {
  for (const tls of ["required", "opportunistic"] as const) {
    const played = play(`${OFFER}\nS| 220 go ahead\\r\\n${octets}\n<eof>`);
    await rejects(use(played, { tls }), (error) => {
      ok(error instanceof ProtocolError);
      ok(error.message.startsWith("Cannot start TLS: unread data after the reply to STARTTLS: "));
      equal(error.temporary, false);
      return true;
    });
    await played.done; // the client has closed, and TLS never began
    equal(played.heard(), BEFORE_TLS);
  }
});

Deno.test(
  "STARTTLS followed by octets a moment later fails in the handshake [T-S05]",
  PURE,
  async () => {
    for (const tls of ["required", "opportunistic"] as const) {
      // The 220 is read alone; what follows meets the handshake.
      const played = play(`${OFFER}\nS: 220 go ahead\n<turn>\nS: 250 AUTH PLAIN\n<tls>`);
      await rejects(use(played, { tls }), (error) => {
        ok(error instanceof TlsError || error instanceof ProtocolError);
        return true;
      });
      await rejects(played.done);
      equal(played.heard(), BEFORE_TLS);
    }
  },
);

Deno.test.each([
  { name: "454", refusal: "454 no" },
  { name: "502", refusal: "502 no" },
  { name: "554 of several lines", refusal: "554-no\\r\\n554 never" },
])(
  "STARTTLS answered $name with a session behind it ends the session [T-S06]",
  PURE,
  async ({ refusal }) => {
    for (const tls of ["required", "opportunistic"] as const) {
      const played = play(`${OFFER}\nS| ${refusal}\\r\\n${WHOLE_SESSION}\n<eof>`);
      await rejects(use(played, { tls }));
      await played.done;
      equal(played.heard(), BEFORE_TLS);
    }
    // Without a login, opportunistic TLS would go on in the clear: not here.
    const played = play(`${OFFER}\nS| ${refusal}\\r\\n${WHOLE_SESSION}\n<eof>`);
    const connecting = use(played, { tls: "opportunistic", auth: undefined });
    await rejects(connecting, { name: "ProtocolError", message: /unsolicited data/ });
    await played.done;
    equal(played.heard(), BEFORE_TLS);
  },
);

Deno.test("STARTTLS by hand is no way around it [S60]", PURE, async () => {
  const played = play(`${OFFER}\nS| 220 go\\r\\n250 x\n<eof>`);
  const session: SmtpSession = await connectSmtp({
    connection: played.connection,
    host: "mx.example",
    name: "client.example",
    until: "hello",
  });
  await rejects(session.startTls(), { name: "ProtocolError" });
  equal(session.secure, false);
  const password = new Secret("pencil");
  await rejects(session.auth({ user: "ann", password }, { allowCleartextAuth: true }), {
    name: "ProtocolError",
  });
  await rejects(session.mail(null), { name: "ProtocolError" });
  await rejects(session.ehlo(), { name: "ProtocolError" });
  await session.quit();
  await session[Symbol.asyncDispose]();
  await played.done;
  equal(played.heard(), BEFORE_TLS);
});

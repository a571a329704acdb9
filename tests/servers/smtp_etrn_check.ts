/**
 * ETRN at a real Postfix: mail waits there until our session asks for it, and comes to our receiver.
 */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { startSandbox } from "@mailwright/mailwright/sandbox";
import { CONTENTS, copies } from "./contents.ts";
import { JONES, submit } from "./our_client.ts";
import { poll } from "./poll.ts";
import { startPostfix, TURN_DOMAIN } from "./postfix.ts";
import { serverTest } from "./programs.ts";

await serverTest(
  "SmtpSession.etrn() lets Postfix send what waits for us",
  ["postfix", "dovecot", "openssl", "root"],
  async () => {
    await using box = await startSandbox({ requires: "tls" });
    await using postfix = await startPostfix({
      turnPort: box.ports.smtp,
      settings: { smtp_tls_security_level: "encrypt" },
    });
    const joe = `joe@${TURN_DOMAIN}`;
    await using session = await submit(postfix);
    for (const content of CONTENTS) {
      const envelope = { from: JONES, to: [joe], policy: "all" } as const;
      strictEqual((await session.send(envelope, content)).outcome, "accepted");
    }
    await postfix.deferred(CONTENTS.length);
    strictEqual(box.mails.length, 0);

    strictEqual((await session.etrn("elsewhere.example")).code, 459);
    strictEqual((await session.etrn(TURN_DOMAIN)).code, 250);
    await poll("all messages", () => box.mails.length >= CONTENTS.length || undefined);
    strictEqual(box.mails.length, CONTENTS.length);
    const arrived = box.mailbox(joe).map(({ content }) => content);
    for (const content of CONTENTS) strictEqual(copies(arrived, content), 1);
    const [mail] = box.mails;
    deepStrictEqual([mail?.from, mail?.to], [JONES, [joe]]);
    ok(mail?.session.security !== "clear");
  },
);

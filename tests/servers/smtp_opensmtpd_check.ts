/**
 * SmtpSession at a real OpenSMTPD, without PIPELINING and without CHUNKING; and at one whose TLS is
 * broken.
 */
import { ok, rejects, strictEqual } from "node:assert/strict";
import { connectSmtp, Secret } from "@mailwright/mailwright/smtp";
import { TlsError } from "@mailwright/mailwright/wire";
import { checkContents, copies, letter, WAY_USERS } from "./contents.ts";
import { startOpenSmtpd } from "./opensmtpd.ts";
import { BROWN, JONES, said } from "./our_client.ts";
import { serverTest } from "./programs.ts";
import { STRANGER, USERS } from "./users.ts";

const NEEDS = ["opensmtpd", "openssl", "root"] as const;
const LETTER = letter("One for Brown", "Hello\r\n");

await serverTest("SmtpSession speaks with OpenSMTPD", NEEDS, async (step) => {
  await using opensmtpd = await startOpenSmtpd({ users: { ...USERS, ...WAY_USERS } });
  const url = `smtp://${opensmtpd.host}:${opensmtpd.ports.smtp}`;
  await using session = await connectSmtp({ url, tls: "none" });
  ok(!session.capabilities.pipelining);
  await checkContents(session, opensmtpd, step);

  await step("it leaves a stranger out, or everybody", async () => {
    const to = [BROWN, STRANGER];
    const all = await session.send({ from: JONES, to, policy: "all" }, letter("For all", ""));
    strictEqual(all.outcome, "refused");
    const any = await session.send({ from: JONES, to, policy: "any" }, letter("For any", ""));
    strictEqual(any.outcome, "partial");
    const mailbox = await opensmtpd.mailbox(BROWN);
    strictEqual(copies(mailbox, letter("For all", "")), 0);
    strictEqual(copies(mailbox, letter("For any", "")), 1);
  });

  await step("it says every command", async () => {
    strictEqual((await session.vrfy(BROWN)).code, 500);
    strictEqual((await session.expn("staff")).code, 500);
    strictEqual((await session.help()).code, 214);
    strictEqual((await session.noop()).code, 250);
    strictEqual((await session.rset()).code, 250);
  });

  await step("TLS that is not offered is not done without", async () => {
    await rejects(connectSmtp({ url }), { name: "TlsError", failure: "not-offered" });
  });
});

await serverTest("SmtpSession gives up on the broken TLS of OpenSMTPD", NEEDS, async (step) => {
  await using opensmtpd = await startOpenSmtpd({ startTls: true });
  const url = `smtp://${opensmtpd.host}:${opensmtpd.ports.smtp}`;
  const caCerts = [opensmtpd.caPem];

  for (const tls of ["required", "opportunistic"] as const) {
    await step(`and says nothing more, where it is ${tls}`, async () => {
      const lines: string[] = [];
      const auth = { user: JONES, password: new Secret("jones-reads-mail") };
      await rejects(connectSmtp({ url, caCerts, tls, auth, onEvent: said(lines) }), (error) => {
        ok(error instanceof TlsError);
        strictEqual(error.stage, "tls");
        return true;
      });
      strictEqual(lines.at(-1), "STARTTLS");
    });
  }

  await step("but speaks in the clear where nobody asks for TLS", async () => {
    await using session = await connectSmtp({ url, tls: "none" });
    const receipt = await session.send({ from: JONES, to: [BROWN], policy: "all" }, LETTER);
    strictEqual(receipt.outcome, "accepted");
    strictEqual(copies(await opensmtpd.mailbox(BROWN), LETTER), 1);
  });
});

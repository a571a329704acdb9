/**
 * SmtpSession and SmtpPool at a real Exim.
 */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import {
  type ConnectOptions,
  connectSmtp,
  Secret,
  SmtpPool,
  type SmtpSession,
} from "@mailwright/mailwright/smtp";
import { checkContents, copies, letter, WAY_USERS } from "./contents.ts";
import { type EximServer, startExim } from "./exim.ts";
import { bodyOf } from "./maildir.ts";
import { BROWN, credentials, JONES } from "./our_client.ts";
import { serverTest } from "./programs.ts";
import { STRANGER, USERS } from "./users.ts";

const NEEDS = ["exim", "openssl", "root"] as const;
const LETTER = letter("One for Brown", "Hello\r\n");
const TO_BROWN = { from: JONES, to: [BROWN], policy: "all" } as const;

/** It lays aside what comes as the eleventh message of a connection, and for long. */
const AT_ONCE = { smtp_accept_queue_per_connection: "0" };

function options(server: EximServer): ConnectOptions & { readonly url: string } {
  return {
    url: `smtp://${server.host}:${server.ports.smtp}`,
    caCerts: [server.caPem],
    auth: credentials(server),
  };
}

function connect(server: EximServer, more: ConnectOptions = {}): Promise<SmtpSession> {
  return connectSmtp({ ...options(server), ...more });
}

await serverTest("SmtpSession speaks with Exim", NEEDS, async (step) => {
  await using exim = await startExim({
    users: { ...USERS, ...WAY_USERS },
    messageSizeLimit: 2_000_000,
    settings: AT_ONCE,
  });

  for (const name of ["CRAM-MD5", "PLAIN", "LOGIN"]) {
    await step(`it logs in by ${name}`, async () => {
      const auth = { ...credentials(exim), mechanisms: [name] };
      await using session = await connect(exim, { auth });
      strictEqual(session.authenticated, name);
    });
  }

  await step("it is refused with a wrong password", async () => {
    const auth = { user: JONES, password: new Secret("guess") };
    await rejects(connect(exim, { auth }), { name: "SmtpAuthError", temporary: false });
  });

  await step("it speaks within TLS from the first octet", async () => {
    const url = `smtps://${exim.host}:${exim.ports.smtps}`;
    await using session = await connect(exim, { url });
    ok(session.secure);
  });

  await using session = await connect(exim);

  await step("it says every command", async () => {
    strictEqual((await session.vrfy(BROWN)).code, 250);
    strictEqual((await session.vrfy(STRANGER)).code, 550);
    strictEqual((await session.expn("staff")).code, 550);
    const help = await session.help();
    strictEqual(help.code, 214);
    match(help.text, /AUTH HELO EHLO MAIL RCPT DATA/);
    strictEqual((await session.noop()).code, 250);
    strictEqual((await session.rset()).code, 250);
    strictEqual((await session.command("XUNKNOWN")).code, 500);
  });

  await checkContents(session, exim, step);

  await step("it leaves a stranger out, or everybody", async () => {
    const to = [BROWN, STRANGER];
    const all = await session.send({ from: JONES, to, policy: "all" }, letter("For all", ""));
    strictEqual(all.outcome, "refused");
    const any = await session.send({ from: JONES, to, policy: "any" }, letter("For any", ""));
    strictEqual(any.outcome, "partial");
    const mailbox = await exim.mailbox(BROWN);
    strictEqual(copies(mailbox, letter("For all", "")), 0);
    strictEqual(copies(mailbox, letter("For any", "")), 1);
  });

  await step("it is told of a message that is too large, before or behind it", async () => {
    const large = letter("Too large", `${"x".repeat(70)}\r\n`.repeat(30_000));
    await rejects(session.send(TO_BROWN, large), { name: "SmtpLocalError", enhanced: "5.3.4" });
    await using modest = await connect(exim, { without: ["SIZE"] });
    const receipt = await modest.send(TO_BROWN, large);
    strictEqual(receipt.outcome, "refused");
    strictEqual(receipt.reply?.code, 552);
    strictEqual((await modest.send(TO_BROWN, LETTER)).outcome, "accepted");
  });

  await step("Exim puts the parameters of DSN and SMTPUTF8 to use", async () => {
    const parameters = { notify: ["SUCCESS"], orcpt: { address: "brown@alpha.example" } } as const;
    const receipt = await session.send({
      from: JONES,
      to: [{ address: BROWN, parameters }],
      policy: "all",
      parameters: { ret: "HDRS", envid: "QQ314" },
    }, letter("Grüße", "Hello\r\n"));
    strictEqual(receipt.outcome, "accepted");
    const report = new TextDecoder().decode((await exim.mailbox(JONES))[0]);
    match(report, /^Original-Envelope-ID: QQ314\r$/m);
    match(report, /brown@alpha\.example/);
  });
});

await serverTest("SmtpPool sends 300 messages to Exim", NEEDS, async () => {
  await using exim = await startExim({ settings: AT_ONCE });
  await using pool = new SmtpPool(options(exim));
  const bodies = Array.from({ length: 300 }, (_, i) => `This is letter ${i}.\r\n`);
  const messages = bodies.map((body) => ({ envelope: TO_BROWN, content: letter("Many", body) }));
  for await (const { receipt } of pool.sendAll(messages)) {
    strictEqual(receipt.outcome, "accepted");
  }
  const mailbox = await exim.mailbox(BROWN, bodies.length);
  deepStrictEqual(mailbox.map((stored) => bodyOf(stored)).sort(), bodies.sort());
});

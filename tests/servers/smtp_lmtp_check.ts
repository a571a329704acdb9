/**
 * LMTP at a real Dovecot, over TCP and over a Unix socket: every recipient has a reply of its own.
 */
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { type ConnectOptions, connectSmtp } from "@mailwright/mailwright/smtp";
import { checkContents, copies, letter, WAY_USERS } from "./contents.ts";
import { type DovecotServer, startDovecot } from "./dovecot.ts";
import { LMTP_SOCKET } from "./network.ts";
import { BROWN, JONES } from "./our_client.ts";
import { serverTest, type Step } from "./programs.ts";
import { STRANGER, USERS } from "./users.ts";

const users = { ...USERS, ...WAY_USERS };

async function check(server: DovecotServer, options: ConnectOptions, step: Step): Promise<void> {
  await using session = await connectSmtp(options);
  await checkContents(session, server, step);

  for (const chunking of [false, true]) {
    await step(`each recipient is told of by ${chunking ? "BDAT" : "DATA"}`, async () => {
      const content = letter(`To three, ${chunking ? "chunked" : "plain"}`, "Hello\r\n");
      const to = [JONES, STRANGER, BROWN];
      const envelope = { from: null, to, policy: "any" } as const;
      const receipt = await session.send(envelope, content, { chunking });
      strictEqual(receipt.outcome, "partial");
      deepStrictEqual(receipt.accepted.map(({ recipient }) => `${recipient}`), [JONES, BROWN]);
      for (const { recipient, final } of receipt.accepted) {
        strictEqual(final?.code, 250);
        ok(final.text.includes(`<${recipient}>`), final.text);
      }
      deepStrictEqual(
        receipt.rejected.map(({ recipient, reply }) => `${recipient} ${reply?.code}`),
        [
          `${STRANGER} 550`,
        ],
      );
      for (const user of [JONES, BROWN]) {
        const count = chunking ? 2 : 1;
        strictEqual(copies(await server.mailbox(user, count), content), 1);
      }
    });
  }

  await step("each recipient is told of by hand", async () => {
    strictEqual((await session.mail(null)).code, 250);
    for (const [to, code] of [[BROWN, 250], [STRANGER, 550], [JONES, 250]] as const) {
      strictEqual((await session.rcpt(to)).code, code);
    }
    strictEqual((await session.data(letter("By hand", ""))).code, 250);
    deepStrictEqual(session.finals.map(({ text }) => /<(.*?)>/.exec(text)?.[1]), [BROWN, JONES]);
  });

  await step("nobody is told where nobody is known [S42]", async () => {
    const envelope = { from: null, to: [STRANGER], policy: "any" } as const;
    strictEqual((await session.send(envelope, letter("To nobody", ""))).outcome, "refused");
    strictEqual((await session.noop()).code, 250);
  });

  await step("EHLO is not for LMTP", async () => {
    await rejects(session.ehlo(), { name: "SmtpLocalError" });
  });
}

await serverTest(
  "SmtpSession delivers to Dovecot by LMTP over a Unix socket",
  ["dovecot", "openssl", "root", "short path"],
  async (step) => {
    await using dovecot = await startDovecot({ users, lmtpSocket: LMTP_SOCKET });
    await check(dovecot, { url: `unix:${LMTP_SOCKET}` }, step);
  },
);

await serverTest(
  "SmtpSession delivers to Dovecot by LMTP over TCP, within TLS",
  ["dovecot", "openssl", "root"],
  async (step) => {
    await using dovecot = await startDovecot({ users });
    const url = `lmtp://${dovecot.host}:${dovecot.ports.lmtp}`;
    await check(dovecot, { url, caCerts: [dovecot.caPem] }, step);
  },
);

/**
 * Mail on demand (ATRN, RFC 2645): fetchmail as the client of our sandbox, and our own session as
 * well. Behind ATRN the roles are reversed, and the mail comes on the same connection.
 */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { type Sandbox, SANDBOX_CAPABILITIES, startSandbox } from "@mailwright/mailwright/sandbox";
import { serveSmtp } from "@mailwright/mailwright/server";
import { connectSmtp, Secret } from "@mailwright/mailwright/smtp";
import { CONTENTS, copies } from "./contents.ts";
import { type Ran, run } from "./process.ts";
import { serverTest } from "./programs.ts";
import { RunFolder } from "./run_folder.ts";

const DOMAIN = "turn.example";
const JOE = `joe@${DOMAIN}`;
const USERS = { joe: { password: "joe-wants-mail", domains: [DOMAIN] } };
/** What fetchmail can use: it logs in by CRAM-MD5, in the clear. */
const IN_CLEAR = [
  ...SANDBOX_CAPABILITIES.clear.filter((line) => line !== "STARTTLS"),
  "AUTH CRAM-MD5",
];

function holdAll(provider: Sandbox): void {
  for (const content of CONTENTS) {
    provider.hold(DOMAIN, { from: "jones@beta.example", to: [JOE], content });
  }
}

async function fetchmail(
  provider: Sandbox,
  home: Sandbox,
  { domain = DOMAIN, password = USERS.joe.password } = {},
): Promise<Ran> {
  await using folder = await RunFolder.make("odmr");
  const control = await folder.write(
    "fetchmailrc",
    `poll 127.0.0.1 protocol odmr port ${provider.ports.smtp}
  username "joe" password "${password}"
  fetchdomains ${domain} smtphost "127.0.0.1/${home.ports.smtp}"\n`,
    0o600,
  );
  return await run("fetchmail", ["-f", control, "--nodetach", "--nosyslog", "--verbose"], {
    env: { FETCHMAILHOME: folder.path },
    mayFail: true,
  });
}

await serverTest("fetchmail turns a session of our sandbox around", ["fetchmail"], async (step) => {
  await using provider = await startSandbox({ users: USERS, capabilities: { clear: IN_CLEAR } });
  await using home = await startSandbox();

  await step("and hands all that waits to another sandbox, octet by octet", async () => {
    holdAll(provider);
    const { code, stdout } = await fetchmail(provider, home);
    strictEqual(code, 0);
    match(stdout, /Turnaround now/);
    strictEqual(home.mails.length, CONTENTS.length);
    const arrived = home.mailbox(JOE).map(({ content }) => content);
    for (const content of CONTENTS) strictEqual(copies(arrived, content), 1);
    deepStrictEqual(provider.held(DOMAIN), []);
  });

  await step("but not when nothing waits", async () => {
    match((await fetchmail(provider, home)).stdout, /ODMR< 453 /);
  });

  await step("nor for the domain of somebody else, nor with a wrong password", async () => {
    holdAll(provider);
    match((await fetchmail(provider, home, { domain: "other.example" })).stdout, /ODMR< 450 /);
    match((await fetchmail(provider, home, { password: "guess" })).stdout, /SMTP< 535 /);
    strictEqual(provider.held(DOMAIN).length, CONTENTS.length);
    strictEqual(home.mails.length, CONTENTS.length);
  });
});

await serverTest("SmtpSession.atrn() turns a session within TLS around", [], async (step) => {
  await using provider = await startSandbox({ users: USERS });
  for (const url of [provider.smtpUrl, provider.smtpsUrl]) {
    await step(url.startsWith("smtps") ? "from the first octet" : "after STARTTLS", async () => {
      holdAll(provider);
      await using session = await connectSmtp({
        url,
        caCerts: provider.caCerts,
        auth: { user: "joe", password: new Secret(USERS.joe.password) },
      });
      const { reply, connection } = await session.atrn([DOMAIN]);
      strictEqual(reply.code, 250);
      ok(!session.usable);
      ok(connection?.security === "verified");

      const arrived: Uint8Array[] = [];
      const end = await serveSmtp(connection, {
        hostname: "home.example",
        recipient: ({ address }) =>
          address === JOE ? undefined : { code: 550, text: "Nobody here" },
        message: () => {
          const chunks: Uint8Array<ArrayBuffer>[] = [];
          return {
            write: (chunk) => void chunks.push(chunk.slice()),
            finish: async () => {
              arrived.push(new Uint8Array(await new Blob(chunks).arrayBuffer()));
              return [{ code: 250, status: "2.0.0", text: "Taken" }];
            },
            abort: () => {},
          };
        },
      });
      strictEqual(end, "quit");
      strictEqual(arrived.length, CONTENTS.length);
      for (const content of CONTENTS) strictEqual(copies(arrived, content), 1);
      deepStrictEqual(provider.held(DOMAIN), []);
    });
  }

  await step("and does nothing where nothing waits", async () => {
    await using session = await connectSmtp({
      url: provider.smtpUrl,
      caCerts: provider.caCerts,
      auth: { user: "joe", password: new Secret(USERS.joe.password) },
    });
    const { reply, connection } = await session.atrn();
    strictEqual(reply.code, 453);
    strictEqual(connection, undefined);
    strictEqual((await session.noop()).code, 250);
  });
});

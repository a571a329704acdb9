import { deepEqual, equal } from "node:assert/strict";
import {
  connectSmtp,
  cramMd5,
  login,
  oauthBearer,
  plain,
  type SaslMechanism,
  scram,
  Secret,
  xoauth2,
} from "@mailwright/mailwright";
import { memorySandbox, SANDBOX_CAPABILITIES, startSandbox } from "@mailwright/mailwright/sandbox";
import { Channel, WireLine } from "@mailwright/mailwright/wire";

const users = { ann: { password: "pencil", token: "ya29.token" } };

/** Logs in with one mechanism and tells what came of it. */
async function attempt(auth: SaslMechanism): Promise<[code: number, user: string | undefined]> {
  await using box = await startSandbox({ users });
  await using session = await connectSmtp({ url: box.smtpsUrl, caCerts: box.caCerts });
  const { reply } = await session.auth(auth);
  await session.send({ from: null, to: ["b@x.example"], policy: "any" }, "x\r\n");
  return [reply.code, box.mails[0]?.session.user];
}

const password = new Secret("pencil");
const wrong = new Secret("pen");
const token = new Secret("ya29.token");
const user = "ann";

Deno.test.each<[string, SaslMechanism, SaslMechanism]>([
  ["PLAIN", plain({ user, password }), plain({ user, password: wrong })],
  ["LOGIN", login({ user, password }), login({ user, password: wrong })],
  ["CRAM-MD5", cramMd5({ user, password }), cramMd5({ user, password: wrong })],
  ["SCRAM-SHA-1", scram("SHA-1", { user, password }), scram("SHA-1", { user, password: wrong })],
  [
    "SCRAM-SHA-256",
    scram("SHA-256", { user, password }),
    scram("SHA-256", { user, password: wrong }),
  ],
  [
    "SCRAM-SHA-512",
    scram("SHA-512", { user, password }),
    scram("SHA-512", { user, password: wrong }),
  ],
  ["XOAUTH2", xoauth2({ user, token }), xoauth2({ user, token: wrong })],
  ["OAUTHBEARER", oauthBearer({ user, token }), oauthBearer({ user, token: wrong })],
])("the sandbox logs in with %s, and refuses a wrong secret", async (name, right, wrong) => {
  equal(right.name, name);
  deepEqual(await attempt(right), [235, "ann"]);
  deepEqual(await attempt(wrong), [535, undefined]);
});

Deno.test("the sandbox offers what it can log in with", { permissions: "none" }, () => {
  const offered = SANDBOX_CAPABILITIES.tls.find((line) => line.startsWith("AUTH "));
  deepEqual(offered?.split(" ").slice(1).toSorted(), [
    "CRAM-MD5",
    "LOGIN",
    "OAUTHBEARER",
    "PLAIN",
    "SCRAM-SHA-1",
    "SCRAM-SHA-256",
    "SCRAM-SHA-512",
    "XOAUTH2",
  ]);
});

Deno.test("the sandbox lets EXTERNAL and ANONYMOUS in once they are set, in both protocols", {
  permissions: "none",
}, async () => {
  const sasl = { external: "ann", anonymous: true };
  for (const options of [{ sasl }, {}]) {
    await using box = memorySandbox(options);
    for (const protocol of ["smtp", "pop3"] as const) {
      const client = new Channel(box.connect({ protocol, implicitTls: true }));
      await client.startTls({ hostname: "localhost" });
      const ask = async (line: string, last: RegExp): Promise<string> => {
        if (line !== "") client.put(new WireLine(line));
        await client.flush();
        for (let text = "";;) {
          text += `${(await client.readLine())?.text}\n`;
          if (last.test(text)) return text;
        }
      };
      await ask("", /^(?:220|\+OK) /);
      const offer = protocol === "smtp"
        ? await ask("EHLO me", /^250 /m)
        : await ask("CAPA", /^\.$/m);
      const isSet = "sasl" in options;
      equal(/^(?:250.AUTH|SASL) .* EXTERNAL ANONYMOUS$/m.test(offer), isSet);
      equal(/EXTERNAL|ANONYMOUS/.test(offer), isSet);
      // As whom a certificate names, and as nobody else.
      const answers = [await ask(`AUTH EXTERNAL ${btoa("ben")}`, /\n/)];
      answers.push(await ask("AUTH EXTERNAL =", /\n/));
      deepEqual(answers.map((text) => /^(?:235|\+OK)/.test(text)), [false, isSet]);
      client.close();
    }
  }
});

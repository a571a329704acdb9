/**
 * A user's program: `url_check.ts` puts the URL of `mod.ts` in place of our name and runs it
 * without any grant. A mail goes from one end of a pair to the other.
 *
 * @module
 */

import {
  connectSmtp,
  memoryPair,
  parseAddress,
  parseReply,
  serveSmtp,
  type SmtpBackend,
} from "@mailwright/mailwright";

function check(held: boolean, what: string): void {
  if (!held) throw new Error(`Cannot see that ${what}`);
}

check(parseReply("250 2.1.5 ok\r\n").code === 250, "a reply is parsed");
check(parseAddress("anna@münchen.example").domain.startsWith("xn--"), "a domain is normalised");

const mailbox: string[] = [];
const backend: SmtpBackend = {
  hostname: "mx.example",
  recipient: ({ address }) =>
    address.startsWith("nobody@") ? { code: 550, text: "Who?" } : undefined,
  message() {
    const decoder = new TextDecoder();
    let text = "";
    return {
      write(chunk) {
        text += decoder.decode(chunk, { stream: true });
      },
      finish() {
        mailbox.push(text);
        return [{ code: 250, text: "Stored" }];
      },
      abort() {},
    };
  },
};
const [ours, theirs] = memoryPair();
const served = serveSmtp(theirs, backend);
{
  await using session = await connectSmtp({ connection: ours, tls: "none", name: "home.example" });
  const to = ["anna@example.com", "nobody@example.com"];
  const content = new TextEncoder().encode("Subject: hello\r\n\r\n.by URL\r\n");
  const receipt = await session.send({ from: "me@example.com", to, policy: "any" }, content);
  check(receipt.outcome === "partial", `one of two is refused, not ${receipt.outcome}`);
}
await served;
check(mailbox.join() === "Subject: hello\r\n\r\n.by URL\r\n", "the mail arrived as it was sent");

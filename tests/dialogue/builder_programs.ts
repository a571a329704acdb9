/**
 * The examples of the dialogue language as programs, each beside its text.
 *
 * @module
 */

import {
  type Dialogue,
  type DialogueResult,
  pop3,
  type RunProgramOptions,
  secret,
  type serveDialogue,
  type ServeDialogueOptions,
  smtp,
} from "@mailwright/mailwright";

/** Any program that is text. */
export interface Played {
  run(options: RunProgramOptions): Promise<DialogueResult>;
  serve(
    over: Parameters<typeof serveDialogue>[1],
    options?: ServeDialogueOptions,
  ): Promise<readonly DialogueResult[]>;
  toDialogue(): Dialogue;
  toText(): string;
}

/** A recipient is refused, the others get the mail. */
const partial: Played = smtp().expect(220, "{host=beta.example}").ehlo("client.example")
  .mail("smith@alpha.example")
  .each(["jones@beta.example", "brown@beta.example"], (d, to) => d.rcpt(to).expect([250, 251]))
  .rcpt("green@beta.example").expect(550)
  .data("Blah blah blah...\r\n..etc. etc. etc.\r\n").expect(250, "OK queued as {qid=ABC123}")
  .quit().expect(221);

/** AUTH LOGIN with either outcome. */
const authLogin: Played = smtp().ehlo("test.example").caps({ has: ["AUTH LOGIN"] })
  .auth("LOGIN", {
    user: "user@example.test",
    password: secret("pass", { sample: "open sesame" }),
  })
  .expect({ 235: "ok", 535: "badPassword" });

/** Look, delete, think again, leave. */
const maildrop: Played = pop3().user("mrose").pass(secret("pass"))
  .expect("+OK", "{n:int=2} messages")
  .stat().expect("+OK", "{n:int} {octets:int=6415}")
  .list().lines(["1 {size1:int=537}", "2 {size2:int=5878}"])
  .dele(1).dele(1).expect("-ERR").rset().quit();

/** What is offered differs before and after TLS. */
const startTls: Played = smtp().ehlo("me.example")
  .caps({ has: ["STARTTLS", "SIZE {limit=1000}"], not: ["AUTH"] }).startTls()
  .ehlo("me.example").caps({ has: ["AUTH PLAIN"], not: ["STARTTLS"] })
  .auth("PLAIN", { user: "u", password: secret("pass") }).expect(235);

/** A batch with a refused recipient, then an end of content that is none. */
const smuggling: Played = smtp().ehlo("me.example").caps({ has: ["PIPELINING"] })
  .batch((b) =>
    b.mail("a@example.test").expect(250).rcpt("b@example.test").expect(250)
      .rcpt("nobody@example.test").expect(550).command("DATA").expect(354)
  )
  .raw("Subject: x\r\n\r\nhello\r\n\n.\r\nMAIL FROM:<evil@example.test>\r\n.\r\n").expect("5xx");

/** A pause before the greeting, a wrong order, an unknown verb, a hang-up. */
const probe: Played = smtp().silence("150ms").expect(220)
  .command("MAIL FROM:<a@example.test>").expect(503)
  .command("FROBNICATE").expect([500, 502]).noop().expect(421).expectClose();

/** All of them, by the names of the texts. */
export const PROGRAMS: ReadonlyMap<string, Played> = new Map([
  ["partial", partial],
  ["auth_login", authLogin],
  ["pop3", maildrop],
  ["starttls", startTls],
  ["smuggling", smuggling],
  ["probe", probe],
]);

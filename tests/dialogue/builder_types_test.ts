/**
 * The rules that the compiler holds. Each `@ts-expect-error` is an error of its own if its rule is gone.
 *
 * @module
 */

import {
  type Acceptor,
  type DialogueValue,
  lmtp,
  type MessageChoice,
  pop3,
  Secret,
  secret,
  smtp,
  type TimeText,
} from "@mailwright/mailwright";
import { equal, ok, throws } from "node:assert/strict";

const pure = { permissions: "none" } as const;

/** Only if both types are the same, its argument is `true`. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;

/** Checked by the compiler alone; never run. */
function proof(_: () => unknown): void {}

const hello = smtp().ehlo("me.example");
const mailed = hello.mail("a@example.test");
const addressed = mailed.rcpt("b@example.test");
const opened = pop3().user("mrose").pass(secret("pass"));
const connection = { connection: undefined as never };

Deno.test("smtp() has MAIL after EHLO only", pure, () => {
  proof(() => hello.mail("a@example.test"));
  // @ts-expect-error -- nothing was said yet
  proof(() => smtp().mail("a@example.test"));
  // @ts-expect-error -- a transaction is open
  proof(() => mailed.mail("a@example.test"));
  // @ts-expect-error -- a recipient was named
  proof(() => addressed.mail("a@example.test"));
});

Deno.test("smtp() has RCPT after MAIL only", pure, () => {
  proof(() => mailed.rcpt("b@example.test").rcpt("c@example.test"));
  // @ts-expect-error -- no MAIL
  proof(() => hello.rcpt("b@example.test"));
  // @ts-expect-error -- RSET ends the transaction
  proof(() => addressed.rset().rcpt("b@example.test"));
});

Deno.test("smtp() has DATA and BDAT after one RCPT", pure, () => {
  proof(() => addressed.data("x"));
  proof(() => addressed.bdat("x", { last: true }));
  // @ts-expect-error -- no recipient
  proof(() => mailed.data("x"));
  // @ts-expect-error -- no recipient
  proof(() => mailed.bdat("x", { last: true }));
  // @ts-expect-error -- the message is sent
  proof(() => addressed.data("x").data("y"));
});

Deno.test("smtp() goes on with BDAT between chunks", pure, () => {
  proof(() => addressed.bdat("x").bdat("y", { last: true }).mail("c@example.test"));
  // @ts-expect-error -- DATA and BDAT do not mix (RFC 3030 section 3)
  proof(() => addressed.bdat("x").data("y"));
  // @ts-expect-error -- the message is not sent
  proof(() => addressed.bdat("x").mail("c@example.test"));
});

Deno.test("smtp() has EHLO and HELO alone after STARTTLS", pure, () => {
  proof(() => hello.startTls().ehlo("me.example").mail("a@example.test"));
  proof(() => hello.startTls().helo("me.example"));
  // @ts-expect-error -- what was said before TLS is forgotten (RFC 3207 section 4.2)
  proof(() => hello.startTls().mail("a@example.test"));
  // @ts-expect-error -- the same for a login
  proof(() => hello.startTls().auth("PLAIN", { user: "u", password: secret("pass") }));
  // @ts-expect-error -- TLS within TLS
  proof(() => hello.startTls().startTls());
  // @ts-expect-error -- nothing was offered yet
  proof(() => smtp().startTls());
  // @ts-expect-error -- within a transaction
  proof(() => mailed.startTls());
});

Deno.test("smtp() has AUTH and the offers after EHLO", pure, () => {
  proof(() => hello.auth("PLAIN", { user: "u", password: secret("pass") }));
  // @ts-expect-error -- before EHLO
  proof(() => smtp().auth("PLAIN", { user: "u", password: secret("pass") }));
  // @ts-expect-error -- within a transaction (RFC 4954 section 4)
  proof(() => mailed.auth("PLAIN", { user: "u", password: secret("pass") }));
  // @ts-expect-error -- a password is never a text of the program
  proof(() => hello.auth("PLAIN", { user: "u", password: "open sesame" }));
  // @ts-expect-error -- not a mechanism with a password
  proof(() => hello.auth("KERBEROS_V4", { user: "u", password: secret("pass") }));
  // @ts-expect-error -- a greeting offers nothing
  proof(() => smtp().caps({ has: ["SIZE"] }));
  // @ts-expect-error -- nor does the reply to MAIL
  proof(() => mailed.caps({ has: ["SIZE"] }));
});

Deno.test("lmtp() has LHLO in place of EHLO", pure, () => {
  proof(() => lmtp().lhlo("me.example").mail(null));
  // @ts-expect-error -- RFC 2033 section 4.1
  proof(() => lmtp().ehlo("me.example"));
  // @ts-expect-error -- the other way round
  proof(() => smtp().lhlo("me.example"));
});

Deno.test("pop3() has the maildrop after the login, and nothing after QUIT", pure, () => {
  proof(() => opened.stat().list().dele(1).quit().expectClose());
  // @ts-expect-error -- before the login
  proof(() => pop3().stat());
  // @ts-expect-error -- a login after the login
  proof(() => opened.user("other"));
  // @ts-expect-error -- TLS after the login (RFC 2595 section 4)
  proof(() => opened.startTls());
  // @ts-expect-error -- after QUIT
  proof(() => opened.quit().stat());
  // @ts-expect-error -- twice
  proof(() => opened.quit().quit());
  // @ts-expect-error -- no text of the program
  proof(() => pop3().user("mrose").pass("open sesame"));
  // @ts-expect-error -- a verb of SMTP
  proof(() => opened.mail("a@example.test"));
  // @ts-expect-error -- a verb of POP3
  proof(() => hello.dele(1));
});

Deno.test("pop3() takes the stamp of APOP from a hole before", pure, () => {
  const login = { user: "mrose", password: secret("pass"), stamp: "stamp" } as const;
  proof(() => pop3().expect("+OK", "ready {stamp=<1@mx>}").apop(login));
  // @ts-expect-error -- no hole took it
  proof(() => pop3().apop(login));
});

Deno.test("command() and raw() are in every phase and change none", pure, () => {
  const probed = smtp().command("RCPT TO:<x@example.test>").expect(503).raw("\r\n").expect(500);
  const phase: "greeting" = probed.phase;
  equal(phase, "greeting");
  equal(addressed.command("RSET").phase satisfies "rcpt", "rcpt");
  equal(opened.quit().command("STAT").expect("-ERR").phase satisfies "closed", "closed");
  // @ts-expect-error -- RSET by hand is no RSET: the phase is still that of a recipient
  proof(() => addressed.command("RSET").mail("a@example.test"));
});

Deno.test("a program is no promise, and what is not awaited is no result", pure, async () => {
  equal("then" in hello, false);
  equal(await hello, hello);
  // @ts-expect-error -- there is no result before it is run
  proof(async () => (await hello).vars);
  // @ts-expect-error -- nor a then
  proof(() => hello.then(() => {}));
});

Deno.test("captures are typed by what their holes say", pure, () => {
  const taken = hello.expect(250, "{host} has {n:int} of {_} and {q=AB C}, {{literal}");
  const holes: { readonly host: "string"; readonly n: "number"; readonly q: "string" } =
    taken.captures;
  equal(JSON.stringify(holes), '{"host":"string","n":"number","q":"string"}');
  const program = taken.caps({ has: ["SIZE {limit:int=10}", "AUTH {mechanism=PLAIN}"] });
  proof(async () => {
    const { vars } = await program.run(connection);
    const seen: readonly [string, number, string, number, string] = [
      vars.host,
      vars.n,
      vars.q,
      vars.limit,
      vars.mechanism,
    ];
    // @ts-expect-error -- a number is none
    const text: string = vars.n;
    // @ts-expect-error -- a text is none
    const number: number = vars.host;
    return [seen, text, number];
  });
  // @ts-expect-error -- `{_}` keeps nothing
  proof(async () => (await program.run(connection)).vars._);
  // @ts-expect-error -- a doubled brace opens no hole
  proof(async () => (await program.run(connection)).vars.literal);
  // @ts-expect-error -- nobody took it
  proof(async () => (await program.run(connection)).vars.qid);
});

Deno.test("holes of one name agree in what they take", pure, () => {
  const taken = hello.expect(250, "{n:int} of {host}");
  proof(() => taken.noop().expect(250, "{n:int} {host} {more}"));
  // @ts-expect-error -- it was a number
  proof(() => taken.noop().expect(250, "{n}"));
  // @ts-expect-error -- it was a text
  proof(() => taken.command("XFOO {host:int}"));
  // @ts-expect-error -- within one text
  proof(() => hello.expect(250, "{a} {a:int}"));
  // @ts-expect-error -- within one list
  proof(() => hello.caps({ has: ["SIZE {a:int}", "AUTH {a}"] }));
  // @ts-expect-error -- in lines too
  proof(() => opened.list().lines(["1 {a:int}", "2 {a}"]));
});

Deno.test("outcomes type the result", pure, () => {
  const login = hello.auth("LOGIN", { user: "u", password: secret("pass") });
  const program = login.expect({ 235: "ok", 535: "badPassword", "4xx": "later" });
  proof(async () => {
    const { outcome } = await program.run(connection);
    const same: Same<typeof outcome, "ok" | "badPassword" | "later"> = true;
    const none = (await login.expect(235).run(connection)).outcome;
    const nothing: Same<typeof none, undefined> = true;
    return [same, nothing];
  });
  // @ts-expect-error -- no reply has this name
  proof(async () => (await program.run(connection)).outcome === "fine");
  proof(async () => {
    const any = await program.run({ ...connection, throwOnFailure: false });
    // @ts-expect-error -- what failed may have none
    const outcome: string = any.outcome;
    // @ts-expect-error -- nor need every hole have a value
    const host: string = (await hello.expect(250, "{host}").run({
      ...connection,
      throwOnFailure: false,
    })).vars.host;
    return [outcome, host];
  });
  // @ts-expect-error -- POP3 has other replies
  proof(() => opened.stat().expect({ 250: "ok" }));
});

Deno.test("expect() takes the codes of its protocol", pure, () => {
  proof(() => hello.expect([250, "2xx"]));
  // @ts-expect-error -- no such class
  proof(() => hello.expect("6xx"));
  // @ts-expect-error -- of POP3
  proof(() => hello.expect("+OK"));
  // @ts-expect-error -- of SMTP
  proof(() => opened.stat().expect(250));
  // @ts-expect-error -- in a list too
  proof(() => hello.expect([250, "-ERR"]));
  // @ts-expect-error -- and in one of texts
  proof(() => hello.expect(["6xx"]));
  // @ts-expect-error -- and as the name of an outcome
  proof(() => opened.stat().expect({ "+ERR": "no" }));
});

Deno.test("each() types what it binds as lists, and its turns can follow one another", pure, () => {
  const program = mailed.each(
    ["b@example.test", "c@example.test"] as const,
    (d, to: "b@example.test" | "c@example.test") => d.rcpt(to).expect(250, "as {id} {n:int}"),
  );
  equal(program.phase satisfies "rcpt", "rcpt");
  proof(async () => {
    const { vars } = await program.data("x").run(connection);
    const id: readonly string[] = vars.id;
    const n: readonly number[] = vars.n;
    // @ts-expect-error -- one for each turn
    const one: string = vars.id;
    return [id, n, one] satisfies readonly DialogueValue[];
  });
  // @ts-expect-error -- after the loop it is a list
  proof(() => program.noop().expect(250, "{id}"));
  // @ts-expect-error -- no second DATA without RCPT
  proof(() => addressed.each([1, 2], (d) => d.data("x")));
  // @ts-expect-error -- no second MAIL within a transaction
  proof(() => hello.each([1, 2], (d) => d.mail("a@example.test")));
  // @ts-expect-error -- a turn gives the program on
  proof(() => hello.each([1, 2], () => {}));
});

Deno.test("batch() has commands that can stand in one write", pure, () => {
  const batch = hello.batch((b) => b.mail("a@example.test").rcpt("b@example.test"));
  equal(batch.phase satisfies "rcpt", "rcpt");
  const sent = hello.batch((b) => b.mail(null).rcpt("b@example.test").data("x").expect(250));
  equal(sent.phase satisfies "ready", "ready");
  proof(() => mailed.batch((b) => b.each(["b@example.test"], (d, to) => d.rcpt(to)).data("x")));
  // @ts-expect-error -- content ends a batch (RFC 2920 section 3.1)
  proof(() => addressed.batch((b) => b.data("x").noop()));
  // @ts-expect-error -- EHLO has a batch of its own
  proof(() => hello.batch((b) => b.ehlo("me.example")));
  // @ts-expect-error -- nothing stands behind STARTTLS (RFC 3207 section 4)
  proof(() => hello.batch((b) => b.startTls()));
  // @ts-expect-error -- a login is more than one write
  proof(() => hello.batch((b) => b.auth("PLAIN", { user: "u", password: secret("pass") })));
  // @ts-expect-error -- nothing waits in one write
  proof(() => hello.batch((b) => b.pause("1s")));
  // @ts-expect-error -- before EHLO nobody offers PIPELINING
  proof(() => smtp().batch((b) => b.noop()));
  // @ts-expect-error -- its loops bind nothing
  proof(() => mailed.batch((b) => b.each(["x"], (d, to) => d.rcpt(to).expect(250, "{id}"))));
  // @ts-expect-error -- it is no program of its own
  proof(() => hello.batch((b) => b.mail(null).toText()));
});

Deno.test("a function in a program takes its text away", pure, () => {
  const written: true = hello.serialisable;
  const tapped = hello.tap(() => {});
  const live: false = tapped.serialisable;
  equal(written, true);
  equal(live, false);
  proof(() => hello.toText());
  // @ts-expect-error -- no text holds a function
  proof(() => tapped.toText());
  // @ts-expect-error -- nor does data
  proof(() => tapped.toDialogue());
  // @ts-expect-error -- a server has nothing to decide
  proof(() => tapped.serve(undefined as never));
  // @ts-expect-error -- from then on
  proof(() => tapped.mail(null).rcpt("b@example.test").data("x").toText());
  // @ts-expect-error -- through loops
  proof(() => hello.each([1], (d) => d.noop().tap(() => {})).toText());
  // @ts-expect-error -- live decisions are functions too
  proof(() => opened.eachMessage(() => "keep").toText());
  // @ts-expect-error -- before the login there is no message
  proof(() => pop3().eachMessage(() => "keep"));
  // @ts-expect-error -- it stays, or it goes
  proof(() => opened.eachMessage((_: MessageChoice) => "maybe"));
  throws(() => (tapped as unknown as { toText(): string }).toText(), { name: "TypeError" });
});

Deno.test("serialisable is a property, not a word of the type", pure, () => {
  const tapped = hello.tap(() => {});
  // @ts-expect-error -- a program with a function is not one without
  const written: typeof hello = tapped;
  ok(written.serialisable as boolean === false);
});

Deno.test("times have units", pure, () => {
  proof(() => hello.pause("150ms").noop().within("2s"));
  // @ts-expect-error -- of what
  proof(() => hello.pause("150"));
  // @ts-expect-error -- a number has no unit
  proof(() => hello.noop().within(2));
  // @ts-expect-error -- no unit
  const time: TimeText = "2h";
  equal(time, "2h");
  // @ts-expect-error -- no level
  proof(() => hello.match("verb"));
});

Deno.test("the examples compile as they are written", pure, () => {
  const pass = new Secret("open sesame");
  const acceptor: Acceptor = undefined as never;
  proof(async () => {
    const r = await smtp().expect(220, "{host=beta.example}").ehlo("client.example")
      .mail("smith@alpha.example")
      .each(["jones@beta.example", "brown@beta.example"], (d, to) => d.rcpt(to).expect([250, 251]))
      .rcpt("green@beta.example").expect(550)
      .data("Blah blah blah...\r\n..etc. etc. etc.\r\n").expect(250, "OK queued as {qid=ABC123}")
      .quit().expect(221).run({ to: "beta.example:25" });
    const delivery: "all" | "partial" | "none" | "untried" = r.delivery;
    const qid: string = r.vars.qid;
    return [delivery, qid, r.recipients[2]?.reply.code];
  });
  proof(async () => {
    const out = await smtp().ehlo("test.example").caps({ has: ["AUTH LOGIN"] })
      .auth("LOGIN", {
        user: "user@example.test",
        password: secret("pass", { sample: "open sesame" }),
      })
      .expect({ 235: "ok", 535: "badPassword" })
      .run({ to: "smtps://mx.example.test", secrets: { pass } });
    return out.outcome satisfies "ok" | "badPassword";
  });
  proof(async () => {
    const { vars } = await pop3().user("mrose").pass(secret("pass"))
      .expect("+OK", "{n:int=2} messages")
      .stat().expect("+OK", "{n:int} {octets:int=6415}")
      .list().lines(["1 {size1:int=537}", "2 {size2:int=5878}"])
      .dele(1).dele(1).expect("-ERR").rset().quit()
      .run({ to: "pop3s://pop.example.test", secrets: { pass } });
    const sum: number = vars.n + vars.octets + vars.size1 + vars.size2;
    await pop3().user("mrose").pass(secret("pass")).stat()
      .eachMessage((m) => m.size > 5000 ? "dele" : "keep").quit()
      .run({ to: "pop3s://pop.example.test", dryRun: true, secrets: { pass } });
    return sum;
  });
  proof(async () => {
    const [served] = await smtp().silence("150ms").expect(220)
      .command("MAIL FROM:<a@example.test>").expect(503)
      .command("FROBNICATE").expect([500, 502]).noop().expect(421).expectClose().serve(acceptor);
    return served?.status satisfies "passed" | undefined;
  });
});

import {
  connectPop3,
  connectSmtp,
  type Dialogue,
  type DialogueStep,
  lmtp,
  pop3,
  type Pop3Session,
  printDialogue,
  Secret,
  secret,
  smtp,
  type SmtpSession,
  toDialogue,
  type TranscriptEvent,
} from "@mailwright/mailwright";
import { deepEqual, equal } from "node:assert/strict";
import { type Sandbox, startSandbox } from "../../src/sandbox/mod.ts";
import type { Played } from "./builder_programs.ts";
import { withoutPlaces } from "./same.ts";

const SETTINGS = {
  users: { ann: "pencil" },
  recipients: ["ben@there.example", "cyd@there.example"],
};
const password = new Secret("pencil");
const given = { user: "ann", password, mechanisms: ["SCRAM-SHA-256"] };
const login = { user: "ann", password: secret("pass") };
const CONTENT = "Subject: Hello\r\n\r\n.one\r\n..\r\n";

/** A maildrop of two messages, or a place for them. */
async function start(): Promise<Sandbox> {
  const box = await startSandbox(SETTINGS);
  box.fill("ann@there.example", [
    { uid: "one", content: "Subject: one\r\n\r\n.a\r\n" },
    { uid: "two", content: "Subject: two\r\n\r\nb\r\nc\r\n" },
  ]);
  return box;
}

/**
 * A recording without what differs from one session to the next: places, samples of ids, and the name
 * of the user, which a session does not show.
 */
function essence({ steps, secrets, vars }: Dialogue): unknown {
  const strip = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(strip);
    if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
    const fields = Object.entries(value).filter(([key]) => key !== "sample");
    return Object.fromEntries(fields.map(([key, field]) => [key, strip(field)]));
  };
  return strip(withoutPlaces({ steps, secrets, vars: Object.keys(vars) }));
}

/** What the client does in a dialogue, and where it waits for a reply. */
function clientSide(steps: readonly DialogueStep[]): unknown {
  return steps.map((step) => {
    if (step.kind === "reply") return "reply";
    const [first] = step.kind === "line" ? step.template : [];
    if (first?.kind === "text" && first.text.startsWith("USER ")) return "USER";
    return withoutPlaces(step);
  });
}

/** What a session and a program say to the same server, recorded. */
async function recorded(
  session: (box: Sandbox, onEvent: (event: TranscriptEvent) => void) => Promise<void>,
  program: Played,
  url: (box: Sandbox) => string,
): Promise<readonly [session: readonly TranscriptEvent[], program: readonly TranscriptEvent[]]> {
  const heard: TranscriptEvent[] = [];
  {
    await using box = await start();
    await session(box, (event) => heard.push(event));
  }
  await using box = await start();
  const { transcript } = await program.run({
    to: url(box),
    tls: { caCerts: box.caCerts },
    secrets: { pass: new Secret("pencil") },
  });
  return [heard, transcript];
}

/** A session says what a program says; and what is recorded of it is what the program is. */
async function same(...given: Parameters<typeof recorded>): Promise<void> {
  const [session, mine] = await recorded(...given);
  deepEqual(essence(toDialogue(mine)), essence(toDialogue(session)));
  const plain = toDialogue(session, { portable: false });
  printDialogue(plain);
  const { steps } = plain;
  deepEqual(clientSide(given[1].toDialogue().steps), clientSide(steps));
}

const greeted = smtp().ehlo("me.example");
const secured = greeted.startTls().ehlo("me.example");

Deno.test.each<[name: string, verbs: (s: SmtpSession) => Promise<unknown>, program: Played]>([
  [
    "one mail",
    async (s) => {
      await s.ehlo("me.example");
      await s.mail("ann@here.example", { size: 40 });
      await s.rcpt("ben@there.example");
      await s.data(CONTENT);
      await s.quit();
    },
    greeted.mail("ann@here.example", "SIZE=40").rcpt("ben@there.example").data(CONTENT).quit(),
  ],
  [
    "a refused recipient, and another mail",
    async (s) => {
      await s.ehlo("me.example");
      await s.mail(null);
      await s.rcpt("ben@there.example");
      await s.rcpt("nobody@there.example");
      await s.data("Hello\r\n");
      await s.mail("ann@here.example");
      await s.rset();
      await s.quit();
    },
    greeted.mail(null).rcpt("ben@there.example").rcpt("nobody@there.example").expect("5xx")
      .data("Hello\r\n").mail("ann@here.example").rset().quit(),
  ],
  [
    "TLS and a login",
    async (s) => {
      await s.ehlo("me.example");
      await s.startTls();
      await s.ehlo("me.example");
      await s.auth(given);
      await s.noop();
      await s.quit();
    },
    secured.auth("SCRAM-SHA-256", login).noop().quit(),
  ],
  [
    "chunks",
    async (s) => {
      await s.ehlo("me.example");
      await s.mail("ann@here.example");
      await s.rcpt("ben@there.example");
      await s.bdat(new TextEncoder().encode("Subject: x\r\n"));
      await s.bdat(new TextEncoder().encode("\r\nHello\r\n"), { last: true });
      await s.quit();
    },
    greeted.mail("ann@here.example").rcpt("ben@there.example").bdat("Subject: x\r\n")
      .bdat("\r\nHello\r\n", { last: true }).quit(),
  ],
  [
    "questions",
    async (s) => {
      await s.ehlo("me.example");
      await s.vrfy("ben@there.example");
      await s.expn("all");
      await s.help();
      await s.noop();
      await s.helo("me.example");
      await s.quit();
    },
    greeted.vrfy("ben@there.example").expn("all").expect(["2xx", "5xx"]).help().noop()
      .helo("me.example").quit(),
  ],
])("smtp() says what a session says: $0", async (_, verbs, program) => {
  await same(
    async ({ smtpUrl: url, caCerts }, onEvent) => {
      const options = { url, caCerts, onEvent, until: "greeting", name: "me.example" } as const;
      await using s = await connectSmtp(options);
      await verbs(s);
    },
    program,
    ({ smtpUrl }) => smtpUrl,
  );
});

Deno.test("lmtp() says what a session says", async () => {
  const program = lmtp().lhlo("me.example").mail("ann@here.example").rcpt("ben@there.example")
    .rcpt("cyd@there.example").data(CONTENT).expect(250).expect(250).quit();
  await same(
    async ({ lmtpUrl: url, caCerts }, onEvent) => {
      const options = { url, caCerts, onEvent, until: "greeting", name: "me.example" } as const;
      await using s = await connectSmtp(options);
      await s.lhlo("me.example");
      await s.mail("ann@here.example");
      await s.rcpt("ben@there.example");
      await s.rcpt("cyd@there.example");
      await s.data(CONTENT);
      await s.quit();
    },
    program,
    ({ lmtpUrl }) => lmtpUrl,
  );
});

Deno.test("lmtp() has a reply for each recipient after the last chunk", async () => {
  await using server = await startSandbox();
  const addressed = lmtp().lhlo("me.example").caps({ has: ["CHUNKING"] }).mail("ann@here.example")
    .rcpt("ben@there.example").rcpt("cyd@there.example").bdat("Subject: x\r\n\r\n");
  for (
    const program of [
      addressed.bdat("hello\r\n", { last: true }).expect(250).expect(250).noop().quit(),
      addressed.bdat("hello\r\n", { last: true }).noop().quit(), // one for all of them
    ]
  ) {
    const { delivery, replies } = await program.run({ to: server.lmtpUrl });
    equal(delivery, "all");
    equal(replies.filter(({ to }) => to === "BDAT 7 LAST").length, 2);
  }
});

const tls = pop3().startTls();

Deno.test.each<[name: string, verbs: (s: Pop3Session) => Promise<unknown>, program: Played]>([
  [
    "a look, and two deletions",
    async (s) => {
      await s.stls();
      await s.user("ann");
      await s.pass(password);
      await s.stat();
      await s.list();
      await s.uidl();
      await s.top(s.number(2), 1);
      await s.dele(s.number(1));
      await s.rset();
      await s.dele(s.number(2));
      await s.commit();
    },
    tls.user("ann").pass(secret("pass")).stat().list().uidl().top(2, 1).dele(1).rset().dele(2)
      .stat().quit(), // commit() looks first
  ],
  [
    "a login by SASL, one message and its end",
    async (s) => {
      await s.capa();
      await s.stls();
      await s.auth(given);
      await s.list();
      const answer = await s.retr(s.number(1));
      if (answer.ok) await answer.value.bytes();
      await s.noop();
      await s.quit();
    },
    pop3().capa().startTls().auth("SCRAM-SHA-256", login).list().retr(1).noop().quit(),
  ],
])("pop3() says what a session says: $0", async (_, verbs, program) => {
  await same(
    async ({ pop3Url: url, caCerts }, onEvent) => {
      await using s = await connectPop3({ url, caCerts, onEvent, until: "greeting" });
      await verbs(s);
    },
    program,
    ({ pop3Url }) => pop3Url,
  );
});

/**
 * SmtpPool at a real Postfix: many messages, many recipients, and a Postfix that is not always there.
 */
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { type OutgoingMessage, type Receipt, SmtpPool } from "@mailwright/mailwright/smtp";
import { copies, letter } from "./contents.ts";
import { bodyOf } from "./maildir.ts";
import { BROWN, CountingDialler, JONES, logged, submission } from "./our_client.ts";
import { poll } from "./poll.ts";
import { startPostfix } from "./postfix.ts";
import { serverTest } from "./programs.ts";
import { STRANGER, USERS, type Users } from "./users.ts";

const NEEDS = ["postfix", "dovecot", "openssl", "root"] as const;

interface Letter extends OutgoingMessage {
  readonly content: Uint8Array;
}

function letters(count: number): Letter[] {
  return Array.from({ length: count }, (_, i) => ({
    envelope: { from: JONES, to: [BROWN], policy: "any" },
    content: letter(`Number ${i}`, `This is letter ${i}.\r\n`),
  }));
}

interface Sending {
  readonly window?: number;
  /** Is told how many receipts there are. */
  readonly heard?: (count: number) => void;
  /** Hands the messages out. */
  readonly source?: AsyncIterable<Letter>;
}

async function sendAll(
  pool: SmtpPool,
  messages: readonly Letter[],
  { window = 1, heard, source }: Sending = {},
): Promise<ReadonlyMap<Letter, Receipt>> {
  const receipts = new Map<Letter, Receipt>();
  for await (const { message, receipt } of pool.sendAll(source ?? messages, { window })) {
    ok(!receipts.has(message));
    receipts.set(message, receipt);
    heard?.(receipts.size);
  }
  deepStrictEqual(new Set(receipts.keys()), new Set(messages));
  return receipts;
}

function subjectOf(message: Uint8Array): string {
  return /^Subject: (.*)\r$/m.exec(new TextDecoder().decode(message))?.[1] ?? "";
}

// Beside the messages there are hello, TLS, login and farewell of each connection, and now and then
// a session that finds no further message ready to share its write with.
for (
  const { way, writes, ...options } of [
    { way: "DATA, one write each", chunking: false, window: 1, writes: 1.05 },
    { way: "BDAT in a window, many in a write", chunking: true, window: 32, writes: 0.25 },
  ]
) {
  await serverTest(`SmtpPool sends 1,000 messages to Postfix by ${way}`, NEEDS, async () => {
    await using postfix = await startPostfix();
    const dialler = new CountingDialler();
    await using pool = new SmtpPool({ ...submission(postfix), dial: dialler.dial });
    const messages = letters(1000).map((message) => ({ ...message, ...options }));
    for (const { outcome } of (await sendAll(pool, messages, options)).values()) {
      strictEqual(outcome, "accepted");
    }
    ok(dialler.connections <= 5);
    const most = messages.length * writes + dialler.connections * 10;
    ok(dialler.writes <= most, `${dialler.writes}`);
    const mailbox = await postfix.mailbox(BROWN, messages.length);
    deepStrictEqual(
      mailbox.map((stored) => bodyOf(stored)).sort(),
      messages.map((_, i) => `This is letter ${i}.\r\n`).sort(),
    );
  });
}

await serverTest(
  "SmtpPool sends to 500 recipients where Postfix takes 100 at a time",
  NEEDS,
  async (step) => {
    const many: Users = Object.fromEntries(
      Array.from({ length: 500 }, (_, i) => [`user${i}@many.example`, "none"]),
    );
    await using postfix = await startPostfix({
      users: { ...USERS, ...many },
      settings: { smtpd_recipient_limit: "100" },
    });
    const to = [...Object.keys(many).slice(0, 250), STRANGER, ...Object.keys(many).slice(250)];
    const everyone = new Set(Object.keys(many));

    for (const [i, maxRecipients] of [100, 1000].entries()) {
      await step(`when the pool believes that it takes ${maxRecipients} [S36]`, async () => {
        await using pool = new SmtpPool({ ...submission(postfix), maxRecipients });
        const content = letter(`${maxRecipients} at a time`, "Hello\r\n");
        const receipt = await pool.send({ from: JONES, to, policy: "any" }, content);
        strictEqual(receipt.outcome, "partial");
        strictEqual(receipt.accepted.length, everyone.size);
        deepStrictEqual(new Set(receipt.accepted.map(({ recipient }) => `${recipient}`)), everyone);
        deepStrictEqual(receipt.rejected.map(({ reply, retry }) => [reply?.code, retry]), [
          [550, "never"],
        ]);
        for (const user of everyone) {
          const mailbox = await postfix.mailbox(user, i + 1);
          strictEqual(mailbox.length, i + 1);
          strictEqual(copies(mailbox, content), 1);
        }
      });
    }

    await step("but never splits a message that is for all", async () => {
      await using pool = new SmtpPool(submission(postfix));
      const envelope = { from: JONES, to: [...everyone], policy: "all" } as const;
      await rejects(pool.send(envelope, "Subject: all\r\n"), { name: "SmtpLocalError" });
    });
  },
);

for (const [name, chunking, window] of [["DATA", false, 1], ["BDAT", true, 32]] as const) {
  await serverTest(
    `SmtpPool tells the truth about each message when Postfix crashes during ${name}`,
    NEEDS,
    async () => {
      await using postfix = await startPostfix();
      await using pool = new SmtpPool(submission(postfix));
      const messages = letters(1500).map((message) => ({ ...message, chunking }));
      const crash = Promise.withResolvers<void>();
      // However long a crash takes, some messages come behind it.
      async function* source(): AsyncGenerator<Letter> {
        yield* messages.slice(0, 1000);
        await crash.promise;
        yield* messages.slice(1000);
      }
      const receipts = await sendAll(pool, messages, {
        window,
        heard: (count) => {
          if (count === 200) postfix.crash().then(crash.resolve, crash.reject);
        },
        source: source(),
      });
      await postfix.restart();

      const by = (outcome: Receipt["outcome"]) =>
        messages.filter((message) => receipts.get(message)?.outcome === outcome);
      const accepted = by("accepted");
      const unsent = by("not-sent");
      strictEqual(accepted.length + unsent.length + by("in-doubt").length, messages.length);
      ok(accepted.length >= 200);
      ok(unsent.length > 0);
      for (const message of unsent) {
        strictEqual(receipts.get(message)?.rejected[0]?.retry, "later");
      }

      for (const { outcome } of (await sendAll(pool, unsent, { window })).values()) {
        strictEqual(outcome, "accepted");
      }
      // Postfix itself delivers again what it cannot know to be delivered, so these are at least as
      // many messages.
      const mailbox = await poll("all accepted messages", async () => {
        const found = await postfix.mailbox(BROWN, accepted.length + unsent.length);
        const subjects = new Set(found.map(subjectOf));
        return [...accepted, ...unsent].every(({ content }) => subjects.has(subjectOf(content)))
          ? found
          : undefined;
      });
      // Had the first Postfix taken one of them after all, it would be there twice.
      const subjects = mailbox.map(subjectOf);
      for (const subject of unsent.map(({ content }) => subjectOf(content))) {
        strictEqual(subjects.filter((other) => other === subject).length, 1);
      }
    },
  );
}

await serverTest(
  "SmtpPool goes on when Postfix hangs up on idle connections [S88] [S89]",
  NEEDS,
  async () => {
    await using postfix = await startPostfix({ settings: { smtpd_timeout: "5s" } });
    const dialler = new CountingDialler();
    await using pool = new SmtpPool({ ...submission(postfix), dial: dialler.dial });
    const [first, second] = letters(2) as [Letter, Letter];
    strictEqual((await pool.send(first.envelope, first.content)).outcome, "accepted");
    await logged(postfix, /timeout after END-OF-MESSAGE from/);
    strictEqual((await pool.send(second.envelope, second.content)).outcome, "accepted");
    strictEqual(dialler.connections, 2);
    strictEqual((await postfix.mailbox(BROWN, 2)).length, 2);
  },
);

await serverTest("SmtpPool makes do with fewer connections than it wants", NEEDS, async () => {
  await using postfix = await startPostfix({
    settings: { smtpd_client_connection_count_limit: "2" },
  });
  await using pool = new SmtpPool({ ...submission(postfix), maxConnections: 5 });
  for (const { outcome } of (await sendAll(pool, letters(100))).values()) {
    strictEqual(outcome, "accepted");
  }
  strictEqual((await postfix.mailbox(BROWN, 100)).length, 100);
});

import { deepEqual, equal } from "node:assert/strict";
import { memoryPair, serveSmtp } from "@mailwright/mailwright";
import { RawClient } from "./raw_client.ts";
import { keeper, served } from "./served.ts";

Deno.test(
  "serveSmtp() writes the replies of one batch at once",
  { permissions: "none" },
  async () => {
    await using session = await served();
    const { client } = session;
    await client.ask("EHLO client.example");
    const before = session.writes();
    await client.send(
      "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nRCPT TO:<nobody@x.example>\r\nDATA\r\n",
    );
    for (const code of ["250", "250", "550", "354"]) {
      equal((await client.reply())?.slice(0, 3), code);
    }
    equal(session.writes() - before, 1);
    // The next envelope follows the dot in the same write.
    await client.send("hello\r\n.\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nRSET\r\n");
    for (let n = 0; n < 4; n++) equal((await client.reply())?.slice(0, 3), "250");
    equal(session.writes() - before, 2);
  },
);

Deno.test("serveSmtp() does not gather replies without end", {
  permissions: "none",
}, async () => {
  await using session = await served();
  const before = session.writes();
  await session.client.send("HELP NOOP\r\n".repeat(2000));
  const reply = "214 2.0.0 NOOP [anything]";
  for (let n = 0; n < 2000; n++) equal(await session.client.reply(), reply);
  // A batch of 22 kB arrives in pieces of one buffer; each piece is answered in few writes.
  const writes = session.writes() - before;
  equal(writes >= 3 && writes <= 8, true);
});

Deno.test(
  "serveSmtp() answers BDAT inside its window at once",
  { permissions: "none" },
  async () => {
    await using session = await served();
    const { client } = session;
    await client.ask("EHLO client.example");
    const before = session.writes();
    await client.send(
      "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nBDAT 2\r\nheBDAT 3 LAST\r\nlloQUIT\r\n",
    );
    for (const code of ["250", "250", "250", "250", "221"]) {
      equal((await client.reply())?.slice(0, 3), code);
    }
    equal(session.writes() - before, 1);
    deepEqual(session.mails.map(({ content }) => content), ["hello"]);
  },
);

Deno.test(
  "serveSmtp() gives the same replies one octet at a time",
  { permissions: "none" },
  async () => {
    const batch = "EHLO c.example\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nDATA\r\n";
    const seen = await Promise.all([1, Infinity].map(async (chunk) => {
      await using session = await served({ chunk });
      await session.client.send(`${batch}x\r\n.\r\nQUIT\r\n`);
      return await session.client.rest();
    }));
    equal(seen[0], seen[1]);
    equal(seen[0]?.includes("221 2.0.0"), true);
  },
);

Deno.test("serveSmtp() reads nothing more until its replies are read", {
  permissions: "none",
}, async () => {
  // Both directions hold little: a client that only writes comes to a halt.
  const [ours, theirs] = memoryPair({ capacity: 4096 });
  const served = serveSmtp(theirs, keeper([]), { limits: { recipients: 100_000 } });
  const client = new RawClient(ours);
  await client.reply();
  await client.ask("EHLO client.example");
  await client.ask("MAIL FROM:<a@x.example>");
  let written = 0;
  const writing = (async () => {
    for (; written < 2000; written++) await client.send("RCPT TO:<b@x.example>\r\n");
  })();
  for (let turn = 0; turn < 10_000; turn++) await Promise.resolve();
  const stopped = written;
  equal(stopped < 2000, true);
  for (let n = 0; n < 2000; n++) equal(await client.reply(), "250 2.1.5 Recipient OK");
  await writing;
  client.octets.close();
  equal(await served, "closed");
});

import { deepEqual, equal } from "node:assert/strict";
import { memoryPair, pop3CapabilityLists } from "@mailwright/mailwright";
import { type MaildropQuirks, type Sandbox, startSandbox } from "@mailwright/mailwright/sandbox";
import { askList, askOctets } from "../server/pop3_served.ts";
import { RawClient } from "../server/raw_client.ts";

const ANN = "ann@x.example";

/** A sandbox whose logins need no TLS, with some messages for `ann`: 3, 6 and 9 octets. */
async function quirky(quirks: MaildropQuirks): Promise<Sandbox> {
  const box = await startSandbox({
    users: { ann: "pencil" },
    pop3: { capabilities: pop3CapabilityLists({ clearLogin: true }), quirks },
  });
  box.fill(ANN, [1, 2, 3].map((n) => ({ content: `${n}\r\n`.repeat(n), uid: `u${n}` })));
  return box;
}

/** A session in memory. */
async function session(box: Sandbox) {
  const [ours, theirs] = memoryPair();
  const served = box.serve(theirs, { protocol: "pop3" });
  const client = new RawClient(ours);
  await client.line();
  const login = await client.askAll("USER ann", "PASS pencil");
  return {
    client,
    login: login[1],
    async [Symbol.asyncDispose]() {
      ours.close();
      await served;
    },
  };
}

/** What a session of its own finds: numbers with sizes, and with uids. */
async function lists(box: Sandbox): Promise<[sizes: string, uids: string]> {
  await using open = await session(box);
  const sizes = await askList(open.client, "LIST");
  const uids = await askList(open.client, "UIDL");
  return [sizes.slice(1).join(), uids.slice(1).join()];
}

Deno.test.each<[string, MaildropQuirks, sizes: string, uids: string]>([
  ["nothing", {}, "1 3,2 6,3 9", "1 u1,2 u2,3 u3"],
  ["gaps in the numbers", { gaps: [1, 3, 4, 7] }, "2 3,5 6,6 9", "2 u1,5 u2,6 u3"],
  ["only the newest messages", { newest: 2 }, "1 6,2 9", "1 u2,2 u3"],
  ["uids that are numbers", { uids: "number", newest: 1 }, "1 9", "1 1"],
  ["uids of the session", { uids: "session" }, "1 3,2 6,3 9", "1 s0-u1,2 s0-u2,3 s0-u3"],
  ["sizes in kilobytes", { sizes: "kilobytes" }, "1 1024,2 1024,3 1024", "1 u1,2 u2,3 u3"],
  ["sizes with one octet a line end", { sizes: "lf" }, "1 2,2 4,3 6", "1 u1,2 u2,3 u3"],
])("a maildrop may be odd: %s", async (_name, quirks, sizes, uids) => {
  await using box = await quirky(quirks);
  deepEqual(await lists(box), [sizes, uids]);
});

Deno.test("uids of the session are others in the next", async () => {
  await using box = await quirky({ uids: "session" });
  equal((await lists(box))[1], "1 s0-u1,2 s0-u2,3 s0-u3");
  equal((await lists(box))[1], "1 s1-u1,2 s1-u2,3 s1-u3");
});

Deno.test("rotated messages have other numbers in the next session", async () => {
  await using box = await quirky({ order: "rotated" });
  equal((await lists(box))[1], "1 u1,2 u2,3 u3");
  equal((await lists(box))[1], "1 u2,2 u3,3 u1");
  equal((await lists(box))[1], "1 u3,2 u1,3 u2");
  equal((await lists(box))[1], "1 u1,2 u2,3 u3");
});

Deno.test("quirks hold for the logins after them", async () => {
  await using box = await quirky({});
  {
    await using open = await session(box);
    box.quirks({ gaps: [1] });
    equal(await open.client.ask("UIDL 1"), "+OK 1 u1");
  }
  equal((await lists(box))[1], "2 u1,3 u2,4 u3");
  box.quirks({});
  equal((await lists(box))[1], "1 u1,2 u2,3 u3");
});

Deno.test("a maildrop without a lock is open to two at once", async () => {
  await using box = await quirky({ lock: false });
  await using first = await session(box);
  await using second = await session(box);
  equal(second.login, "+OK Logged in");
  await first.client.askAll("DELE 1", "QUIT");
  deepEqual(
    await second.client.askAll("STAT", "RETR 1", "TOP 1 0", "DELE 1", "DELE 2", "QUIT"),
    [
      "+OK 3 18",
      "-ERR Message 1 is expunged",
      "-ERR Message 1 is expunged",
      "+OK Marked as deleted",
      "+OK Marked as deleted",
      "+OK localhost closing the connection",
    ],
  );
  deepEqual(box.maildrop("ann").map(({ uid }) => uid), ["u3"]);
  // The ledger knows who has removed what.
  const removed = box.ledger.entries.filter(({ kind }) => kind === "removed");
  deepEqual(removed.map(({ connection, uids }) => [connection, uids]), [[0, ["u1"]], [1, ["u2"]]]);
});

Deno.test("messages get their numbers at the login, or at the first list", async () => {
  for (const numbered of ["login", "listing"] as const) {
    await using box = await quirky({ numbered });
    await using open = await session(box);
    box.expunge("u1");
    const [, ...lines] = await askList(open.client, "UIDL");
    deepEqual(lines, numbered === "login" ? ["1 u1", "2 u2", "3 u3"] : ["1 u2", "2 u3"]);
    box.expunge("u2", "no such");
    const number = numbered === "login" ? 2 : 1;
    equal(await open.client.ask(`RETR ${number}`), `-ERR Message ${number} is expunged`);
    const removed = box.ledger.entries.filter(({ kind }) => kind === "removed");
    deepEqual(removed.map(({ connection, uids }) => [connection, uids]), [
      [-1, ["u1"]],
      [-1, ["u2"]],
    ]);
  }
});

Deno.test("a message that vanishes when it is retrieved is gone without QUIT", async () => {
  await using box = await quirky({ retrieved: "vanishes" });
  {
    await using open = await session(box);
    equal(await askOctets(open.client, "RETR 2"), "2\r\n2\r\n");
    equal(await open.client.ask("RETR 2"), "-ERR Message 2 is expunged");
    await askOctets(open.client, "TOP 1 9");
  }
  equal((await lists(box))[1], "1 u1,2 u3");
});

Deno.test("messages that are stuck stay, and QUIT says so", async () => {
  await using box = await quirky({ stuck: ["u1", "u3"] });
  {
    await using open = await session(box);
    const replies = await open.client.askAll("DELE 1", "DELE 2", "QUIT");
    equal(replies[2], "-ERR Some deleted messages not removed");
  }
  equal((await lists(box))[1], "1 u1,2 u3");
  const told = box.ledger.entries.filter(({ kind }) => kind === "update" || kind === "removed");
  deepEqual(told.map(({ kind, uids }) => [kind, uids]), [
    ["update", ["u1", "u2"]],
    ["removed", ["u2"]],
  ]);
});

Deno.test("a message that is stuck may still be removed by somebody else", async () => {
  await using box = await quirky({ stuck: ["u1"] });
  await using open = await session(box);
  await open.client.ask("DELE 1");
  box.expunge("u1");
  equal(await open.client.ask("QUIT"), "+OK localhost closing the connection");
});

Deno.test("without UIDL and TOP in its list, a maildrop has neither", async () => {
  await using box = await startSandbox({
    users: { ann: "pencil" },
    pop3: { capabilities: pop3CapabilityLists({ clearLogin: true, uidl: false, top: false }) },
  });
  box.fill(ANN, ["1\r\n"]);
  await using open = await session(box);
  deepEqual(await open.client.askAll("UIDL", "UIDL 1", "TOP 1 0", "LIST 1"), [
    "-ERR Command not available here",
    "-ERR Command not available here",
    "-ERR Command not available here",
    "+OK 1 3",
  ]);
});

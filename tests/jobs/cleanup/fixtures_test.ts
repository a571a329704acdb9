import { deepEqual, equal, ok } from "node:assert/strict";
import { openArchive } from "../../../src/jobs/cleanup/archive/archive.ts";
import { connectPop3, Secret } from "../../../src/pop3/mod.ts";
import { startSandbox } from "../../../src/sandbox/mod.ts";
import { memoryPair } from "../../../src/wire/mod.ts";
import { MemoryStore } from "../../faults/memory_store.ts";
import { all, KINDS, octetsIn } from "./archives.ts";

const USER = "ann@mail.example";
const FOLDER = "tests/fixtures/messages";
const encoder = new TextEncoder();

/** Every fixture, and what is hard about dots, as a server has them: each ends in a line end. */
const MESSAGES: readonly Uint8Array<ArrayBuffer>[] = [
  ...[...Deno.readDirSync(FOLDER)].filter(({ name }) => name.endsWith(".eml"))
    .map(({ name }) => Deno.readFileSync(`${FOLDER}/${name}`)).map(ended),
  ...[".", "..", ".\r\n.", "a\r\n.b\r\n..\r\n...", "\r\n.\r\n", `${"x".repeat(5000)}\r\n.`]
    .map((body) => encoder.encode(`Subject: dots\r\n\r\n${body}\r\n`)),
];

/** RETR cannot tell whether a message ends in a line end: it always does (RFC 1939 section 3). */
function ended(octets: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (octets.at(-1) === 10 && octets.at(-2) === 13) return octets;
  return new Uint8Array([...octets, 13, 10]);
}

for (const spec of KINDS) {
  Deno.test(`every fixture comes from RETR into the archive octet for octet, however it is cut: ${spec.kind} [P4]`, async () => {
    ok(MESSAGES.length > 10);
    await using box = await startSandbox({ users: { [USER]: "pencil" } });
    box.fill(USER, MESSAGES.map((content) => ({ content })));
    for (const chunk of [1, 2, 3, 5, 7, 64, 1000, Infinity]) {
      const [ours, theirs] = memoryPair({ chunk });
      const served = box.serve(theirs, { protocol: "pop3" });
      await using session = await connectPop3({
        connection: ours,
        auth: { user: USER, password: new Secret("pencil") },
      });
      const store = new MemoryStore();
      using archive = openArchive(store, "all", spec);
      const { numbers } = await session.snapshot();
      const copies = [];
      for await (const item of session.retrieve(numbers)) {
        ok(item.ok);
        const writer = await archive.begin(undefined);
        await item.value.read((piece) => writer.write(piece));
        copies.push(await writer.finish());
      }
      await archive.barrier();
      equal(copies.length, MESSAGES.length);
      for (const [at, copy] of copies.entries()) {
        deepEqual(
          await octetsIn(archive, copy),
          MESSAGES[at],
          `${chunk} octets at once, message ${at}`,
        );
      }
      ok((await all(archive.digests())).length > 0);
      await session.quit();
      await served;
    }
  });
}

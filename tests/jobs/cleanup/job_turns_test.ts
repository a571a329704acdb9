import { deepEqual, equal, ok } from "node:assert/strict";
import { openCleanup } from "../../../src/jobs/mod.ts";
import { connectPop3, type Pop3Session, Secret } from "../../../src/pop3/mod.ts";
import { pop3CapabilityLists, servePop3 } from "../../../src/server/mod.ts";
import { memoryPair } from "../../../src/wire/mod.ts";
import { FakeClock } from "../../fake_clock.ts";
import { MemoryStore } from "../../faults/memory_store.ts";
import { ACCOUNT, listMail, listsPolicy, NOW_MS, uidsOf } from "./job_world.ts";

/** A server in memory with many small messages. */
function manyMessages(count: number) {
  const encoder = new TextEncoder();
  const mails = Array.from({ length: count }, (_, at) => {
    const content = encoder.encode(listMail(at));
    return { uid: `u${at}`, size: content.length, read: () => [content] };
  });
  const sessions: Pop3Session[] = [];
  const served: Promise<unknown>[] = [];
  const connect = async (): Promise<Pop3Session> => {
    const [connection, theirs] = memoryPair();
    served.push(servePop3(theirs, {
      hostname: "pop.example",
      credentials: { password: () => new Secret("pencil") },
      open: () => ({
        messages: [...mails],
        update(removed) {
          const gone = new Set(removed);
          mails.splice(0, mails.length, ...mails.filter((mail) => !gone.has(mail)));
          return 0;
        },
        close() {},
      }),
    }, { capabilities: pop3CapabilityLists({ startTls: true, mechanisms: ["SCRAM-SHA-256"] }) }));
    const auth = { user: "ann", password: new Secret("pencil") };
    const session = await connectPop3({ connection, auth });
    sessions.push(session);
    return session;
  };
  const turns = (): number => sessions.at(-1)?.turns.writes ?? 0;
  return { mails, connect, turns, served };
}

Deno.test("plan() of 10 000 messages waits at most 250 times, and then at most 15 times", {
  permissions: "none",
}, async () => {
  const { connect, turns, served } = manyMessages(10_000);
  const options = {
    ...{ account: ACCOUNT, folder: "job", store: new MemoryStore(), clock: new FakeClock(NOW_MS) },
    policy: listsPolicy({ guards: { maxDelete: 10_000 } }),
    connect,
  };
  let first;
  {
    await using job = await openCleanup(options);
    first = await job.plan();
  }
  equal(first.items.length, 10_000);
  ok(turns() <= 250, `${turns()} turns`);
  await using job = await openCleanup(options);
  const second = await job.plan();
  ok(turns() <= 15, `${turns()} turns`);
  equal(second.planId, first.planId);
  deepEqual(uidsOf(second), uidsOf(first));
  await Promise.all(served);
});

Deno.test("run() removes 2 000 messages with a few turns for each hundred [P32]", {
  permissions: "none",
}, async () => {
  const { mails, connect, served } = manyMessages(2000);
  await using job = await openCleanup({
    ...{ account: ACCOUNT, folder: "job", store: new MemoryStore(), clock: new FakeClock(NOW_MS) },
    policy: listsPolicy({ guards: { maxDelete: 2000 } }),
    connect,
    limits: { marksPerQuit: 2000 },
  });
  const report = await job.run({ maxDelete: 2000, maxFraction: 1 });
  equal(report.counts.verified, 2000);
  equal(mails.length, 0);
  // 9 to log in, twice; 32 windows each of TOP, RETR and DELE, and the ends of 20 groups.
  ok(report.writes <= 180, `${report.writes} writes`);
  await Promise.all(served);
});

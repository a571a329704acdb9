import { deepEqual, equal, rejects } from "node:assert/strict";
import type { Pop3Session } from "../../../src/pop3/mod.ts";
import { settle } from "../../fake_clock.ts";
import { fates, listMails, World } from "./job_world.ts";

const STOP = new Error("enough");

/** Waits until a verb was said. */
async function untilSaid(world: World, verb: string, connection: number): Promise<void> {
  while (!world.said(verb).includes(connection)) await settle();
}

Deno.test("plan() leaves a silent server a few seconds after the signal", async () => {
  await using world = await World.start(listMails(2), { faults: [{ verb: "LIST", silent: true }] });
  const stop = new AbortController();
  await using job = await world.open({ signal: stop.signal });
  const refused = rejects(job.plan(), STOP);
  await untilSaid(world, "LIST", 0);
  stop.abort(STOP);
  await world.clock.advance(4999);
  equal(world.sessions[0]?.usable, true);
  await world.clock.advance(1);
  await refused;
});

Deno.test("apply() leaves a server that does not answer RSET", async () => {
  await using world = await World.start(listMails(2), { faults: [{ verb: "RSET", silent: true }] });
  const stop = new AbortController();
  await using job = await world.open({
    signal: stop.signal,
    onProgress: ({ stage }) => stage === "mark" && stop.abort(STOP),
  });
  // Of the session that has made it: RSET stays without an answer there too.
  const planned = job.plan();
  await untilSaid(world, "RSET", 0);
  world.sessions[0]?.close();
  const applied = job.apply((await planned).planId);
  await untilSaid(world, "RSET", 1);
  await world.clock.advance(5000);
  const report = await applied;
  equal(report.exit, "interrupted");
  deepEqual(fates(report), ["u1 kept: not-reached", "u2 kept: not-reached"]);
  deepEqual(world.uids, ["u1", "u2"]);
});

Deno.test("apply() waits for the answer to a QUIT that removes, also after the signal", async () => {
  await using world = await World.start(listMails(1));
  const stop = new AbortController();
  await using job = await world.open({ signal: stop.signal });
  const { planId } = await job.plan();
  world.box.misbehave({ verb: "QUIT", connection: 1, delayMs: 1 });
  const applied = job.apply(planId);
  await untilSaid(world, "QUIT", 1);
  stop.abort(STOP);
  await world.clock.advance(60_000);
  const report = await applied;
  deepEqual([report.exit, ...fates(report)], ["interrupted", "u1 committed"]);
});

Deno.test("plan() does not wait for a connection after the signal, and closes it", async () => {
  await using world = await World.start([]);
  const late = Promise.withResolvers<Pop3Session>();
  const stop = new AbortController();
  await using job = await world.open({ signal: stop.signal, connect: () => late.promise });
  const refused = rejects(job.plan(), STOP);
  await settle();
  stop.abort(STOP);
  await refused;
  const session = await world.connect();
  late.resolve(session);
  await settle();
  equal(session.usable, false);
});

Deno.test("run() closes the session of its plan where the archive cannot be got ready", async () => {
  await using world = await World.start(listMails(1));
  world.store.list = (path) => Promise.reject(new Error(`Cannot list "${path}"`));
  await using job = await world.open();
  const report = await job.run({ maxDelete: 1, maxFraction: 1 });
  equal(report.exit, "archive");
  equal(world.sessions[0]?.usable, false);
  deepEqual(world.uids, ["u1"]);
});

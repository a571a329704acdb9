import { deepEqual, equal, match } from "node:assert/strict";
import { outcomeOf } from "../../../src/jobs/bulk/verdict.ts";
import type { Receipt } from "../../../src/smtp/mod.ts";
import { parseReply } from "../../../src/smtp/mod.ts";
import { BulkWorld } from "../../faults/bulk_world.ts";

Deno.test("sendBulk() sends as many rows as its limit lets in, and says that it has stopped", async () => {
  await using world = await BulkWorld.make();
  const first = await world.run({ options: { limit: 3 } });
  deepEqual([first.stop?.reason, first.outcomes.accepted, first.outcomes.pending], ["limit", 3, 0]);
  await world.check("a limit");
  const second = await world.run({ options: { limit: 5 } });
  deepEqual([second.stop, second.outcomes.accepted], [undefined, 5]);
  await world.check("the rest");
});

Deno.test("outcomeOf() does not give the last reply for the reason of a doubt", {
  permissions: "none",
}, () => {
  const retry = { attempts: 5, baseMs: 1, maxMs: 1, random: () => 0 };
  const receipt: Receipt = {
    ...{ outcome: "in-doubt", stage: "final", accepted: [], rejected: [], inDoubt: [] },
    ...{ reply: parseReply("354 Go ahead\r\n"), host: "mx.example", tls: true, octets: 9 },
    error: new Error("the connection was reset"),
  };
  const { state, code, text } = outcomeOf(receipt, { id: 1, attempt: 1, ms: 5 }, retry, 0);
  deepEqual([state, code], ["in_doubt", undefined]);
  match(text ?? "", /the connection was reset/);
  const { error: _, ...silent } = receipt;
  equal(outcomeOf(silent, { id: 1, attempt: 1, ms: 5 }, retry, 0).text, "no answer came");
});

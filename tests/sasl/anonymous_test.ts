import { deepEqual, equal } from "node:assert/strict";
import { anonymous, anonymousServer } from "../../src/sasl/mod.ts";
import { firstWords, octets, play } from "./both_ends.ts";

Deno.test.each(["sirhc", "a@b.example", undefined])(
  "anonymous() and anonymousServer() with the trace %j",
  { permissions: "none" },
  async (trace) => {
    const mechanism = anonymous(trace === undefined ? {} : { trace });
    equal(await firstWords(mechanism), trace ?? "");
    deepEqual((await play(mechanism, anonymousServer())).end, {
      kind: "success",
      user: "anonymous",
    });
    const late = await play(mechanism, anonymousServer(), { late: true });
    deepEqual(late.end, { kind: "success", user: "anonymous" });
  },
);

Deno.test("anonymousServer() refuses a trace that RFC 4505 does not allow", {
  permissions: "none",
}, async () => {
  for (const trace of [octets("a".repeat(256)), octets("a\nb"), new Uint8Array([0xff])]) {
    equal((await anonymousServer().step(trace)).kind, "failure");
  }
  equal((await anonymousServer().step(octets("ü".repeat(255)))).kind, "success");
});

import { deepEqual, equal, rejects } from "node:assert/strict";
import { external, externalServer } from "../../src/sasl/mod.ts";
import { octets, play } from "./both_ends.ts";

Deno.test("external() and externalServer() agree on who the certificate names", {
  permissions: "none",
}, async () => {
  deepEqual((await play(external(), externalServer("tim"))).end, { kind: "success", user: "tim" });
  const late = await play(external(), externalServer("tim"), { late: true });
  deepEqual(late.end, { kind: "success", user: "tim" });
  deepEqual(late.challenges, [""]);
});

Deno.test("externalServer() lets act as another only by permission", {
  permissions: "none",
}, async () => {
  const mechanism = external({ authorize: "sales" });
  equal((await play(mechanism, externalServer("tim"))).end.kind, "failure");
  deepEqual((await play(mechanism, externalServer("tim", { mayActAs: () => true }))).end, {
    kind: "success",
    user: "tim",
    authorize: "sales",
  });
});

Deno.test(
  "externalServer() refuses NUL and what is not UTF-8",
  { permissions: "none" },
  async () => {
    const open = { mayActAs: () => true };
    equal((await externalServer("tim", open).step(octets("a\0b"))).kind, "failure");
    equal((await externalServer("tim", open).step(new Uint8Array([0xff]))).kind, "failure");
  },
);

Deno.test("external() has no answer to a challenge", { permissions: "none" }, async () => {
  const client = external().start();
  await rejects(client.answer(octets("more")), { name: "SaslError", mechanism: "EXTERNAL" });
});

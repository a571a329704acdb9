import { deepEqual, equal, rejects } from "node:assert/strict";
import { login, loginServer, Secret } from "../../src/sasl/mod.ts";
import { octets, play, storeOf, text } from "./both_ends.ts";

const store = storeOf({ tim: "tanstaaftanstaaf" });
const given = { user: "tim", password: new Secret("tanstaaftanstaaf") };

Deno.test.each([
  ["as usual", ["Username:", "Password:"]],
  ["the wrong way round", ["Password:", "Username:"]],
  ["without text", ["", ""]],
  ["in other words", ["\xff\0?", "Kennwort"]],
])("login() answers prompts %s by position [S75] [T-A03]", {
  permissions: "none",
}, async (_how, prompts) => {
  const client = login(given).start();
  equal(await client.initial(), undefined);
  const answers = [];
  for (const prompt of prompts) answers.push(await client.answer(octets(prompt)));
  deepEqual(answers.map(({ bytes }) => text(bytes)), ["tim", "tanstaaftanstaaf"]);
  deepEqual(answers.map(({ shown }) => shown), ["${b64 user}", "${b64 pass}"]);
});

Deno.test("login() tells that its challenges need not be base64 [T-A03]", {
  permissions: "none",
}, () => {
  equal(login(given).ignoresChallenges, true);
});

Deno.test("login() has no third answer", { permissions: "none" }, async () => {
  const client = login(given).start();
  await client.answer(octets("Username:"));
  await client.answer(octets("Password:"));
  await rejects(client.answer(octets("Username:")), { name: "SaslError", mechanism: "LOGIN" });
});

Deno.test.each([
  [false, false, ["Username:", "Password:"]],
  [true, false, ["Password:"]],
  [true, true, ["Username:", "Password:"]],
])("login() with initial response %s, kept back %s", {
  permissions: "none",
}, async (initialResponse, late, challenges) => {
  const played = await play(login({ ...given, initialResponse }), loginServer(store), { late });
  deepEqual(played.end, { kind: "success", user: "tim" });
  deepEqual(played.challenges, challenges);
  deepEqual(played.shown, ["${b64 user}", "${b64 pass}"]);
});

Deno.test("loginServer() refuses a wrong password and what is not UTF-8", {
  permissions: "none",
}, async () => {
  const wrong = await play(login({ ...given, password: new Secret("wrong") }), loginServer(store));
  deepEqual(wrong.end, { kind: "failure", reason: "wrong user or password" });
  const server = loginServer(store);
  await server.step(new Uint8Array([0xff]));
  equal((await server.step(octets("tanstaaftanstaaf"))).kind, "failure");
});

import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { cramMd5, cramMd5Server, hmacMd5, Secret } from "../../src/sasl/mod.ts";
import { octets, play, storeOf, text } from "./both_ends.ts";

const store = storeOf({ tim: "tanstaaftanstaaf", "tim two": "tanstaaf" });
const given = { user: "tim", password: new Secret("tanstaaftanstaaf") };

Deno.test("cramMd5() and cramMd5Server() say the example of RFC 2195", {
  permissions: "none",
}, async () => {
  const server = cramMd5Server(store, {
    host: "postoffice.reston.mci.net",
    nonce: () => "1896.697170952",
  });
  const step = await server.step(undefined);
  ok(step.kind === "challenge");
  equal(text(step.bytes), "<1896.697170952@postoffice.reston.mci.net>");
  const client = cramMd5(given).start();
  const answer = await client.answer(step.bytes);
  equal(text(answer.bytes), "tim b913a602c7eda7a495b4e6e7334d3890");
  equal(answer.shown, "${cram challenge user pass}");
  deepEqual(await server.step(answer.bytes), { kind: "success", user: "tim" });
  client.finish();
});

Deno.test.each(["Rubbish", "", "<>", "<a@b", "<a b@c>", "<a@b@c>", "<<a@b>", "<ab>", "<a@b>\r\n"])(
  "cramMd5() does not sign the challenge %j [T-A06]",
  { permissions: "none" },
  async (challenge) => {
    const client = cramMd5(given).start();
    await rejects(client.answer(octets(challenge)), { name: "SaslError", mechanism: "CRAM-MD5" });
    throws(() => client.finish(), { name: "SaslError" });
  },
);

Deno.test("cramMd5() signs one challenge", { permissions: "none" }, async () => {
  const client = cramMd5(given).start();
  await client.answer(octets("<1@mail.example>"));
  await rejects(client.answer(octets("<2@mail.example>")), { name: "SaslError" });
});

Deno.test("cramMd5Server() takes a user with a blank", { permissions: "none" }, async () => {
  const mechanism = cramMd5({ user: "tim two", password: new Secret("tanstaaf") });
  const { end } = await play(mechanism, cramMd5Server(store));
  deepEqual(end, { kind: "success", user: "tim two" });
});

Deno.test("cramMd5Server() makes a new challenge each time", { permissions: "none" }, async () => {
  const [one, two] = [
    await play(cramMd5(given), cramMd5Server(store)),
    await play(cramMd5(given), cramMd5Server(store)),
  ];
  ok(one.challenges[0] !== two.challenges[0]);
});

Deno.test.each([
  ["a wrong password", { user: "tim", password: new Secret("wrong") }],
  ["an unknown user", { user: "nobody", password: new Secret("nobody has this password") }],
])("cramMd5Server() refuses %s", { permissions: "none" }, async (_what, login) => {
  const { end } = await play(cramMd5(login), cramMd5Server(store));
  deepEqual(end, { kind: "failure", reason: "wrong user or password" });
});

Deno.test("cramMd5Server() logs nobody in with the empty password", {
  permissions: "none",
}, async () => {
  const server = cramMd5Server(storeOf({ tim: "" }));
  const step = await server.step(undefined);
  ok(step.kind === "challenge");
  const digest = await hmacMd5(octets(""), step.bytes);
  equal((await server.step(octets(`tim ${digest.toHex()}`))).kind, "failure");
});

Deno.test("cramMd5Server() refuses an initial response and shapeless answers", {
  permissions: "none",
}, async () => {
  equal((await cramMd5Server(store).step(octets("tim"))).kind, "failure");
  for (const answer of [octets(""), octets("tim"), octets("tim "), new Uint8Array([0xff])]) {
    const server = cramMd5Server(store);
    await server.step(undefined);
    equal((await server.step(answer)).kind, "failure");
  }
});

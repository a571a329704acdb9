import { deepEqual, equal, rejects } from "node:assert/strict";
import { plain, plainServer, Secret } from "../../src/sasl/mod.ts";
import { firstWords, octets, play, storeOf } from "./both_ends.ts";

const store = storeOf({ tim: "tanstaaftanstaaf", Kurt: "xipj3plmq", "jürgen": "straße" });

Deno.test(
  "plain() writes the examples of RFC 4616 section 4",
  { permissions: "none" },
  async () => {
    equal(
      await firstWords(plain({ user: "tim", password: new Secret("tanstaaftanstaaf") })),
      "\0tim\0tanstaaftanstaaf",
    );
    equal(
      await firstWords(
        plain({ user: "Kurt", password: new Secret("xipj3plmq"), authorize: "Ursel" }),
      ),
      "Ursel\0Kurt\0xipj3plmq",
    );
  },
);

Deno.test("plain() sends UTF-8, prepared [S81]", { permissions: "none" }, async () => {
  const decomposed = plain({ user: "ju\u0308rgen", password: new Secret("stra\u00dfe") });
  equal(await firstWords(decomposed), "\0j\u00fcrgen\0stra\u00dfe");
  deepEqual((await play(decomposed, plainServer(store))).end, { kind: "success", user: "jürgen" });
});

Deno.test(
  "plainServer() prepares what a client did not [S81]",
  { permissions: "none" },
  async () => {
    const decomposed = "ju\u0308rgen";
    const end = await plainServer(storeOf({ "jürgen": "pa\u030ass" })).step(
      octets(`\0${decomposed}\0p\u00e5\u017fs`),
    );
    deepEqual(end, { kind: "success", user: "jürgen" });
  },
);

Deno.test("plainServer() takes the response with the command or after a challenge", {
  permissions: "none",
}, async () => {
  const mechanism = plain({ user: "tim", password: new Secret("tanstaaftanstaaf") });
  const early = await play(mechanism, plainServer(store));
  deepEqual(early.end, { kind: "success", user: "tim" });
  deepEqual(early.shown, ["${plain user pass}"]);
  deepEqual(early.challenges, []);
  const late = await play(mechanism, plainServer(store), { late: true });
  deepEqual(late.end, { kind: "success", user: "tim" });
  deepEqual(late.challenges, [""]);
});

Deno.test.each([
  ["tim", "wrong"],
  ["nobody", "tanstaaftanstaaf"],
])("plainServer() gives one reason for a wrong password and an unknown user (%s)", {
  permissions: "none",
}, async (user, password) => {
  const { end } = await play(
    plain({ user: user ?? "", password: new Secret(password ?? "") }),
    plainServer(store),
  );
  deepEqual(end, { kind: "failure", reason: "wrong user or password" });
});

Deno.test(
  "plainServer() lets act as another only by permission",
  { permissions: "none" },
  async () => {
    const mechanism = plain({
      user: "Kurt",
      password: new Secret("xipj3plmq"),
      authorize: "Ursel",
    });
    const allowed = {
      ...store,
      mayActAs: (user: string, as: string) => `${user} ${as}` === "Kurt Ursel",
    };
    const { end, shown } = await play(mechanism, plainServer(allowed));
    deepEqual(end, { kind: "success", user: "Kurt", authorize: "Ursel" });
    deepEqual(shown, ["${hidden}"]);
    equal((await play(mechanism, plainServer(store))).end.kind, "failure");
    const same = plain({ user: "Kurt", password: new Secret("xipj3plmq"), authorize: "Kurt" });
    deepEqual((await play(same, plainServer(store))).end, { kind: "success", user: "Kurt" });
  },
);

Deno.test.each([
  "",
  "tim",
  "\0tim",
  "\0tim\0",
  "\0\0tanstaaftanstaaf",
  "\0tim\0tanstaaftanstaaf\0",
  "\0tim\0a\tb",
])(
  "plainServer() refuses %j",
  { permissions: "none" },
  async (response) => {
    equal((await plainServer(store).step(octets(response))).kind, "failure");
  },
);

Deno.test("plainServer() refuses what is not UTF-8, and an empty password of the store", {
  permissions: "none",
}, async () => {
  equal((await plainServer(store).step(new Uint8Array([0, 0xff, 0, 0xff]))).kind, "failure");
  const careless = storeOf({ tim: "" });
  equal((await plainServer(careless).step(octets("\0tim\0"))).kind, "failure");
  equal(
    (await plainServer(careless).step(octets("\0tim\0nobody has this password"))).kind,
    "failure",
  );
});

Deno.test("plainServer() is over after its end", { permissions: "none" }, async () => {
  const server = plainServer(store);
  await server.step(octets("\0tim\0tanstaaftanstaaf"));
  deepEqual(await server.step(octets("\0tim\0tanstaaftanstaaf")), {
    kind: "failure",
    reason: "the exchange is over",
  });
});

Deno.test("plain() has no answer to a challenge", { permissions: "none" }, async () => {
  const client = plain({ user: "tim", password: new Secret("tanstaaftanstaaf") }).start();
  await rejects(client.answer(octets("more")), { name: "SaslError", mechanism: "PLAIN" });
});

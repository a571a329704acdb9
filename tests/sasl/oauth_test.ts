import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import {
  oauthBearer,
  oauthBearerServer,
  sameSecret,
  Secret,
  xoauth2,
  xoauth2Server,
} from "../../src/sasl/mod.ts";
import { firstWords, octets, play, storeOf, text } from "./both_ends.ts";

const TOKEN = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";
const given = { user: "user@example.com", token: new Secret(TOKEN) };
const store = {
  ...storeOf({}),
  token: async (user: string, token: Secret) =>
    user === "user@example.com" && await sameSecret(token, new Secret(TOKEN)),
};

Deno.test(
  "xoauth2() writes the example of Google's documentation",
  { permissions: "none" },
  async () => {
    const token = new Secret("ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg");
    equal(
      btoa(await firstWords(xoauth2({ user: "someuser@example.com", token })) ?? ""),
      "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==",
    );
  },
);

Deno.test("oauthBearer() writes the example of RFC 7628 section 4.1", {
  permissions: "none",
}, async () => {
  const words = await firstWords(oauthBearer({ ...given, host: "server.example.com", port: 143 }));
  equal(
    btoa(words ?? ""),
    "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB",
  );
});

Deno.test("oauthBearer() escapes the user and can do without host and port", {
  permissions: "none",
}, async () => {
  equal(
    await firstWords(oauthBearer({ user: "a,b=c", token: new Secret("t") })),
    "n,a=a=2Cb=3Dc,\x01auth=Bearer t\x01\x01",
  );
});

const CASES = [
  {
    mechanism: xoauth2(given),
    wrong: xoauth2({ ...given, token: new Secret("other") }),
    server: () => xoauth2Server(store),
    shown: ["${xoauth2 user token}", ""],
    last: "",
    name: "XOAUTH2",
  },
  {
    mechanism: oauthBearer({ ...given, host: "server.example.com", port: 587 }),
    wrong: oauthBearer({ ...given, token: new Secret("other") }),
    server: () => oauthBearerServer(store),
    shown: ["${hidden}", "${hidden}"],
    last: "\x01",
    name: "OAUTHBEARER",
  },
];

Deno.test.each(CASES)("$name: client against server", {
  permissions: "none",
}, async ({ mechanism, wrong, server, shown }) => {
  const right = await play(mechanism, server());
  deepEqual(right.end, { kind: "success", user: "user@example.com" });
  deepEqual(right.shown, shown.slice(0, 1));
  equal(right.client.failure, undefined);
  const late = await play(mechanism, server(), { late: true });
  deepEqual(late.end, { kind: "success", user: "user@example.com" });

  const failed = await play(wrong, server());
  deepEqual(failed.end, { kind: "failure", reason: "wrong user or token" });
  deepEqual(failed.shown, shown);
  ok(typeof JSON.parse(failed.client.failure ?? "").status === "string");
});

Deno.test.each(CASES)("$name answers the error and keeps it, without the token [S76] [T-A11]", {
  permissions: "none",
}, async ({ mechanism, last, name }) => {
  const client = mechanism.start();
  await client.initial();
  // The first two characters of the token are escaped, so that no search for it would find it.
  const escaped = `\\u0076\\u0046${TOKEN.slice(2)}`;
  const error = `{ "status": "401", "schemes": "bearer", "seen": "${escaped}", "b": "${
    btoa(TOKEN)
  }" }`;
  const answer = await client.answer(octets(error));
  equal(text(answer.bytes), last);
  equal(client.failure, '{"status":"401","schemes":"bearer","seen":"***","b":"***"}');
  await rejects(client.answer(octets(error)), { name: "SaslError", mechanism: name });
});

Deno.test.each(CASES)("$name keeps an error that is not JSON [T-A11]", {
  permissions: "none",
}, async ({ mechanism }) => {
  const client = mechanism.start();
  await client.answer(octets(`go away with ${TOKEN}`));
  equal(client.failure, "go away with ***");
});

Deno.test.each([
  "",
  "user=user@example.com",
  `user=user@example.com\x01auth=Bearer ${TOKEN}`,
  `user=user@example.com\x01auth=Bearer ${TOKEN}\x01`,
  `user=user@example.com\x01auth=Basic ${TOKEN}\x01\x01`,
  `auth=Bearer ${TOKEN}\x01\x01`,
  `user=user@example.com\x01auth=Bearer a b\x01\x01`,
])("xoauth2Server() refuses %j after its challenge", { permissions: "none" }, async (response) => {
  const server = xoauth2Server(store);
  equal((await server.step(octets(response))).kind, "challenge");
  equal((await server.step(octets(""))).kind, "failure");
});

Deno.test.each([
  `n,,\x01auth=Bearer ${TOKEN}\x01\x01`,
  `p=x,a=user@example.com,\x01auth=Bearer ${TOKEN}\x01\x01`,
  `n,a=us=er,\x01auth=Bearer ${TOKEN}\x01\x01`,
])(
  "oauthBearerServer() refuses %j after its challenge",
  { permissions: "none" },
  async (response) => {
    const server = oauthBearerServer(store);
    equal((await server.step(octets(response))).kind, "challenge");
    equal((await server.step(octets("\x01"))).kind, "failure");
  },
);

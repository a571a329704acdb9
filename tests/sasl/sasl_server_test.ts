import { deepEqual, equal } from "node:assert/strict";
import { SASL_MECHANISMS, saslServer } from "../../src/sasl/mod.ts";
import { octets, storeOf } from "./both_ends.ts";

const everything = { ...storeOf({}), token: () => false };
const options = { external: "tim", anonymous: true };

Deno.test("saslServer() knows each of SASL_MECHANISMS in any case", { permissions: "none" }, () => {
  equal(SASL_MECHANISMS.length, 10);
  for (const name of SASL_MECHANISMS) {
    equal(saslServer(name, everything, options)?.name, name);
    equal(saslServer(name.toLowerCase(), everything, options)?.name, name);
  }
});

Deno.test(
  "saslServer() has only what the store and the options give",
  { permissions: "none" },
  () => {
    const names = SASL_MECHANISMS.filter((name) => saslServer(name, storeOf({})));
    deepEqual(names, [
      "SCRAM-SHA-512",
      "SCRAM-SHA-256",
      "SCRAM-SHA-1",
      "CRAM-MD5",
      "PLAIN",
      "LOGIN",
    ]);
  },
);

Deno.test("saslServer() says which mechanisms show the secret", { permissions: "none" }, () => {
  const shows = SASL_MECHANISMS.filter((name) =>
    saslServer(name, everything, options)?.exposesSecret
  );
  deepEqual(shows, ["PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"]);
});

Deno.test.each(["", "constructor", "__proto__", "SCRAM-SHA-1-PLUS", "PLAIN ", "GSSAPI"])(
  "saslServer(%j) is no mechanism",
  { permissions: "none" },
  (name) => {
    equal(saslServer(name, everything, options), undefined);
  },
);

Deno.test("saslServer() hands its options on", { permissions: "none" }, async () => {
  const set = { host: "mail.example", nonce: () => "1.2", iterations: 9999 };
  const cram = await saslServer("CRAM-MD5", everything, set)?.step(undefined);
  deepEqual(cram, { kind: "challenge", bytes: octets("<1.2@mail.example>") });
  const salt = () => new Uint8Array([1, 2, 3]);
  const scram = await saslServer("SCRAM-SHA-1", everything, { ...set, salt })
    ?.step(octets("n,,n=tim,r=abc"));
  deepEqual(scram, { kind: "challenge", bytes: octets("r=abc1.2,s=AQID,i=9999") });
});

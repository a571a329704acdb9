import { equal, ok } from "node:assert/strict";
import { inspect } from "node:util";
import {
  cramMd5,
  login,
  negotiate,
  oauthBearer,
  plain,
  redact,
  SASL_MECHANISMS,
  type SaslMechanism,
  saslServer,
  scram,
  Secret,
  whyNoMechanism,
  xoauth2,
} from "../../src/sasl/mod.ts";
import { octets } from "./both_ends.ts";

const MARKER = "M4rkerPassword7";
const secret = new Secret(MARKER);
const store = { password: () => secret, token: () => false };

const MECHANISMS: readonly SaslMechanism[] = [
  plain({ user: "tim", password: secret }),
  login({ user: "tim", password: secret }),
  cramMd5({ user: "tim", password: secret }),
  scram("SHA-1", { user: "tim", password: secret }),
  scram("SHA-256", { user: "tim", password: secret }),
  scram("SHA-512", { user: "tim", password: secret }),
  xoauth2({ user: "tim", token: secret }),
  oauthBearer({ user: "tim", token: secret }),
];

/** Everything a value shows of itself. */
function shows(value: unknown): string {
  const deep = { depth: 20, showHidden: true };
  const error = value instanceof Error ? `${value.stack} ${inspect(value.cause, deep)}` : "";
  return [Deno.inspect(value, deep), inspect(value, deep), JSON.stringify(value), error].join("\n");
}

function nothingIn(value: unknown): void {
  const seen = shows(value);
  equal(redact(seen, secret), seen, "a form of the secret is seen");
}

Deno.test("the detector of this test finds a secret", { permissions: "none" }, () => {
  for (const form of [MARKER, btoa(MARKER), btoa(`\0tim\0${MARKER}`), octets(MARKER).toHex()]) {
    const seen = shows({ form });
    ok(redact(seen, secret) !== seen);
  }
});

Deno.test.each(MECHANISMS.map((mechanism) => ({ mechanism, name: mechanism.name })))(
  "$name shows its secret nowhere, whatever the server says [T-A08] [T-A09]",
  { permissions: "none" },
  async ({ mechanism }) => {
    nothingIn(mechanism);
    const rubbish = [
      "",
      "Rubbish",
      MARKER,
      `e=${MARKER}`,
      `v=${btoa(MARKER)}`,
      `{"a":"${MARKER}"}`,
    ];
    for (const challenge of rubbish) {
      const client = mechanism.start();
      nothingIn((await client.initial())?.shown);
      for (let round = 0; round < 3; round++) {
        try {
          nothingIn((await client.answer(octets(challenge))).shown);
        } catch (error) {
          nothingIn(error);
        }
        nothingIn(client);
        nothingIn(client.failure);
      }
      try {
        client.finish();
      } catch (error) {
        nothingIn(error);
      }
    }
    equal(mechanism.redact?.(`535 bad password ${MARKER}`), "535 bad password ***");
  },
);

Deno.test.each(SASL_MECHANISMS.map((name) => ({ name })))(
  "the server's end of $name shows no secret [T-A09]",
  { permissions: "none" },
  async ({ name }) => {
    const server = saslServer(name, store, { external: "tim", anonymous: true });
    ok(server);
    const responses = [`\0tim\0${MARKER}x`, `user=tim\x01auth=Bearer ${MARKER}\x01\x01`, MARKER];
    for (const response of responses) {
      nothingIn(await server.step(octets(response)));
      nothingIn(server);
    }
  },
);

Deno.test("negotiate() shows no secret", { permissions: "none" }, () => {
  const given = { user: "tim", password: secret };
  nothingIn(given);
  nothingIn(negotiate(SASL_MECHANISMS, given, { secure: true }));
  nothingIn(whyNoMechanism(["PLAIN"], given, { secure: false }));
});

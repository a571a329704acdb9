import { deepEqual, equal, throws } from "node:assert/strict";
import {
  type Credentials,
  external,
  negotiate,
  type NegotiateOptions,
  plain,
  type SaslMechanism,
  Secret,
  whyNoMechanism,
  xoauth2,
} from "../../src/sasl/mod.ts";

const given: Credentials = { user: "tim", password: new Secret("tanstaaftanstaaf") };
const ALL = ["LOGIN", "PLAIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"];
const secure: NegotiateOptions = { secure: true };
const inClear: NegotiateOptions = { secure: false };

function names(
  offered: readonly string[],
  who: Credentials | SaslMechanism,
  options: NegotiateOptions,
): string[] {
  const chosen = negotiate(offered, who, options).map(({ name }) => name);
  // The two functions never disagree.
  equal(whyNoMechanism(offered, who, options) === undefined, chosen.length > 0);
  return chosen;
}

Deno.test("negotiate() prefers by strength, not by the order of the server [T-A12]", {
  permissions: "none",
}, () => {
  deepEqual(names(ALL, given, secure), ALL.toReversed());
  deepEqual(names(ALL.toReversed(), given, secure), ALL.toReversed());
});

Deno.test(
  "negotiate() passes over unknown names and repetitions [T-A12]",
  { permissions: "none" },
  () => {
    deepEqual(names(["GSSAPI", "plain", "PLAIN", "X", "Login"], given, secure), ["PLAIN", "LOGIN"]);
  },
);

Deno.test("negotiate() looks at the first 64 names [T-A12]", { permissions: "none" }, () => {
  const filler = Array.from({ length: 63 }, (_, index) => `X-${index}`);
  deepEqual(names([...filler, "PLAIN", "LOGIN"], given, secure), ["PLAIN"]);
  deepEqual(names([...filler, "X", "PLAIN"], given, secure), []);
});

Deno.test.each([
  [["SCRAM-SHA-1-PLUS"]],
  [["SCRAM-SHA-256-PLUS", "XPLAIN", "PLAINX", "PLAIN=", ""]],
])("negotiate() finds nothing in %j [S71]", { permissions: "none" }, (offered) => {
  deepEqual(names(offered, given, secure), []);
});

Deno.test(
  "negotiate() shows no password in clear [S66] [T-A02] [T-I48]",
  { permissions: "none" },
  () => {
    deepEqual(names(["PLAIN", "LOGIN"], given, inClear), []);
    equal(
      whyNoMechanism(["PLAIN", "LOGIN"], given, inClear),
      "PLAIN would show the secret on a connection in clear, " +
        "LOGIN would show the secret on a connection in clear",
    );
    deepEqual(names(ALL, given, inClear), [
      "SCRAM-SHA-512",
      "SCRAM-SHA-256",
      "SCRAM-SHA-1",
      "CRAM-MD5",
    ]);
    deepEqual(names(["PLAIN"], given, { secure: false, allowCleartextAuth: false }), []);
    deepEqual(names(["PLAIN"], given, { secure: false, allowCleartextAuth: true }), ["PLAIN"]);
  },
);

Deno.test(
  "negotiate() falls back from CRAM-MD5 inside TLS only [T-A06]",
  { permissions: "none" },
  () => {
    deepEqual(names(["CRAM-MD5", "PLAIN"], given, inClear), ["CRAM-MD5"]);
    deepEqual(names(["CRAM-MD5", "PLAIN"], given, secure), ["CRAM-MD5", "PLAIN"]);
  },
);

Deno.test("negotiate() keeps to minMechanism [T-A01]", { permissions: "none" }, () => {
  const least = { secure: true, minMechanism: "scram-sha-256" };
  deepEqual(names(ALL, given, least), ["SCRAM-SHA-512", "SCRAM-SHA-256"]);
  deepEqual(names(["PLAIN", "LOGIN"], given, least), []);
  equal(
    whyNoMechanism(["PLAIN", "LOGIN"], given, least),
    "PLAIN is weaker than SCRAM-SHA-256, LOGIN is weaker than SCRAM-SHA-256",
  );
  deepEqual(names(["PLAIN"], plain(given), least), []);
  deepEqual(names(["EXTERNAL"], external(), least), ["EXTERNAL"]);
});

Deno.test("negotiate() restricts to mechanisms, in their order", { permissions: "none" }, () => {
  const mine = { ...given, mechanisms: ["login", "SCRAM-SHA-1", "LOGIN"] };
  deepEqual(names(ALL, mine, secure), ["LOGIN", "SCRAM-SHA-1"]);
  deepEqual(names(["PLAIN"], mine, secure), []);
  equal(
    whyNoMechanism(["PLAIN"], mine, secure),
    "the server offers PLAIN, not LOGIN or SCRAM-SHA-1",
  );
});

Deno.test("negotiate() takes a ready mechanism by the same rules", { permissions: "none" }, () => {
  const mechanism = xoauth2({ user: "tim", token: new Secret("ya29.vF9") });
  deepEqual(negotiate(["PLAIN", "XOAUTH2"], mechanism, secure), [mechanism]);
  deepEqual(names(["PLAIN"], mechanism, secure), []);
  deepEqual(names(["XOAUTH2"], mechanism, inClear), []);
});

Deno.test(
  "whyNoMechanism() repeats only names that look like names",
  { permissions: "none" },
  () => {
    equal(whyNoMechanism([], given, secure), "the server offers no mechanism");
    equal(
      whyNoMechanism(["\x1b[2J", "a".repeat(30)], given, secure),
      "the server offers no mechanism",
    );
    const many = Array.from({ length: 60 }, (_, index) => `X-${index}`);
    const why = whyNoMechanism(many, given, secure) ?? "";
    equal(why.includes("X-9"), true);
    equal(why.includes("X-10"), false);
  },
);

Deno.test.each([
  ["an unknown mechanism", { ...given, mechanisms: ["NTLM"] }, secure],
  ["one that takes no password", { ...given, mechanisms: ["XOAUTH2"] }, secure],
  ["an empty list", { ...given, mechanisms: [] }, secure],
  ["an unknown minimum", given, { secure: true, minMechanism: "constructor" }],
])("negotiate() refuses %s", { permissions: "none" }, (_what, who, options) => {
  throws(() => negotiate(["PLAIN"], who, options), RangeError);
});

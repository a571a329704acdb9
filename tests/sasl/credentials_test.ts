import { ok, throws } from "node:assert/strict";
import {
  anonymous,
  cramMd5,
  external,
  login,
  negotiate,
  oauthBearer,
  plain,
  type SaslMechanism,
  scram,
  Secret,
  xoauth2,
} from "../../src/sasl/mod.ts";

const MAKERS: Readonly<Record<string, (user: string, secret: Secret) => SaslMechanism>> = {
  "plain()": (user, password) => plain({ user, password }),
  "login()": (user, password) => login({ user, password }),
  "cramMd5()": (user, password) => cramMd5({ user, password }),
  "scram()": (user, password) => scram("SHA-256", { user, password }),
  "xoauth2()": (user, token) => xoauth2({ user, token }),
  "oauthBearer()": (user, token) => oauthBearer({ user, token, host: "mail.example", port: 587 }),
};

const BAD: Readonly<Record<string, string>> = {
  "a trailing LF": "marker\n",
  "a trailing CR": "marker\r",
  "CR LF inside": "mar\r\nker",
  "NUL": "mar\0ker",
  "a byte order mark": "\ufeffmarker",
  "nothing": "",
  "half a character": "marker\ud800",
};

const CASES = Object.entries(MAKERS).flatMap(([maker, make]) =>
  Object.entries(BAD).map(([what, value]) => ({ maker, what, make, value }))
);

Deno.test.each(CASES)("$maker refuses $what in user and secret [T-A13] [T-I49]", {
  permissions: "none",
}, ({ make, value }) => {
  for (
    const attempt of [() => make("tim", new Secret(value)), () => make(value, new Secret("x"))]
  ) {
    throws(attempt, (error) => {
      ok(error instanceof TypeError);
      ok(/^Cannot use the (user|password|token): /.test(error.message));
      ok(!Deno.inspect(error).includes("ker"), "the value must not be seen");
      return true;
    });
  }
});

Deno.test.each([
  ["plain()", () => plain({ user: "tim", password: new Secret("a\tb") })],
  ["scram()", () => scram("SHA-1", { user: "t\tim", password: new Secret("ab") })],
  ["xoauth2()", () => xoauth2({ user: "t\x01im", token: new Secret("ab") })],
  ["xoauth2() with a blank", () => xoauth2({ user: "tim", token: new Secret("a b") })],
  ["oauthBearer()", () => oauthBearer({ user: "tim", token: new Secret("ab"), host: "a\x01b" })],
  ["external()", () => external({ authorize: "a\0b" })],
  ["plain() for another", () => plain({ user: "t", password: new Secret("p"), authorize: "a\0b" })],
  ["anonymous()", () => anonymous({ trace: "a\r\nb" })],
  ["anonymous() at length", () => anonymous({ trace: "a".repeat(256) })],
])("%s refuses what its octets cannot carry [T-A13]", { permissions: "none" }, (_what, make) => {
  throws(make, TypeError);
});

Deno.test("negotiate() refuses a bad password before it looks at the server [T-A13]", {
  permissions: "none",
}, () => {
  const given = { user: "tim", password: new Secret("marker\n") };
  throws(() => negotiate([], given, { secure: true }), TypeError);
});

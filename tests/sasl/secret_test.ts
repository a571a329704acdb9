import { equal } from "node:assert/strict";
import { inspect } from "node:util";
import { Secret } from "../../src/sasl/mod.ts";

const secret = new Secret("hunter2");

Deno.test.each([
  ["a template", `${secret}`, "***"],
  ["JSON", JSON.stringify({ secret }), '{"secret":"***"}'],
  ["Deno.inspect()", Deno.inspect({ secret }), "{ secret: *** }"],
  ["node:util", inspect({ secret }), "{ secret: *** }"],
  ["an error", new Error(`no ${secret}`).message, "no ***"],
  ["keys", Object.keys(secret).join(), ""],
])("Secret shows nothing in %s", { permissions: "none" }, (_where, seen, expected) => {
  equal(seen, expected);
});

Deno.test("Secret.expose() gives the secret", { permissions: "none" }, () => {
  equal(secret.expose(), "hunter2");
});

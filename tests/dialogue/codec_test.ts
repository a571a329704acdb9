import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { Bindings } from "../../src/dialogue/bindings.ts";
import { agree, encodeHole, isSecretHole, shownHole } from "../../src/dialogue/codec.ts";
import { type Hole, parseTemplate } from "../../src/dialogue/template.ts";
import { Secret } from "../../src/sasl/mod.ts";

const pure = { permissions: "none" } as const;

function hole(text: string): Hole {
  const [part] = parseTemplate(text);
  if (part === undefined || part.kind === "text") throw new TypeError(text);
  return part;
}

function bindings(
  values: Readonly<Record<string, string>> = {},
  secrets: Readonly<Record<string, string | undefined>> = {},
): Bindings {
  return new Bindings(
    new Map(Object.entries(values)),
    new Map(
      Object.entries(secrets).map(([name, value]) =>
        [name, value === undefined ? undefined : new Secret(value)] as const
      ),
    ),
  );
}

const CHALLENGE = "<1896.697170952@postoffice.reston.mci.net>";

Deno.test.each(
  [
    ["${b64 user}", "dGlt"],
    ["${b64 pass}", "dGFuc3RhYWZ0YW5zdGFhZg=="],
    ["${plain user pass}", "AHRpbQB0YW5zdGFhZnRhbnN0YWFm"],
    ["${xoauth2 user pass}", "dXNlcj10aW0BYXV0aD1CZWFyZXIgdGFuc3RhYWZ0YW5zdGFhZgEB"],
    // The examples of RFC 2195.
    ["${cram challenge user pass}", "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"],
    ["${pass}", "tanstaaftanstaaf"],
    ["${user}", "tim"],
    ["${len}", "22"],
    ['${repeat 3 "ab"}', "ababab"],
    ["${_=x}", "x"],
  ] as const,
)("encodeHole() fills %s, and agree() takes it back [E13]", async (text, expected) => {
  const known = bindings(
    { user: "tim", challenge: CHALLENGE },
    { pass: "tanstaaftanstaaf" },
  );
  equal(await encodeHole(hole(text), known, { octets: 22 }), expected);
  const judged = await agree([{ hole: hole(text), text: expected }], known, { octets: 22 });
  equal(judged.kind, "agrees");
  if (text.startsWith("${_")) return;
  const other = await agree([{ hole: hole(text), text: `${expected}0` }], known, { octets: 22 });
  equal(other.kind, "differs");
});

Deno.test("encodeHole() makes the digest of APOP (RFC 1939) [E13]", async () => {
  const stamp = "<1896.697170952@dbc.mtview.ca.us>";
  const known = bindings({ stamp }, { pass: "tanstaaf" });
  const apop = hole("${apop stamp pass}");
  const digest = "c4c9334bac560ecc979e58001b3e22fb";
  equal(await encodeHole(apop, known, {}), digest);
  equal((await agree([{ hole: apop, text: digest.toUpperCase() }], known)).kind, "agrees");
  equal((await agree([{ hole: apop, text: digest.replace("c4", "c5") }], known)).kind, "differs");
});

Deno.test("agree() decodes base64 strictly [E13]", pure, async () => {
  const judge = async (text: string) =>
    (await agree([{ hole: hole("${b64 user}"), text }], bindings())).kind;
  equal(await judge("dGltbQ=="), "agrees");
  for (const text of ["dGltbQ=", "dGltbQ", "dGltbQ== ", "dGl tbQ==", "dGltbR==", "/w==", "-_=="]) {
    equal(await judge(text), "differs", text);
  }
});

Deno.test("agree() takes an unbound hole and holds a bound one [E13]", pure, async () => {
  const two = [{ hole: hole("${a}"), text: "x" }, { hole: hole("${a}"), text: "y" }];
  deepEqual(await agree(two.slice(0, 1), bindings()), {
    kind: "agrees",
    taken: [{ name: "a", value: "x", int: false }],
  });
  equal((await agree(two, bindings())).kind, "differs");
  deepEqual(await agree(two.slice(1), bindings({ a: "x" })), {
    kind: "differs",
    expected: "${a} = x",
    actual: "y",
  });
});

Deno.test("agree() tells nothing of a secret [T-I45]", pure, async () => {
  const known = bindings({}, { pass: "hunter2" });
  for (const text of ["${pass}", "${b64 pass}", "${plain user pass}"]) {
    const judged = await agree([{ hole: hole(text), text: "aHVudGVyMw==" }], known);
    equal(JSON.stringify(judged).includes("hunter"), false);
    equal(JSON.stringify(judged).includes("aHVudGVy"), false);
  }
});

Deno.test("agree() lets any secret pass that has no value, but never its form", pure, async () => {
  const known = bindings({}, { pass: undefined });
  const judge = async (text: string, seen: string) =>
    (await agree([{ hole: hole(text), text: seen }], known)).kind;
  equal(await judge("${pass}", "anything"), "agrees");
  equal(await judge("${plain user pass}", "AHRpbQB0"), "agrees");
  equal(await judge("${plain user pass}", "dGlt"), "differs");
});

Deno.test("the sample of a codec stands on the line as it is", pure, async () => {
  const sampled = hole("${b64 user=xxxxxxxx}");
  equal(await encodeHole(sampled, bindings(), {}), "xxxxxxxx");
  equal((await agree([{ hole: sampled, text: "xxxxxxxx" }], bindings())).kind, "agrees");
  equal(await encodeHole(sampled, bindings({ user: "tim" }), {}), "dGlt");
});

Deno.test("encodeHole() refuses what nobody has filled", pure, async () => {
  await rejects(encodeHole(hole("${a}"), bindings(), {}), { name: "UnboundHoleError" });
  await rejects(encodeHole(hole("${plain user pass}"), bindings(), {}), {
    name: "UnboundHoleError",
  });
});

Deno.test("a value or a secret cannot add a line [T-I42]", pure, async () => {
  for (const value of ["a\r\nb", "a\nb", "a\0b"]) {
    throws(() => bindings({ a: value }), TypeError);
    throws(() => bindings().bind({ name: "a", value }), TypeError);
    const secret = bindings({}, { pass: value });
    await rejects(encodeHole(hole("${pass}"), secret, {}), (error: Error) => {
      equal(error.message.includes(value), false);
      return error instanceof TypeError;
    });
  }
});

Deno.test("agree() takes nothing that could act in a line [T-I42]", pure, async () => {
  for (const text of ["a\0b", "a\rb", "\x1b[2J", "a\tb"]) {
    equal((await agree([{ hole: hole("${a}"), text }], bindings())).kind, "differs");
    const encoded = btoa(text);
    equal((await agree([{ hole: hole("${b64 a}"), text: encoded }], bindings())).kind, "differs");
  }
});

Deno.test("shownHole() shows a hole where a secret or a codec is", pure, () => {
  const known = bindings({}, { pass: "hunter2" });
  equal(shownHole(hole("${pass=x}"), "hunter2", known), "${pass}");
  equal(shownHole(hole("${plain user pass}"), "AGE=", known), "${plain user pass}");
  equal(shownHole(hole("${qid=A}"), "B", known), "B");
  equal(shownHole(hole("${len}"), "22", known), "22");
  equal(isSecretHole(hole("${apop stamp pass}"), known), true);
  equal(isSecretHole(hole("${b64 user}"), known), false);
});

Deno.test("Bindings keep what turns took in lists, and nothing of a trial", pure, async () => {
  const known = bindings();
  known.bind({ name: "a", value: "1" });
  for (const value of ["x", "y"]) {
    await known.turn(() => {
      equal(known.get("item"), value);
      known.bind({ name: "b", value });
      known.bind({ name: "n", value: "007", int: true });
      return Promise.resolve();
    }, { name: "item", value });
  }
  equal(known.get("b"), undefined);
  const trial = known.trial();
  trial.bind({ name: "c", value: "1" });
  equal(trial.get("a"), "1");
  deepEqual({ ...known.vars }, { a: "1", b: ["x", "y"], n: [7, 7] });
  equal(Object.getPrototypeOf(known.vars), null);
});

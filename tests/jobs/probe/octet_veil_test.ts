import { deepEqual } from "node:assert/strict";
import { OctetVeil } from "../../../src/jobs/probe/octet_veil.ts";
import { Secret } from "../../../src/smtp/mod.ts";

const pure = { permissions: "none" } as const;
const encoder = new TextEncoder();

/** A veil over a login that is over, and what is seen through it: texts, or how many octets. */
function veiled(password = "pencil") {
  const seen: (string | number)[] = [];
  const veil = new OctetVeil(
    ({ bytes, count }) => void seen.push(bytes ? new TextDecoder().decode(bytes) : count),
    [new Secret(password)],
  );
  veil.written(encoder.encode("PASS x\r\n"), true);
  veil.read(encoder.encode("+OK x\r\n"), true);
  return {
    seen,
    read: (text: string) => veil.read(encoder.encode(text), false),
    veil,
  };
}

Deno.test.each<[why: string, reads: readonly string[], seen: readonly (string | number)[]]>([
  ["what is no secret", ["250 ok\r\n", "250-a\r\n250 b\r\n"], ["250 ok\r\n", "250-a\r\n250 b\r\n"]],
  ["a secret that is repeated", ["550 pencil?\r\n", "250 ok\r\n"], [13, "250 ok\r\n"]],
  ["base64 of it", ["550 AGFubgBwZW5jaWw=\r\n"], [22]],
  ["one that is torn apart", ["550 pen", "c", "il\r\n", "250 ok\r\n"], [7, 1, 4, "250 ok\r\n"]],
  ["one that ends in the next read", ["250 a\r\npen", "cil\r\n250", " b\r\n"], [10, 8, 4]],
  ["what is torn from its line", ["550 pencil\r\n250", " b\r\n250 c\r\n", "250 d\r\n"], [
    15,
    11,
    "250 d\r\n",
  ]],
])("OctetVeil hides of what is read behind a login %s [T-A08]", pure, (_why, reads, expected) => {
  const { seen, read } = veiled();
  for (const text of reads) read(text);
  deepEqual(seen, [8, 7, ...expected]);
});

Deno.test("OctetVeil hides a secret that is no UTF-8 where it is repeated [T-A08]", pure, () => {
  const { seen, veil } = veiled("pässwort");
  veil.read(Uint8Array.from("550 pässwort\r\n", (char) => char.charCodeAt(0)), false);
  veil.read(encoder.encode("550 pässwort\r\n"), false);
  deepEqual(seen, [8, 7, 14, 15]);
});

Deno.test("OctetVeil shows what has no end once nothing more is waited for", pure, () => {
  const { seen, read, veil } = veiled();
  read("250 o");
  deepEqual(seen, [8, 7]);
  veil.written(encoder.encode("QUIT\r\n"), false);
  read("221");
  veil.release();
  veil.release();
  deepEqual(seen, [8, 7, "250 o", "QUIT\r\n", "221"]);
});

Deno.test(
  "OctetVeil shows everything at once before a login, and where nothing is secret",
  pure,
  () => {
    const seen: number[] = [];
    const veil = new OctetVeil(({ count, bytes }) => void seen.push(bytes ? count : -1), []);
    veil.read(encoder.encode("220 pen"), false);
    veil.written(encoder.encode("EHLO a\r\n"), false);
    deepEqual(seen, [7, 8]);
  },
);

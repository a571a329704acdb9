import { deepEqual, equal } from "node:assert/strict";
import { fromBase64, fromUtf8, sameOctets, sameText, utf8, xor } from "../../src/sasl/octets.ts";

Deno.test("fromUtf8() keeps a byte order mark and refuses what is not UTF-8", {
  permissions: "none",
}, () => {
  equal(fromUtf8(utf8("\ufeffü")), "\ufeffü");
  equal(fromUtf8(new Uint8Array([0xff])), undefined);
  equal(fromUtf8(new Uint8Array([0xc0, 0x80])), undefined);
});

Deno.test.each([
  ["", ""],
  ["aGk=", "6869"],
  ["aGk", undefined],
  ["aGk==", undefined],
  ["aG k=", undefined],
  ["aGk=\n", undefined],
  ["aGl=", undefined],
  ["a-_=", undefined],
  ["=", undefined],
])("fromBase64(%j) is strict", { permissions: "none" }, (given, expected) => {
  equal(fromBase64(given ?? "")?.toHex(), expected);
});

Deno.test("sameOctets() and sameText() compare lengths and every octet", {
  permissions: "none",
}, async () => {
  equal(sameOctets(utf8("abc"), utf8("abc")), true);
  equal(sameOctets(utf8("abc"), utf8("abd")), false);
  equal(sameOctets(utf8("abc"), utf8("abcd")), false);
  equal(await sameText("abc", "abc"), true);
  equal(await sameText("abc", "abcd"), false);
});

Deno.test("xor() works octet by octet", { permissions: "none" }, () => {
  deepEqual(
    xor(new Uint8Array([0xf0, 0x0f]), new Uint8Array([0xff, 0xff])),
    new Uint8Array([0x0f, 0xf0]),
  );
});

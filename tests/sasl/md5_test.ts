import { equal } from "node:assert/strict";
import { hmacMd5, md5 } from "../../src/sasl/mod.ts";
import { octets } from "./both_ends.ts";

// RFC 1321 appendix A.5.
Deno.test.each([
  ["", "d41d8cd98f00b204e9800998ecf8427e"],
  ["a", "0cc175b9c0f1b6a831c399e269772661"],
  ["message digest", "f96b697d7cb7938d525a2f31aaf161d0"],
])("md5(%j)", { permissions: "none" }, async (given, digest) => {
  equal((await md5(octets(given ?? ""))).toHex(), digest);
});

Deno.test(
  "md5() gives the APOP digest of RFC 1939 section 7",
  { permissions: "none" },
  async () => {
    const digest = await md5(octets("<1896.697170952@dbc.mtview.ca.us>tanstaaf"));
    equal(digest.toHex(), "c4c9334bac560ecc979e58001b3e22fb");
  },
);

// RFC 2202 section 2; the last key is longer than a block.
Deno.test.each([
  [new Uint8Array(16).fill(0x0b), "Hi There", "9294727a3638bb1c13f48ef8158bfc9d"],
  [octets("Jefe"), "what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738"],
  [
    new Uint8Array(80).fill(0xaa),
    "Test Using Larger Than Block-Size Key - Hash Key First",
    "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd",
  ],
])("hmacMd5() case %#", { permissions: "none" }, async (key, data, digest) => {
  equal((await hmacMd5(key, octets(data))).toHex(), digest);
});

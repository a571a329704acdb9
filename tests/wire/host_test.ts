import { deepEqual, equal, throws } from "node:assert/strict";
import { addressOctets, certificateName, hostName } from "../../src/wire/host.ts";

const pure = { permissions: "none" } as const;

Deno.test.each([
  ["mail.example", "mail.example"],
  ["Mail.Example", "Mail.Example"],
  ["mail.example.", "mail.example."],
  ["_smtp.mail_1.example", "_smtp.mail_1.example"],
  ["localhost", "localhost"],
  ["127.0.0.1", "127.0.0.1"],
  ["::1", "::1"],
  ["[::1]", "::1"],
  ["[2001:DB8::25]", "2001:DB8::25"],
  ["bücher.example", "xn--bcher-kva.example"],
  ["BÜCHER.example.", "xn--bcher-kva.example."],
  ["例え。テスト", "xn--r8jz45g.xn--zckzah"],
])("hostName($0) is $1 [T-S16]", pure, (host, expected) => {
  equal(hostName(host), expected);
});

Deno.test.each([
  "",
  ".",
  "a..b",
  ".example",
  "mail example",
  "mail.example:25",
  "user@mail.example",
  "mail.example/x",
  "mail.example?x",
  "mail%2eexample",
  "mail\r\nexample",
  "bücher.ex\r\nample", // the URL parser would drop the line end
  "bücher\t.example",
  "bücher\u0000.example",
  "user＠mail.example",
  "１２７.0.0.1", // an address in full-width digits
  "[127.0.0.1]",
  "[mail.example]",
  "[::1",
  "::1]",
  ":",
  "1:2",
  "::g",
  "fe80::1%eth0",
  "\ud800.example",
  "x".repeat(255),
])("hostName(%j) throws", pure, (host) => {
  throws(() => hostName(host), { name: "TypeError" });
});

Deno.test("hostName() shows what it refuses escaped and cut", pure, () => {
  throws(() => hostName(`\x1b[2J${"x".repeat(500)}`), (error: TypeError) => {
    equal(
      error.message,
      `Cannot use "\\x1b[2J${"x".repeat(73)}" as a host: it is no name and no address`,
    );
    return true;
  });
});

Deno.test.each([
  ["mail.example.", "mail.example"],
  ["bücher.example.", "xn--bcher-kva.example"],
  ["[::1]", "::1"],
])("certificateName($0) is $1 [T-S16]", pure, (host, expected) => {
  equal(certificateName(host), expected);
});

Deno.test.each([
  ["127.0.0.1", [127, 0, 0, 1]],
  ["255.255.255.255", [255, 255, 255, 255]],
  ["::", Array(16).fill(0)],
  ["::1", [...Array(15).fill(0), 1]],
  ["1::", [0, 1, ...Array(14).fill(0)]],
  ["2001:db8::25:0", [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x25, 0, 0]],
  ["1:2:3:4:5:6:7:8", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]],
  ["::ffff:192.0.2.1", [...Array(10).fill(0), 255, 255, 192, 0, 2, 1]],
] as [string, number[]][])(
  "addressOctets($0) are the octets of an address",
  pure,
  (host, octets) => {
    deepEqual(addressOctets(host), Uint8Array.from(octets));
  },
);

Deno.test.each([
  "mail.example",
  "127.1",
  "1.2.3",
  "1.2.3.4.5",
  "1.2.3.4.",
  "256.1.1.1",
  "01.2.3.4",
  "0x7f.0.0.1",
  "1:2",
  "::1%lo",
  "12345::",
])("addressOctets(%j) is undefined", pure, (host) => {
  equal(addressOctets(host), undefined);
});

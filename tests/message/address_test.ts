import {
  type Address,
  AddressError,
  addressLiteral,
  NULL_PATH,
  parseAddress,
  type ReversePath,
} from "@mailwright/mailwright/message";
import { deepEqual, equal, match, throws } from "node:assert/strict";

const pure = { permissions: "none" } as const;

function reasonFor(text: string): string {
  try {
    parseAddress(text);
  } catch (error) {
    if (error instanceof AddressError) return error.reason;
  }
  throw new Error(`no AddressError for ${JSON.stringify(text)}`);
}

Deno.test.each([
  ["ann@mail.example", "ann@mail.example"],
  ["Ann.O'Hara+tag@Mail.EXAMPLE", "Ann.O'Hara+tag@mail.example"],
  ["!#$%&'*+-/=?^_`{|}~@x", "!#$%&'*+-/=?^_`{|}~@x"],
  ['"a b"@mail.example', '"a b"@mail.example'],
  ['"a\\"\\\\b"@mail.example', '"a\\"\\\\b"@mail.example'],
  ['""@mail.example', '""@mail.example'],
  ["root@localhost", "root@localhost"],
])("parseAddress() keeps %s", pure, (text, wire) => {
  const address = parseAddress(text);
  equal(address.toString(), wire);
  equal(address.key, wire);
  equal(JSON.stringify({ address }), JSON.stringify({ address: wire }));
  equal(address.needsSmtpUtf8, false);
});

Deno.test.each([
  ["\r\nRCPT TO:<evil@x.test>"],
  ["\r"],
  ["\n"],
  ["\0"],
  ["\v"],
  ["\f"],
  ["\t"],
  ["\x1b"],
  ["\x7f"],
  ["\u0085"],
  ["\u2028"],
  ["\u2029"],
  ["\ud800"],
])("parseAddress() rejects %j anywhere [T-I01] [T-I02] [T-I10] [S85]", pure, (bad) => {
  for (
    const text of ["a@b.com~", "a~@b.com", "~a@b.com", "a@b~.com", '"a~b"@b.com', '"\\~"@b.com']
  ) {
    throws(() => parseAddress(text.replace("~", bad)), AddressError);
  }
});

Deno.test("parseAddress() tells of a control in words, harmless to show [T-I01]", pure, () => {
  throws(() => parseAddress("a@b.com\r\nDATA"), {
    name: "AddressError",
    value: "a@b.com\r\nDATA",
    reason: "it holds a control character or a line end",
    message: 'Cannot parse the address "a@b.com\\u{d}\\u{a}DATA": ' +
      "it holds a control character or a line end",
  });
});

Deno.test.each([
  ['"xclow3n@gmail.com x"@internal.domain', "internal.domain"],
  ['"user@attacker.com"@legit.com', "legit.com"],
  ['"a@b@c"@example.com', "example.com"],
  ['"a\\"@evil.com"@good.com', "good.com"],
])(
  "parseAddress() takes the domain after the last unquoted @ of %s [T-I03]",
  pure,
  (text, domain) => {
    const address = parseAddress(text);
    equal(address.domain, domain);
    equal(address.toString(), text);
  },
);

Deno.test.each([
  ['"a"@evil.com"@good.com'],
  ['a"b"@good.com'],
  ['"a"b@good.com'],
  ['"a@good.com'],
  ["a@b@c"],
])("parseAddress() rejects stray quotes and at signs: %s [T-I04]", pure, (text) => {
  throws(() => parseAddress(text), AddressError);
});

Deno.test.each([
  ["x@a.com,y@b.com"],
  ["x@a.com;y@b.com"],
  ["G: x@a.com;"],
  ["Name <x@a.com>"],
  ["<x@a.com>"],
  ["a@b.com> NOTIFY=NEVER"],
  ["a@b.com> SIZE=1"],
  ["a@b.com>suffix"],
])("parseAddress() rejects more than an address: %s [T-I05] [T-I06]", pure, (text) => {
  equal(reasonFor(text), "one address is wanted, without a name, angle brackets or parameters");
});

Deno.test("parseAddress() reads an ordinary address as it reads any other", pure, () => {
  const key = (text: string): string | undefined => {
    try {
      return parseAddress(text).key;
    } catch {
      return undefined;
    }
  };
  const parts = ["a", "1", "0x1", ".", "-", "--", "xn--", "@", "com", "_", "'", "é"];
  const texts = parts.flatMap((a) => parts.flatMap((b) => parts.map((c) => `${a}${b}${c}`)));
  for (const text of texts) {
    for (const address of [`${text}@b.example`, `a@${text}.example`, `a@b.${text}`]) {
      // In upper case a domain is the same one, and not ordinary.
      const other = address.replace(/[^@]*$/, (domain) => domain.toUpperCase());
      equal(key(address), key(other), address);
    }
  }
});

Deno.test.each([["a@b.com NOTIFY=NEVER"], [" a@b.com"], ["a@b.com "], ["a @b.com"], ["a b@c.com"]])(
  "parseAddress() rejects a blank in %j [T-I06]",
  pure,
  (text) => throws(() => parseAddress(text), AddressError),
);

Deno.test("parseAddress() holds the limits of length [T-I07]", pure, () => {
  const labels = (octets: number) => `${"a.".repeat((octets - 2) / 2)}bb`;
  equal(parseAddress(`${"l".repeat(64)}@b.com`).local.length, 64);
  match(reasonFor(`${"l".repeat(65)}@b.com`), /local part is longer than 64 octets/);
  match(reasonFor(`"${"l".repeat(63)}"@b.com`), /longer than 64 octets/);
  match(reasonFor(`${"é".repeat(33)}@b.com`), /longer than 64 octets/);
  equal(parseAddress(`a@${labels(252)}`).toString().length, 254);
  match(reasonFor(`abc@${labels(252)}`), /longer than 254 octets/);
  match(reasonFor(`a@${labels(256)}`), /longer than 255 octets/);
  match(reasonFor("a".repeat(10_000)), /longer than 254 octets/);
  match(reasonFor(`a@${"b".repeat(64)}.com`), /label/);
});

Deno.test.each([
  ["user@münchen.de", "user@xn--mnchen-3ya.de"],
  ["user@MÜNCHEN.DE", "user@xn--mnchen-3ya.de"],
  ["user@XN--MNCHEN-3YA.de", "user@xn--mnchen-3ya.de"],
  ["user@ex。ample.com", "user@ex.ample.com"],
  ["user@ex．ample｡com", "user@ex.ample.com"],
])("parseAddress() normalises the domain of %s once [T-I08]", pure, (text, wire) => {
  equal(parseAddress(text).toString(), wire);
});

Deno.test.each([
  ["user@exa mple.com"],
  ["user@ex\r\nample.com"],
  ["user＠x.com"],
  ["us＠er@x.com"],
  ["us﹫er@x.com"],
  ["user@x＠y.com"],
  ["user@ex\u00adample.com"],
  ["user@ex\u200bample.com"],
  ["user@ex%41mple.com"],
  ["user@127.0.0.1"],
  ["user@１２７.1"],
  ["user@0x7f.1"],
  ["user@a/b"],
  ["user@a?b"],
  ["user@a#b"],
  ["user@a\\b"],
  ["user@a:25"],
  ["user@a_b.com"],
])("parseAddress() rejects the domain of %j [T-I08]", pure, (text) => {
  throws(() => parseAddress(text), AddressError);
});

Deno.test("parseAddress() keeps characters whose low octet is CR or LF [T-I09]", pure, () => {
  const address = parseAddress("嘍嘊@b.com");
  equal(address.toString(), "嘍嘊@b.com");
  throws(() => parseAddress("a@b嘍嘊RCPT.com\n"), AddressError);
});

Deno.test("parseAddress() says when SMTPUTF8 is needed [T-I11] [S54]", pure, () => {
  equal(parseAddress("jörg@mail.example").needsSmtpUtf8, true);
  equal(parseAddress("joerg@münchen.example").needsSmtpUtf8, false);
});

Deno.test.each([
  [""],
  [" "],
  ["@b"],
  ["a@"],
  ["a@@b"],
  ["a@b..c"],
  [".a@b"],
  ["a.@b"],
  ["a..b@c"],
  ["a@b."],
  ["a@.b"],
  ["a@-b"],
  ["a@b-"],
  ["<>"],
  ["a"],
  ["@"],
])("parseAddress() rejects %j [T-I12]", pure, (text) => {
  throws(() => parseAddress(text), AddressError);
});

Deno.test("NULL_PATH is the only empty reverse-path [T-I12]", pure, () => {
  const paths: ReversePath[] = [NULL_PATH, parseAddress("a@b.example")];
  deepEqual(paths.map((path) => `<${path ?? ""}>`), ["<>", "<a@b.example>"]);
});

Deno.test.each([
  ["a@[127.0.0.1]", "a@[127.0.0.1]"],
  ["a@[IPv6:::1]", "a@[IPv6:::1]"],
  ["a@[ipv6:2001:DB8:0:0::0001]", "a@[IPv6:2001:db8::1]"],
])("parseAddress() takes the literal %s only by option [T-I13]", pure, (text, wire) => {
  equal(reasonFor(text), "address literals are not allowed here");
  equal(parseAddress(text, { allowLiterals: true }).toString(), wire);
});

Deno.test.each([
  ["a@[127.0.0.256]"],
  ["a@[127.1]"],
  ["a@[01.2.3.4]"],
  ["a@[::1]"],
  ["a@[IPv6:::1%lo]"],
  ["a@[IPv6:12345::]"],
  ["a@[tag:content]"],
  ["a@[]"],
  ["a@[127.0.0.1"],
  ["a@[127.0.0.1]x"],
  ["a@[127.0.0.1]> SIZE=1"],
])("parseAddress() rejects the literal of %s [T-I13]", pure, (text) => {
  throws(() => parseAddress(text, { allowLiterals: true }), AddressError);
});

Deno.test("parseAddress() refuses long hostile text by its length alone [T-I14]", pure, () => {
  for (const bad of ["@", "a@", '"', '"\\', ".", "a.", ",", "a:", "<", "é"]) {
    match(reasonFor(bad.repeat(100_000)), /longer than 254 octets/);
  }
});

Deno.test("Address does not change, and nothing else is one", pure, () => {
  const address = parseAddress("a@b.example");
  throws(() => Object.assign(address, { domain: "evil.example" }), TypeError);
  // @ts-expect-error: an object of the same shape is no Address
  const forged: Address = { ...address, key: "a", unicodeDomain: "b", toString: () => "x\r\n" };
  equal(forged instanceof Object, true);
});

Deno.test("Address shows its domain as people read it", pure, () => {
  equal(parseAddress("a@xn--mnchen-3ya.example").unicodeDomain, "münchen.example");
  equal(parseAddress("a@mail.example").unicodeDomain, "mail.example");
});

Deno.test(
  "Address.key is one for all spellings of a domain, and keeps the case of the local part",
  pure,
  () => {
    const keys = ["Ann@München.example", "Ann@XN--MNCHEN-3YA.example", "ann@münchen.example"]
      .map((text) => parseAddress(text).key);
    equal(new Set(keys).size, 2);
  },
);

Deno.test.each([
  ["192.0.2.1", "[192.0.2.1]"],
  ["::1", "[IPv6:::1]"],
  ["2001:DB8::0:1", "[IPv6:2001:db8::1]"],
  ["::ffff:1.2.3.4", "[1.2.3.4]"],
  ["::ffff:c000:201", "[192.0.2.1]"],
])("addressLiteral() writes %s as %s [S72]", pure, (ip, literal) => {
  equal(addressLiteral(ip), literal);
});

Deno.test.each([[""], ["localhost"], ["1.2.3"], ["fe80::1%eth0"], ["[::1]"], ["1.2.3.4\r\n"]])(
  "addressLiteral() rejects %j [S72]",
  pure,
  (ip) => throws(() => addressLiteral(ip), AddressError),
);

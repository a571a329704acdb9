import { AddressError, toAscii, toUnicode } from "@mailwright/mailwright/message";
import { equal, throws } from "node:assert/strict";

const pure = { permissions: "none" } as const;

Deno.test.each([
  ["Mail.Example", "mail.example"],
  ["münchen.example", "xn--mnchen-3ya.example"],
  ["faß.example", "xn--fa-hia.example"],
  ["日本語.example", "xn--wgv71a119e.example"],
  ["xn--wgv71a119e.example", "xn--wgv71a119e.example"],
  ["ａｂｃ.example", "abc.example"],
  ["r3---sn.example", "r3---sn.example"],
  ["1.example", "1.example"],
])("toAscii() writes %s as %s", pure, (domain, ascii) => {
  equal(toAscii(domain), ascii);
  equal(toAscii(ascii), ascii);
});

// Each of them passes a URL parser, which cuts, decodes or reinterprets it (F18).
Deno.test.each([
  ["ex\r\nample.com"],
  ["ex\tample.com"],
  ["example.com\n"],
  ["ex%41mple.com"],
  ["example.com/path"],
  ["user@example.com"],
  ["example.com:25"],
  ["example.com?x"],
  ["example.com#x"],
  ["example.com\\x"],
  ["[::1]"],
  ["127.1"],
  ["0x7f.0.0.1"],
  ["2130706433"],
  ["ex\u00adample.com"],
  ["exa_mple.com"],
  ["a..b"],
  ["example.com."],
  ["example.com。"],
])("toAscii() rejects %j, which a URL takes [T-I08]", pure, (domain) => {
  equal(URL.canParse(`http://${domain}`), true);
  throws(() => toAscii(domain), AddressError);
});

Deno.test.each([
  [""],
  ["."],
  ["a b"],
  ["a\0b"],
  ["a\u0085b"],
  ["a\u2028b"],
  ["a\u200db"],
  ["a\u202eb"],
  ["\ud83d.example"],
  ["xn--a.example"],
  ["xn--.example"],
  ["-a.example"],
  ["a-.example"],
  [`${"a".repeat(64)}.example`],
  [`${"é".repeat(60)}.example`],
  ["a".repeat(256)],
])("toAscii() rejects %j", pure, (domain) => {
  throws(() => toAscii(domain), { name: "AddressError" });
});

Deno.test("toAscii() names the domain and what is wrong", pure, () => {
  throws(() => toAscii("a b"), {
    message: 'Cannot parse the domain "a b": a domain is made of letters, digits, hyphens and dots',
  });
});

// Samples of RFC 3492 section 7.1 among them.
Deno.test.each([
  ["xn--mnchen-3ya.example", "münchen.example"],
  ["xn--egbpdaj6bu4bxfgehfvwxn", "ليهمابتكلموشعربي؟"],
  ["xn--ihqwcrb4cv8a8dqg056pqjye", "他们为什么不说中文"],
  ["xn--3b-ww4c5e180e575a65lsy2b", "3年b組金八先生"],
  ["xn--n3h.example", "☃.example"],
  ["xn--e28h.example", "😀.example"],
  ["mail.example", "mail.example"],
])("toUnicode() shows %s as %s", pure, (ascii, shown) => {
  equal(toUnicode(ascii), shown);
});

Deno.test("toUnicode() leads back to the same domain", pure, () => {
  const domains = ["пример.испытание", "例え.テスト", "உதாரணம்.example", "a-ü-b.ö", "ß.ẞ.example"];
  for (const domain of domains) {
    const ascii = toAscii(domain);
    equal(toAscii(toUnicode(ascii)), ascii);
  }
});

import { decodeWords, encodeWords } from "@mailwright/mailwright/message";
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { seeded, textOf } from "./random.ts";

const pure = { permissions: "none" } as const;

Deno.test.each([
  ["Café at noon", "=?UTF-8?Q?Caf=C3=A9_at_noon?="],
  ["日本語", "=?UTF-8?B?5pel5pys6Kqe?="],
  ["a=b?c_d é long enough", "=?UTF-8?Q?a=3Db=3Fc=5Fd_=C3=A9_long_enough?="],
  ["a\r\nb\0", "=?UTF-8?B?YQ0KYgA=?="],
])("encodeWords() takes the shorter of Q and B for %j", pure, (text, word) => {
  deepEqual(encodeWords(text), [word]);
});

Deno.test("encodeWords() keeps what means something in a phrase out of it [T-I19]", pure, () => {
  const [word = ""] = encodeWords("Ann Marie Doe, née Smith <x@y>", { phrase: true });
  match(word, /^=\?UTF-8\?Q\?[A-Za-z0-9!*+/=_-]*\?=$/);
});

Deno.test("encodeWords() writes nothing for nothing", pure, () => {
  deepEqual(encodeWords(""), []);
});

const CHARACTERS = [...'abc XYZ019,;:<>()@"\\=?_-.é§ßЯ日本語嘊嘍\u0301😀👩‍👩‍👧'];

Deno.test(
  "encodeWords() and decodeWords() round trip, and no word is too long [T-I09] [T-I19]",
  pure,
  () => {
    const random = seeded(1);
    for (let round = 0; round < 400; round++) {
      const text = textOf(random, CHARACTERS, 1 + round);
      const firstWidth = 30 + random(46);
      const words = encodeWords(text, { firstWidth, phrase: random(2) === 0 });
      for (const [index, word] of words.entries()) {
        ok(word.length <= (index === 0 ? firstWidth : 75), word);
        match(word, /^=\?UTF-8\?[QB]\?[!->@-~]+\?=$/);
        // Each word is whole characters by itself (RFC 2047 section 5).
        equal(decodeWords(word).includes("\ufffd"), false, word);
      }
      equal(decodeWords(words.join("\r\n ")), text);
    }
  },
);

Deno.test(
  "encodeWords() writes U+FFFD for half a character and keeps the next one [T-I10]",
  pure,
  () => {
    equal(decodeWords(encodeWords("a\ud83db").join(" ")), "a\ufffdb");
  },
);

Deno.test.each([
  ["plain text", "plain text"],
  ["=?utf-8?q?=C3=BC?=", "ü"],
  ["=?UTF-8*de-CH?B?w7w=?=", "ü"],
  ["=?iso-8859-1?Q?=FC_?= x", "ü  x"],
  ["=?utf-8?B?w7w?=", "ü"],
  ["a =?utf-8?q?=C3=BC?= b", "a ü b"],
  ["=?utf-8?q?a?= \t =?utf-8?q?b?=", "ab"],
  ["=?utf-8?q?a?= x =?utf-8?q?b?=", "a x b"],
  ["=?utf-8?q?=C3?= =?utf-8?b?vA==?=", "ü"],
  ["=?utf-8?q?=C3?= =?iso-8859-1?q?=FC?=", "\ufffdü"],
  ["=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"],
  ["=?utf-8?q??=", ""],
  ["=?nonsense?q?a?=", "=?nonsense?q?a?="],
  ["=?utf-8?x?a?=", "=?utf-8?x?a?="],
  ["=?utf-8?q?a b?=", "=?utf-8?q?a b?="],
  ["=?utf-8?q?a", "=?utf-8?q?a"],
  ["=?=?utf-8?q?a?=", "=?a"],
  ["=?", "=?"],
])("decodeWords() reads %j as %j", pure, (text, decoded) => {
  equal(decodeWords(text), decoded);
});

Deno.test("decodeWords() forgives blanks in a word by option", pure, () => {
  equal(decodeWords("=?utf-8?q?a b\t=C3=BC?=", { lenient: true }), "a b\tü");
  equal(decodeWords("=?utf-8?q?a ü?=", { lenient: true }), "=?utf-8?q?a ü?=");
});

Deno.test("decodeWords() gives hostile text back [T-X09]", pure, () => {
  for (const piece of ["=?", "=?a?q?", "=?utf-8?q?x", "?=", "=?a?b?c?"]) {
    const text = piece.repeat(100_000);
    equal(decodeWords(text), text);
  }
});

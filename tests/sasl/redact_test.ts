import { equal, ok } from "node:assert/strict";
import { redact, Secret } from "../../src/sasl/mod.ts";
import { seeded } from "../message/random.ts";
import { octets } from "./both_ends.ts";

const MARKER = 'M4rker+Pässwörd/"7';
const b64 = (text: string) => octets(text).toBase64();

const FORMS: readonly (readonly [string, string])[] = [
  ["as it is", MARKER],
  ["in base64", b64(MARKER)],
  ["in base64 of the PLAIN response", b64(`\0tim\0${MARKER}`)],
  ["in base64 one octet on", b64(`a${MARKER}bc`)],
  ["in base64 two octets on", b64(`ab${MARKER}c`)],
  ["in base64 for URLs", octets(MARKER).toBase64({ alphabet: "base64url", omitPadding: true })],
  ["in hexadecimal", octets(MARKER).toHex()],
  ["in upper hexadecimal", octets(MARKER).toHex().toUpperCase()],
  ["in a URL", encodeURIComponent(MARKER)],
  ["in JSON", JSON.stringify(MARKER).slice(1, -1)],
  ["decomposed", MARKER.normalize("NFD")],
  ["in base64, decomposed", b64(MARKER.normalize("NFD"))],
  ["taken for Latin-1", String.fromCharCode(...octets(MARKER))],
];

Deno.test.each(FORMS)(
  "redact() finds the secret %s [T-A08]",
  { permissions: "none" },
  (_how, form) => {
    const seen = redact(`535 5.7.8 no '${form}' here`, new Secret(MARKER));
    equal(seen, "535 5.7.8 no '***' here");
  },
);

Deno.test(
  "redact() finds each of several, and the prepared form [T-A08]",
  { permissions: "none" },
  () => {
    equal(redact("pencil pencil cGVuY2ls", new Secret("pencil")), "*** *** ***");
    equal(redact("u\u0308ber \u00fcber", new Secret("u\u0308ber")), "*** ***");
  },
);

Deno.test("redact() leaves other text and short base64 alone", { permissions: "none" }, () => {
  equal(redact("535 Authentication failed", new Secret("pencil")), "535 Authentication failed");
  // The base64 of "a" begins with "YQ", which is a word of two letters.
  equal(redact("YQYQ", new Secret("a")), "YQYQ");
  equal(redact("text", new Secret("")), "text");
});

Deno.test(
  "redact() leaves a text without traces as the search for each of them does [T-A08]",
  { permissions: "none" },
  () => {
    const random = seeded(7);
    let changed = 0;
    for (const value of [MARKER, "pencil", "a", "ab", "abc", "+/+/", "****", "\ud83d", "u\u0308"]) {
      const secret = new Secret(value);
      const words = [
        ...[0, 1, 2, 3].map((before) => b64(`${"a".repeat(before)}${value}z`)),
        ...[value, octets(value).toHex(), encodeURIComponent(value.toWellFormed())],
        ...["=", "/", "+", "-_", " ", "*", "***", "\r\n", "x"],
      ];
      for (let round = 0; round < 2_000; round++) {
        const text = Array.from({ length: 1 + random(4) }, () => {
          const word = words[random(words.length)] ?? "";
          return word.slice(random(3), word.length - random(3));
        }).join("");
        const seen = redact(text, secret);
        // The secret behind it makes sure that all of it is searched.
        equal(`${seen}\n***`, redact(`${text}\n${value}`, secret), JSON.stringify(text));
        if (seen !== text) changed++;
      }
    }
    ok(changed > 1_000, `${changed}`);
  },
);

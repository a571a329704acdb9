import { deepEqual, throws } from "node:assert/strict";
import { parsePop3Url } from "../../src/pop3/mod.ts";

const none = { permissions: "none" } as const;

Deno.test.each([
  { url: "pop3://mail.example", hostname: "mail.example", port: 110, tls: "required" },
  { url: "POP3S://Mail.Example.", hostname: "mail.example", port: 995, tls: "implicit" },
  { url: "pop3://mail.example:995", hostname: "mail.example", port: 995, tls: "implicit" },
  { url: "pop3s://mail.example:110", hostname: "mail.example", port: 110, tls: "implicit" },
  { url: "pop3://127.0.0.1:1100", hostname: "127.0.0.1", port: 1100, tls: "required" },
  { url: "pop3s://[::1]", hostname: "::1", port: 995, tls: "implicit" },
  {
    url: "pop3://b\u00fccher.example",
    hostname: "xn--bcher-kva.example",
    port: 110,
    tls: "required",
  },
])("parsePop3Url() reads $url", none, ({ url, hostname, port, tls }) => {
  deepEqual(parsePop3Url(url), { target: { hostname, port }, tls });
});

Deno.test.each([
  { url: "", why: "expected pop3:// or pop3s://" },
  { url: "smtp://mail.example", why: "expected pop3:// or pop3s://" },
  { url: "pop3:mail.example", why: "expected pop3:// or pop3s://" },
  { url: "pop3://", why: "the host cannot be used" },
  { url: "pop3://mail.example/inbox", why: '"/" has no place here' },
  { url: "pop3://mail.example?tls", why: '"?" has no place here' },
  { url: "pop3://ma\til.example", why: '"\\t" has no place here' },
  { url: "pop3://mail.example:0", why: "the port must be a number from 1 to 65535" },
  { url: "pop3://mail.example:65536", why: "the port must be a number" },
  { url: "pop3://mail.example:", why: "the port must be a number" },
  { url: "pop3://::1", why: "an IPv6 address stands in brackets" },
  { url: "pop3://[mail.example]", why: "brackets are for IPv6 addresses" },
  { url: "pop3://127.1", why: "the host cannot be used" },
  { url: "pop3://0x7f.1", why: "the host cannot be used" },
])("parsePop3Url() refuses $url [T-I50]", none, ({ url, why }) => {
  throws(() => parsePop3Url(url), (error: Error) => error.message.includes(why));
});

Deno.test("parsePop3Url() refuses passwords and does not show them [T-I47]", none, () => {
  for (const url of ["pop3://ann:sesame@mail.example", "pop3://x/sesame"]) {
    throws(() => parsePop3Url(url), (error: Error) => !error.message.includes("sesame"));
  }
});

import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { readCertificate, toPem } from "../../../src/jobs/probe/certificate.ts";
import { isNamed, judgePeer } from "../../../src/jobs/probe/judgement.ts";
import { pem } from "./peers.ts";

async function ders(name: string): Promise<Uint8Array[]> {
  const blocks = (await pem(name)).matchAll(/-----BEGIN CERTIFICATE-----([^-]+)-----END/g);
  return [...blocks].map(([, base64 = ""]) => Uint8Array.fromBase64(base64));
}

async function der(name: string): Promise<Uint8Array> {
  return (await ders(name))[0] ?? new Uint8Array();
}

Deno.test("readCertificate() reads names, dates and key", async () => {
  const { sha256, ...rest } = await readCertificate(await der("good"));
  equal(sha256.length, 64);
  deepEqual(rest, {
    subject: "CN=localhost",
    issuer: "CN=mailwright test authority",
    notBefore: "2020-01-01T00:00:00Z",
    notAfter: "2099-12-31T23:59:59Z",
    key: "EC P-256",
    weakKey: false,
    signature: "ECDSA with SHA-256",
    selfIssued: false,
    dnsNames: ["localhost"],
    ipAddresses: ["127.0.0.1", "::1"],
    namesIssuer: false,
  });
});

Deno.test("readCertificate() puts the common name first and sees where an issuer can be had", async () => {
  const { subject, namesIssuer } = await readCertificate(await der("chained"));
  equal(subject, "CN=localhost, O=Chain, Incorporated");
  ok(namesIssuer);
});

Deno.test("readCertificate() counts the bits of RSA keys", async () => {
  const [, weak = new Uint8Array()] = await ders("weak_key");
  const { key, weakKey, selfIssued } = await readCertificate(weak);
  deepEqual([key, weakKey, selfIssued], ["RSA 1024", true, false]);
});

Deno.test("readCertificate() knows who signs for himself", async () => {
  ok((await readCertificate(await der("self_signed"))).selfIssued);
});

Deno.test("readCertificate() refuses what is cut off anywhere", async () => {
  const whole = await der("good");
  for (let length = 0; length < whole.length; length++) {
    await rejects(readCertificate(whole.subarray(0, length)), SyntaxError);
  }
});

Deno.test("readCertificate() survives any changed octet", async () => {
  const whole = await der("good");
  for (let at = 0; at < whole.length; at++) {
    const changed = whole.slice();
    changed[at] = 255 - (changed[at] ?? 0);
    await readCertificate(changed).catch((error) => ok(error instanceof SyntaxError, `${error}`));
  }
});

Deno.test("toPem() gives the file again", async () => {
  equal(toPem(await der("good")), await pem("good"));
});

Deno.test.each(
  [
    [["mail.example"], [], "MAIL.example", true],
    [["mail.example"], [], "smail.example", false],
    [["*.example.org"], [], "mail.example.org", true],
    [["*.example.org"], [], "example.org", false],
    [["*.example.org"], [], "a.mail.example.org", false],
    [["m*.example.org"], [], "mail.example.org", false],
    [["*.org"], [], "example.org", false],
    [["mail.*.org"], [], "mail.example.org", false],
    [["127.0.0.1"], [], "127.0.0.1", false],
    [[], ["127.0.0.1"], "127.0.0.1", true],
    [[], ["2001:db8::1"], "2001:0db8:0:0::1", true],
    [[], ["127.0.0.1"], "localhost", false],
    [["mail.example, DNS:victim.example"], [], "victim.example", false],
    [[], [], "mail.example", false],
  ] as const,
)("isNamed() of %j %j for %s is %s [S13]", { permissions: "none" }, (...row) => {
  const [dnsNames, ipAddresses, hostname, expected] = row;
  equal(isNamed({ dnsNames, ipAddresses }, hostname), expected);
});

const STANDARD = {
  mode: "implicit",
  hostname: "localhost",
  ownRoots: false,
  offered: ["1.2", "1.3"],
  now: Date.UTC(2026, 0, 1),
} as const;

Deno.test("judgePeer() says nothing about authorities where only the dates are wrong", async () => {
  const peer = {
    version: "TLSv1.3",
    cipher: "TLS_AES_128_GCM_SHA256",
    chain: [await der("expired")],
    distrust: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  };
  const { facts } = await judgePeer(peer, STANDARD);
  deepEqual([facts.trust, facts.reason, facts.authorized], ["unknown", "it has expired", false]);
  ok(facts.daysLeft < 0);
});

Deno.test("judgePeer() does not trust what the platform refuses for an unknown reason", async () => {
  const peer = {
    version: "TLSv1.3",
    cipher: "TLS_AES_128_GCM_SHA256",
    chain: [await der("good")],
    distrust: "CERT_REVOKED",
  };
  const { facts } = await judgePeer(peer, STANDARD);
  deepEqual([facts.trust, facts.authorized], ["unknown", false]);
  equal(facts.reason, "the platform does not accept it: CERT_REVOKED");
});

Deno.test("judgePeer() knows what a public sender would say, unless roots are the user's own", async () => {
  const peer = { version: "TLSv1.2", cipher: "x", chain: [await der("good")] };
  const seen = await judgePeer(peer, STANDARD);
  deepEqual(seen.facts.strictSender, { webpki: true, mtaSts: "unchecked", dane: "unchecked" });
  deepEqual(seen.facts.versions, { "1.2": true, "1.3": false });
  const own = await judgePeer(peer, { ...STANDARD, ownRoots: true, offered: ["1.2"] });
  deepEqual(own.facts.strictSender, { mtaSts: "unchecked", dane: "unchecked" });
  deepEqual(own.facts.versions, { "1.2": true });
});

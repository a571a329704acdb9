import { deepEqual, equal } from "node:assert/strict";
import { probe } from "../../../src/jobs/mod.ts";
import { Secret } from "../../../src/smtp/mod.ts";
import { startSandbox } from "../../../src/sandbox/mod.ts";
import { clockAt, described, pem, TlsServer } from "./peers.ts";

interface Row {
  readonly name: string;
  readonly certificate: string;
  readonly key?: string;
  readonly root?: string;
  readonly date?: string;
  /** What is found where users submit mail, or fetch it. */
  readonly submission: readonly string[];
  /** What is found where servers bring it. */
  readonly relay: readonly string[];
}

/** The same weight for both. */
const both = (finding: string) => ({ submission: [finding], relay: [finding] });
/** Servers rarely check, so it weighs less for them. */
const byRole = (id: string) => ({
  submission: [`critical ${id} at tls`],
  relay: [`warning ${id} at tls`],
});

const ROWS: readonly Row[] = [
  { name: "valid", certificate: "good", root: "ca", submission: [], relay: [] },
  {
    name: "behind an intermediate",
    certificate: "chained",
    root: "chain_root",
    submission: [],
    relay: [],
  },
  { name: "expired", certificate: "expired", root: "ca", ...both("critical cert.expired at tls") },
  {
    name: "not yet valid",
    certificate: "not_yet_valid",
    root: "ca",
    ...both("critical cert.not-yet-valid at tls"),
  },
  {
    name: "over in twelve days",
    certificate: "good",
    root: "ca",
    date: "2099-12-20T00:00:00Z",
    ...both("warning cert.expiry at tls"),
  },
  {
    name: "over in four days",
    certificate: "good",
    root: "ca",
    date: "2099-12-27T12:00:00Z",
    ...both("critical cert.expiry at tls"),
  },
  { name: "self-signed", certificate: "self_signed", root: "ca", ...byRole("cert.self-signed") },
  { name: "an authority's own", certificate: "ca_as_leaf", ...byRole("cert.self-signed") },
  { name: "wrong name", certificate: "wrong_name", root: "ca", ...byRole("cert.name") },
  { name: "common name only", certificate: "common_name_only", root: "ca", ...byRole("cert.name") },
  {
    name: "incomplete chain",
    certificate: "incomplete",
    key: "chained",
    root: "chain_root",
    ...byRole("cert.chain-incomplete"),
  },
  { name: "unknown authority", certificate: "good", ...byRole("cert.untrusted") },
];

const MODES = [
  { mode: "implicit", scheme: "smtps", role: "submission" },
  { mode: "starttls", scheme: "submission", role: "submission" },
  { mode: "starttls", scheme: "smtp", role: "relay" },
  { mode: "implicit", scheme: "pop3s", role: "submission" },
  { mode: "stls", scheme: "pop3", role: "submission" },
] as const;

/** A server with a certificate, and what it was told. */
async function serve(
  mode: typeof MODES[number]["mode"],
  scheme: string,
  certificate: string,
  key: string,
): Promise<AsyncDisposable & { readonly url: string; readonly heard: () => readonly string[] }> {
  if (mode !== "stls" && scheme !== "pop3s") {
    const server = await TlsServer.start({ mode, certificate, key });
    return {
      url: `${scheme}://127.0.0.1:${server.port}`,
      heard: () => server.heard,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  }
  const box = await startSandbox({
    users: { ann: "marker-7f3a" },
    identity: { cert: await pem(certificate), key: await pem(`${key}.key`) },
  });
  return {
    url: mode === "stls" ? box.pop3Url : box.pop3sUrl,
    heard: () => box.ledger.texts("command"),
    [Symbol.asyncDispose]: () => box[Symbol.asyncDispose](),
  };
}

const CASES = ROWS.flatMap((row) => MODES.map((mode) => ({ ...row, ...mode })));

for (
  const { name, certificate, key = certificate, root, date, mode, scheme, role, ...row } of CASES
) {
  Deno.test(`probe() judges a certificate: ${name}, ${mode}, ${scheme}:// [S13]`, async () => {
    await using server = await serve(mode, scheme, certificate, key);
    const { run, result, findings } = described(
      await probe(server.url, {
        tlsName: "localhost",
        login: { user: "ann", password: new Secret("marker-7f3a") },
        caCerts: root === undefined ? undefined : [await pem(root)],
        clock: date === undefined ? undefined : clockAt(date),
      }),
    );
    const good = row[role].every((finding) => finding.includes("cert.expiry"));
    // What was asked for and not tried is never ok.
    const skipped = good ? [] : ["unknown check.skipped at auth"];
    deepEqual(
      findings.filter((finding) => !finding.startsWith("info")).sort(),
      [...row[role], ...skipped].sort(),
    );
    equal(result.tls?.authorized, good);
    equal(result.tls?.mode, mode);
    equal(server.heard().some((line) => line.startsWith("AUTH")), good);
    const worst = row[role].some((finding) => finding.startsWith("critical"))
      ? 2
      : good
      ? row[role].length
      : 3;
    equal(run.exitCode, worst);
  });
}

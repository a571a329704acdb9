import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import {
  type SaslServer,
  scram,
  type ScramHash,
  type ScramOptions,
  scramServer,
  type ScramServerOptions,
  Secret,
} from "../../src/sasl/mod.ts";
import { firstWords, octets, play, storeOf, text } from "./both_ends.ts";

const store = storeOf({ user: "pencil", "a=b,c": "pencil", "jürgen": "straße" });
const HASHES: readonly ScramHash[] = ["SHA-1", "SHA-256", "SHA-512"];

function given(options: Partial<ScramOptions> = {}): ScramOptions {
  return {
    user: "user",
    password: new Secret("pencil"),
    nonce: () => "fyko+d2lbbFgONRv9qkxdawL",
    ...options,
  };
}

interface Vector {
  readonly source: string;
  readonly hash: ScramHash;
  readonly nonces: readonly [client: string, server: string];
  readonly salt: string;
  readonly messages: readonly [string, string, string, string];
}

const VECTORS: Vector[] = [
  {
    source: "RFC 5802 section 5",
    hash: "SHA-1",
    nonces: ["fyko+d2lbbFgONRv9qkxdawL", "3rfcNHYJY1ZVvWVs7j"],
    salt: "QSXCR+Q6sek8bf92",
    messages: [
      "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
      "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
      "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
      "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    ],
  },
  {
    source: "RFC 7677 section 3",
    hash: "SHA-256",
    nonces: ["rOprNGfwEbeRWgbNEkqO", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"],
    salt: "W22ZaJ0SNY7soEsUEjb6gQ==",
    messages: [
      "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
      "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
      "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ],
  },
];

Deno.test.each(VECTORS)("scram() and scramServer() say the example of $source", {
  permissions: "none",
}, async ({ hash, nonces, salt, messages }) => {
  const client = scram(hash, given({ nonce: () => nonces[0] })).start();
  const server = scramServer(hash, store, {
    nonce: () => nonces[1],
    salt: () => Uint8Array.fromBase64(salt),
  });
  const first = await client.initial();
  equal(text(first?.bytes), messages[0]);
  const challenge = await server.step(first?.bytes);
  ok(challenge.kind === "challenge");
  equal(text(challenge.bytes), messages[1]);
  const proof = await client.answer(challenge.bytes);
  equal(text(proof.bytes), messages[2]);
  const signature = await server.step(proof.bytes);
  ok(signature.kind === "challenge");
  equal(text(signature.bytes), messages[3]);
  const last = await client.answer(signature.bytes);
  equal(last.bytes.length, 0);
  deepEqual(await server.step(last.bytes), { kind: "success", user: "user" });
  client.finish();
});

/** SCRAM once more by RFC 5802 section 3, word for word and with another library. */
function independently(hash: string, said: string, salt: Uint8Array, iterations: number) {
  const keyed = (key: Uint8Array, data: string | Uint8Array) =>
    createHmac(hash, key).update(data).digest();
  const length = createHash(hash).digest().length;
  const salted = pbkdf2Sync("pencil", salt, iterations, length, hash);
  const clientKey = keyed(salted, "Client Key");
  const storedKey = createHash(hash).update(clientKey).digest();
  const clientSignature = keyed(storedKey, said);
  const proof = clientKey.map((octet, index) => octet ^ (clientSignature[index] ?? 0));
  return {
    proof: proof.toBase64(),
    verifier: new Uint8Array(keyed(keyed(salted, "Server Key"), said)).toBase64(),
  };
}

Deno.test.each(HASHES.map((hash) => ({ hash })))("scram($hash) agrees with another computation", {
  permissions: "none",
}, async ({ hash }) => {
  const nonce = "fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j";
  const serverFirst = `r=${nonce},s=QSXCR+Q6sek8bf92,i=5000`;
  const final = `c=biws,r=${nonce}`;
  const said = `n=user,r=fyko+d2lbbFgONRv9qkxdawL,${serverFirst},${final}`;
  const salt = Uint8Array.fromBase64("QSXCR+Q6sek8bf92");
  const expected = independently(hash.replace("-", ""), said, salt, 5000);

  const client = scram(hash, given()).start();
  await client.initial();
  const answer = await client.answer(octets(serverFirst));
  equal(text(answer.bytes), `${final},p=${expected.proof}`);
  await client.answer(octets(`v=${expected.verifier}`));
  client.finish();
});

Deno.test.each(HASHES.map((hash) => ({ hash })))("scram($hash) against scramServer($hash)", {
  permissions: "none",
}, async ({ hash }) => {
  const right = await play(scram(hash, given()), scramServer(hash, store));
  deepEqual(right.end, { kind: "success", user: "user" });
  right.client.finish();
  deepEqual(new Set(right.shown), new Set(["${hidden}"]));

  const late = await play(scram(hash, given()), scramServer(hash, store), { late: true });
  deepEqual(late.end, { kind: "success", user: "user" });
  equal(late.challenges[0], "");

  const wrong = await play(
    scram(hash, given({ password: new Secret("pen") })),
    scramServer(hash, store),
  );
  deepEqual(wrong.end, { kind: "failure", reason: "wrong user or password" });
  throws(() => wrong.client.finish(), { name: "SaslError", mechanism: `SCRAM-${hash}` });
});

Deno.test("scramServer() tells an unknown user at the end, as a wrong password", {
  permissions: "none",
}, async () => {
  const nobody = given({ user: "nobody", password: new Secret("nobody has this password") });
  const { end, challenges } = await play(scram("SHA-256", nobody), scramServer("SHA-256", store));
  deepEqual(end, { kind: "failure", reason: "wrong user or password" });
  ok(/^r=.*,s=.*,i=4096$/.test(challenges[0] ?? ""));
});

Deno.test("scram() escapes names and prepares UTF-8 [S81]", { permissions: "none" }, async () => {
  const mechanism = scram("SHA-1", given({ user: "a=b,c", authorize: "d,e=f", nonce: () => "n" }));
  equal(await firstWords(mechanism), "n,a=d=2Ce=3Df,n=a=3Db=2Cc,r=n");
  const allowed = { ...store, mayActAs: () => true };
  deepEqual((await play(mechanism, scramServer("SHA-1", allowed))).end, {
    kind: "success",
    user: "a=b,c",
    authorize: "d,e=f",
  });
  equal((await play(mechanism, scramServer("SHA-1", store))).end.kind, "failure");

  const decomposed = scram(
    "SHA-1",
    given({ user: "ju\u0308rgen", password: new Secret("straße") }),
  );
  deepEqual((await play(decomposed, scramServer("SHA-1", store))).end, {
    kind: "success",
    user: "jürgen",
  });
});

Deno.test("scram() makes a new nonce for each exchange, and refuses an impossible one", {
  permissions: "none",
}, async () => {
  const mechanism = scram("SHA-1", { user: "user", password: new Secret("pencil") });
  ok(await firstWords(mechanism) !== await firstWords(mechanism));
  for (const nonce of ["", "a,b", "a b", "ü"]) {
    throws(() => scram("SHA-1", given({ nonce: () => nonce })).start(), TypeError);
  }
});

/** Counts key derivations; they are made with one iteration, so that a test of many takes no time. */
async function countDerivations(during: () => Promise<void>): Promise<number[]> {
  const { deriveKey } = SubtleCrypto.prototype;
  const counts: number[] = [];
  SubtleCrypto.prototype.deriveKey = function (algorithm, ...rest: [never, never, never, never]) {
    const params = algorithm as Pbkdf2Params; // The only algorithm that is used here.
    counts.push(params.iterations);
    return deriveKey.call(this, { ...params, iterations: 1 } as Pbkdf2Params, ...rest);
  };
  try {
    await during();
  } finally {
    SubtleCrypto.prototype.deriveKey = deriveKey;
  }
  return counts;
}

const NONCE = "fyko+d2lbbFgONRv9qkxdawL";

Deno.test.each([
  ["too few iterations", `r=${NONCE}x,s=QSXC,i=1`],
  ["one iteration too few", `r=${NONCE}x,s=QSXC,i=4095`],
  ["one iteration too many", `r=${NONCE}x,s=QSXC,i=1000001`],
  ["far too many iterations", `r=${NONCE}x,s=QSXC,i=2147483647`],
  ["endless iterations", `r=${NONCE}x,s=QSXC,i=${"9".repeat(400)}`],
  ["no number of iterations", `r=${NONCE}x,s=QSXC,i=0x2000`],
  ["a leading zero", `r=${NONCE}x,s=QSXC,i=04096`],
  ["negative iterations", `r=${NONCE}x,s=QSXC,i=-5000`],
  ["another nonce", "r=3rfcNHYJY1ZVvWVs7j,s=QSXC,i=4096"],
  ["no more than our nonce", `r=${NONCE},s=QSXC,i=4096`],
  ["our nonce at the end", `r=x${NONCE},s=QSXC,i=4096`],
  ["our nonce cut", `r=${NONCE.slice(0, -1)},s=QSXC,i=4096`],
  ["a blank in the nonce", `r=${NONCE} x,s=QSXC,i=4096`],
  ["bad base64", `r=${NONCE}x,s=QSX,i=4096`],
  ["a blank in base64", `r=${NONCE}x,s=QS XC,i=4096`],
  ["an empty salt", `r=${NONCE}x,s=,i=4096`],
  ["no salt", `r=${NONCE}x,i=4096`],
  ["an unknown mandatory extension", `m=whatever,r=${NONCE}x,s=QSXC,i=4096`],
  ["such an extension at the end", `r=${NONCE}x,s=QSXC,i=4096,m=whatever`],
  ["an error", "e=other-error"],
  ["nothing", ""],
  ["a line end", `r=${NONCE}x,s=QSXC,i=4096\r\n`],
])("scram() refuses a server that begins with %s, before it works [T-A05]", {
  permissions: "none",
}, async (_what, challenge) => {
  const counts = await countDerivations(async () => {
    const client = scram("SHA-256", given()).start();
    await client.initial();
    await rejects(client.answer(octets(challenge ?? "")), { name: "SaslError" });
    throws(() => client.finish(), { name: "SaslError" });
    // A second try on the same exchange is none.
    await rejects(client.answer(octets(`r=${NONCE}x,s=QSXC,i=4096`)), { name: "SaslError" });
  });
  deepEqual(counts, []);
});

Deno.test.each([
  ["the fewest iterations", `r=${NONCE}x,s=QSXC,i=4096`, 4096],
  ["the most iterations", `r=${NONCE}x,s=QSXC,i=1000000`, 1_000_000],
  ["an extension that may be passed over", `r=${NONCE}x,s=QSXC,i=4096,x=1`, 4096],
])("scram() takes %s [T-A05]", { permissions: "none" }, async (_what, challenge, iterations) => {
  const counts = await countDerivations(async () => {
    const client = scram("SHA-256", given()).start();
    await client.initial();
    await client.answer(octets(challenge));
  });
  deepEqual(counts, [iterations]);
});

Deno.test.each([
  ["another signature", `v=${new Uint8Array(32).toBase64()}`],
  ["a shorter signature", "v=QSXC"],
  ["bad base64", "v=QSX"],
  ["no signature", "v="],
  ["an error", "e=invalid-proof"],
  ["nothing", ""],
])(
  "scram() refuses a server that ends with %s [T-A05]",
  { permissions: "none" },
  async (_what, final) => {
    const client = scram("SHA-256", given()).start();
    await client.initial();
    await client.answer(octets(`r=${NONCE}x,s=QSXC,i=4096`));
    await rejects(client.answer(octets(final ?? "")), { name: "SaslError" });
    throws(() => client.finish(), { name: "SaslError" });
  },
);

Deno.test("scram() does not believe a success before the signature [T-A05]", {
  permissions: "none",
}, async () => {
  const client = scram("SHA-256", given()).start();
  await client.initial();
  throws(() => client.finish(), { name: "SaslError" });
  await client.answer(octets(`r=${NONCE}x,s=QSXC,i=4096`));
  throws(() => client.finish(), {
    name: "SaslError",
    message:
      'Cannot authenticate with "SCRAM-SHA-256": the server did not prove that it knows the password',
  });
});

Deno.test("scram() refuses octets that are not UTF-8, and more after the end [T-A05]", {
  permissions: "none",
}, async () => {
  const client = scram("SHA-256", given()).start();
  await rejects(client.answer(new Uint8Array([0xff])), { name: "SaslError" });
  const played = await play(scram("SHA-256", given()), scramServer("SHA-256", store));
  await rejects(played.client.answer(octets("v=")), { name: "SaslError" });
});

Deno.test(
  "scram() derives a key once per salt and iteration count",
  { permissions: "none" },
  async () => {
    const mechanism = scram("SHA-256", given());
    const log = async (options: ScramServerOptions) =>
      await play(mechanism, scramServer("SHA-256", store, options));
    const [salt, other] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)];
    const counts = await countDerivations(async () => {
      for (
        const options of [
          { salt: () => salt },
          { salt: () => salt },
          { salt: () => salt, iterations: 5000 },
          { salt: () => other, iterations: 5000 },
          { salt: () => other, iterations: 5000 },
        ]
      ) {
        const { end, client } = await log(options);
        equal(end.kind, "success");
        client.finish();
      }
    });
    // Five of the server, which keeps nothing, and three of the client.
    equal(counts.length, 5 + 3);
  },
);

Deno.test.each([
  "p=tls-unique,,n=user,r=abc",
  "n,,m=x,n=user,r=abc",
  "n,,n=user,r=abc,m=x",
  "n,,n=us=er,r=abc",
  "n,a=us=er,n=user,r=abc",
  "n,,n=,r=abc",
  "n,,n=user,r=",
  "n,,n=user",
  "n=user,r=abc",
  "z,,n=user,r=abc",
  "n,,n=us\ter,r=abc",
])("scramServer() refuses the beginning %j", { permissions: "none" }, async (message) => {
  equal((await scramServer("SHA-1", store).step(octets(message))).kind, "failure");
});

/** Brings an exchange to the client's final message, and lets it be changed. */
async function tamper(change: (final: string) => string): Promise<[SaslServer, Uint8Array]> {
  const server = scramServer("SHA-1", store);
  const client = scram("SHA-1", given()).start();
  const step = await server.step((await client.initial())?.bytes);
  ok(step.kind === "challenge");
  const final = text((await client.answer(step.bytes)).bytes) ?? "";
  return [server, octets(change(final))];
}

Deno.test.each([
  ["another header", (final: string) => final.replace("c=biws", "c=eSws")],
  ["another nonce", (final: string) => final.replace(/,p=/, "x,p=")],
  ["our nonce alone", (final: string) => final.replace(/r=[^,]*/, `r=${NONCE}`)],
  ["another proof", (final: string) => final.replace(/p=.*/, `p=${new Uint8Array(20).toBase64()}`)],
  ["bad base64", (final: string) => `${final}=`],
  ["no proof", (final: string) => final.replace(/,p=.*/, "")],
  ["an extension that was not proved", (final: string) => final.replace(",p=", ",x=1,p=")],
  ["nothing", () => ""],
])(
  "scramServer() refuses a final message with %s",
  { permissions: "none" },
  async (_what, change) => {
    const [server, final] = await tamper(change);
    equal((await server.step(final)).kind, "failure");
  },
);

Deno.test(
  "scramServer() goes on with an unchanged final message",
  { permissions: "none" },
  async () => {
    const [server, final] = await tamper((text) => text);
    equal((await server.step(final)).kind, "challenge");
  },
);

Deno.test.each([
  ["what was agreed", "c=biws", "", "challenge"],
  ["an extension", "c=biws", ",x=1", "challenge"],
  ["another header", "c=eSws", "", "failure"],
  ["another nonce", "c=biws", "x", "failure"],
])("scramServer() looks at a final message with %s, well proved", {
  permissions: "none",
}, async (_what, header, after, kind) => {
  const salt = new Uint8Array(16);
  const server = scramServer("SHA-1", store, { nonce: () => "xyz", salt: () => salt });
  const first = await server.step(octets("n,,n=user,r=abc"));
  ok(first.kind === "challenge");
  const final = `${header},r=abcxyz${after}`;
  const said = `n=user,r=abc,${text(first.bytes)},${final}`;
  const { proof } = independently("SHA1", said, salt, 4096);
  equal((await server.step(octets(`${final},p=${proof}`))).kind, kind);
});

Deno.test("scramServer() cannot log in who has an empty or impossible password", {
  permissions: "none",
}, async () => {
  for (const password of ["", "a\tb"]) {
    const server = scramServer("SHA-1", storeOf({ user: password }));
    const { end } = await play(
      scram("SHA-1", given({ password: new Secret("nobody has this password") })),
      server,
    );
    equal(end.kind, "failure");
  }
});

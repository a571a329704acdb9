import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import {
  anonymous,
  cramMd5,
  type Credentials,
  external,
  login,
  oauthBearer,
  plain,
  type SaslMechanism,
  saslServer,
  scram,
  Secret,
  xoauth2,
} from "../../src/sasl/mod.ts";
import { SmtpAuthError } from "../../src/smtp/errors.ts";
import { SmtpSession } from "../../src/smtp/session.ts";
import { type Answer, answering, offering } from "./answering_server.ts";
import { greeted, passed } from "./scripted_session.ts";

const PURE = { permissions: "none" } as const;
/** Whatever a password needs. */
const TLS = { security: "verified" } as const;
const ANN: Credentials = { user: "ann", password: new Secret("pencil") };

const b64 = (text: string): string => new TextEncoder().encode(text).toBase64();
const PLAIN = b64("\0ann\0pencil");

/** A session with a server that computes its answers. */
async function session(
  offered: readonly string[],
  answer: Answer,
): Promise<{ session: SmtpSession; lines: readonly string[] } & AsyncDisposable> {
  const { connection, lines, done } = answering(offering(offered, answer));
  const made = new SmtpSession({ ...passed(connection), ...TLS }, {
    host: "mx.example",
    name: "client.example",
  });
  await made.readGreeting();
  await made.ehlo();
  return {
    session: made,
    lines,
    async [Symbol.asyncDispose]() {
      made.close();
      await done;
    },
  };
}

/** Answers AUTH with the server's ends of the library. */
function authenticator(password = "pencil"): Answer {
  let server: ReturnType<typeof saslServer>;
  return async (line) => {
    const [verb, name = "", initial] = line.split(" ");
    const begins = verb === "AUTH";
    if (begins) server = saslServer(name, { password: () => new Secret(password) });
    const coded = begins ? initial : line;
    const bytes = coded === undefined
      ? undefined
      : Uint8Array.fromBase64(coded === "=" ? "" : coded);
    const step = await server?.step(bytes);
    if (step?.kind === "challenge") return `334 ${step.bytes.toBase64()}`;
    return step?.kind === "success" ? "235 2.7.0 welcome" : "535 5.7.8 no";
  };
}

Deno.test("SmtpSession.auth() logs in by PLAIN, and shows a hole in its place", PURE, async () => {
  await using made = await greeted("AUTH PLAIN", `C: AUTH PLAIN ${PLAIN}\nS: 235 welcome`, TLS);
  const { reply, tried } = await made.session.auth(ANN);
  deepEqual([reply.code, tried, made.session.authenticated], [235, ["PLAIN"], "PLAIN"]);
  deepEqual(made.transcript().slice(-2), ["C: AUTH PLAIN ${plain user pass}", "S: 235 welcome"]);
});

interface Shown {
  readonly mechanism: SaslMechanism;
  readonly script: string;
  readonly shown: readonly string[];
}

const TOKEN = new Secret("ya29.vF9");
const CHALLENGE = "<1896.697170952@postoffice.reston.mci.net>";

Deno.test.each<Shown>([
  {
    mechanism: login(ANN),
    script: `C: AUTH LOGIN
             S: 334 VXNlcm5hbWU6
             C: ${b64("ann")}
             S: 334 UGFzc3dvcmQ6
             C: ${b64("pencil")}`,
    shown: ["AUTH LOGIN", "${b64 user}", "${b64 pass}"],
  },
  {
    mechanism: login({ ...ANN, initialResponse: true }),
    script: `C: AUTH LOGIN ${b64("ann")}\nS: 334 UGFzc3dvcmQ6\nC: ${b64("pencil")}`,
    shown: ["AUTH LOGIN ${b64 user}", "${b64 pass}"],
  },
  {
    mechanism: cramMd5({ user: "tim", password: new Secret("tanstaaftanstaaf") }),
    script: `C: AUTH CRAM-MD5
             S: 334 ${b64(CHALLENGE)}
             C: ${b64("tim b913a602c7eda7a495b4e6e7334d3890")}`,
    shown: ["AUTH CRAM-MD5", "${cram challenge user pass}"],
  },
  {
    mechanism: xoauth2({ user: "ann", token: TOKEN }),
    script: `C: AUTH XOAUTH2 ${b64("user=ann\x01auth=Bearer ya29.vF9\x01\x01")}`,
    shown: ["AUTH XOAUTH2 ${xoauth2 user token}"],
  },
  {
    mechanism: oauthBearer({ user: "ann", token: TOKEN }),
    script: `C: AUTH OAUTHBEARER ${b64("n,a=ann,\x01auth=Bearer ya29.vF9\x01\x01")}`,
    shown: ["AUTH OAUTHBEARER ${hidden}"],
  },
  {
    mechanism: external(),
    script: "C: AUTH EXTERNAL =",
    shown: ["AUTH EXTERNAL ="],
  },
  {
    mechanism: external({ authorize: "ann" }),
    script: `C: AUTH EXTERNAL ${b64("ann")}`,
    shown: ["AUTH EXTERNAL ${hidden}"],
  },
  {
    mechanism: anonymous({ trace: "guest@mail.example" }),
    script: `C: AUTH ANONYMOUS ${b64("guest@mail.example")}`,
    shown: ["AUTH ANONYMOUS ${hidden}"],
  },
])(
  "SmtpSession.auth() shows $shown [S80] [S86] [T-A09]",
  PURE,
  async ({ mechanism, script, shown }) => {
    for (const end of ["235 welcome", "535 no"]) {
      await using made = await greeted(`AUTH ${mechanism.name}`, `${script}\nS: ${end}`, TLS);
      const { reply } = await made.session.auth(mechanism);
      equal(`${reply}`, end);
      const ours = made.transcript().filter((line) => line.startsWith("C: ")).slice(1);
      deepEqual(ours, shown.map((line) => `C: ${line}`));
      await made.done;
    }
  },
);

for (
  const name of ["SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512", "CRAM-MD5", "PLAIN", "LOGIN"]
) {
  Deno.test(`SmtpSession.auth() meets the server's end of ${name}`, PURE, async () => {
    await using made = await session([`AUTH ${name}`], authenticator());
    const { reply, tried } = await made.session.auth(ANN);
    deepEqual([reply.code, tried], [235, [name]]);
    await using wrong = await session([`AUTH ${name}`], authenticator("other"));
    equal((await wrong.session.auth(ANN)).reply.code, 535);
    equal(wrong.session.authenticated, undefined);
    equal(wrong.session.usable, true);
  });
}

Deno.test("SmtpSession.auth() prepares a user and password outside ASCII [S81]", PURE, async () => {
  // RFC 4013: the ligature becomes two letters, the soft hyphen nothing.
  const given = { user: "\ufb01sch\u00ad", password: new Secret("I\u00adXé") };
  const coded = b64("\0fisch\0IXé");
  await using made = await greeted("AUTH PLAIN", `C: AUTH PLAIN ${coded}\nS: 235 ok`, TLS);
  equal((await made.session.auth(given)).reply.code, 235);
  await using other = await session(["AUTH SCRAM-SHA-256"], authenticator("IXé"));
  equal((await other.session.auth(given)).reply.code, 235);
});

Deno.test(
  "SmtpSession.auth() takes the strongest mechanism, in whatever order [T-A12]",
  PURE,
  async () => {
    const many = Array.from({ length: 60 }, (_, index) => `X-${index}`).join(" ");
    await using made = await session(
      [`AUTH LOGIN PLAIN ${many} SCRAM-SHA-256 CRAM-MD5`],
      authenticator(),
    );
    deepEqual((await made.session.auth(ANN)).tried, ["SCRAM-SHA-256"]);
    // What stands behind the first 64 was never looked at.
    const more = Array.from({ length: 64 }, (_, index) => `X-${index}`).join(" ");
    await using far = await greeted(`AUTH ${more} PLAIN`, "<eof>", TLS);
    await rejects(far.session.auth(ANN), { name: "SmtpAuthError" });
  },
);

Deno.test("SmtpSession.auth() takes -PLUS for something else [S71]", PURE, async () => {
  await using made = await greeted("AUTH SCRAM-SHA-1-PLUS", "<eof>", TLS);
  await rejects(made.session.auth(ANN), {
    name: "SmtpAuthError",
    message: /the server offers SCRAM-SHA-1-PLUS, not /,
  });
  equal(made.heard().includes("AUTH"), false);
});

Deno.test("SmtpSession.auth() knows both spellings of the offer [S68]", PURE, async () => {
  await using made = await greeted(
    "AUTH=LOGIN PLAIN, AUTH GSSAPI",
    `C: AUTH PLAIN ${PLAIN}\nS: 235 ok`,
    TLS,
  );
  equal((await made.session.auth(ANN)).reply.code, 235);
});

Deno.test("SmtpSession.auth() refuses what is not offered", PURE, async () => {
  await using made = await greeted("PIPELINING", "<eof>", TLS);
  await rejects(made.session.auth(ANN), { message: /the server offers no mechanism$/ });
  await rejects(made.session.auth(plain(ANN)), { name: "SmtpAuthError", temporary: false });
  equal(made.heard().includes("AUTH"), false);
  await using masked = await greeted("AUTH PLAIN LOGIN", "<eof>", { ...TLS, without: ["AUTH"] });
  await rejects(masked.session.auth(ANN), { name: "SmtpAuthError" });
});

Deno.test("SmtpSession.auth() keeps a password out of the clear [S66] [T-A02]", PURE, async () => {
  const offered = "AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER";
  for (const security of ["clear", "unverified"] as const) {
    await using made = await greeted(offered, "<eof>", { security });
    const refusal = { name: "SmtpAuthError", message: /show the secret on a connection in clear/ };
    await rejects(made.session.auth(ANN), refusal);
    await rejects(made.session.auth(plain(ANN)), refusal);
    await rejects(made.session.auth(login(ANN)), refusal);
    await rejects(made.session.auth(xoauth2({ user: "ann", token: TOKEN })), refusal);
    await rejects(made.session.auth(oauthBearer({ user: "ann", token: TOKEN })), refusal);
    equal(made.heard(), "EHLO client.example\r\n");
    equal(made.session.usable, true);
  }
  await using allowed = await greeted(offered, `C: AUTH PLAIN ${PLAIN}\nS: 235 ok`);
  equal((await allowed.session.auth(ANN, { allowCleartextAuth: true })).reply.code, 235);
});

Deno.test(
  "SmtpSession.auth() is not talked down below the weakest allowed [T-A01]",
  PURE,
  async () => {
    await using made = await greeted("AUTH PLAIN LOGIN CRAM-MD5", "<eof>", TLS);
    await rejects(made.session.auth(ANN, { minMechanism: "SCRAM-SHA-256" }), {
      name: "SmtpAuthError",
      message: /CRAM-MD5 is weaker than SCRAM-SHA-256/,
    });
    equal(made.heard(), "EHLO client.example\r\n");
    // What was taken is told, so that whoever remembers the last time sees the change.
    await using weaker = await greeted(
      "AUTH LOGIN PLAIN",
      `C: AUTH PLAIN ${PLAIN}\nS: 235 ok`,
      TLS,
    );
    deepEqual((await weaker.session.auth(ANN)).tried, ["PLAIN"]);
  },
);

Deno.test.each([
  { prompts: ["VXNlcm5hbWU6", "UGFzc3dvcmQ6"] },
  { prompts: ["UGFzc3dvcmQ6", "VXNlcm5hbWU6"] }, // the password is asked for first
  { prompts: ["UGFzc3dvcmQ6", "UGFzc3dvcmQ6"] },
  { prompts: ["", ""] },
  { prompts: ["not base64!", "User Name"] },
])(
  "SmtpSession.auth() answers LOGIN by order, whatever $prompts say [S75] [T-A03]",
  PURE,
  async ({ prompts }) => {
    await using made = await greeted(
      "AUTH LOGIN",
      `C: AUTH LOGIN
     S: 334 ${prompts[0]}
     C: ${b64("ann")}
     S: 334 ${prompts[1]}
     C: ${b64("pencil")}
     S: 235 ok`,
      TLS,
    );
    equal((await made.session.auth(ANN)).reply.code, 235);
  },
);

Deno.test("SmtpSession.auth() tells LOGIN nothing at a third prompt [T-A03]", PURE, async () => {
  await using made = await greeted(
    "AUTH LOGIN",
    `C: AUTH LOGIN\nS: 334\nC: *\nS: 334\nC: *\nS: 334\nC: *\nS: 501 cancelled`
      .replace("C: *", `C: ${b64("ann")}`).replace("C: *", `C: ${b64("pencil")}`),
    TLS,
  );
  await rejects(made.session.auth(ANN), { name: "SmtpAuthError", message: /asks again/ });
});

Deno.test(
  "SmtpSession.auth() says LOGIN once more without a first response [S78]",
  PURE,
  async () => {
    for (const code of [501, 504]) {
      await using made = await greeted(
        "AUTH LOGIN",
        `C: AUTH LOGIN ${b64("ann")}
       S: ${code} what is that
       C: AUTH LOGIN
       S: 334 VXNlcm5hbWU6
       C: ${b64("ann")}
       S: 334 UGFzc3dvcmQ6
       C: ${b64("pencil")}
       S: 235 ok`,
        TLS,
      );
      const { reply, tried } = await made.session.auth(login({ ...ANN, initialResponse: true }));
      deepEqual([reply.code, tried], [235, ["LOGIN"]]);
    }
    await using never = await greeted(
      "AUTH LOGIN",
      `C: AUTH LOGIN ${b64("ann")}\nS: 501 no\nC: AUTH LOGIN\nS: 501 no`,
      TLS,
    );
    equal((await never.session.auth(login({ ...ANN, initialResponse: true }))).reply.code, 501);
  },
);

Deno.test(
  "SmtpSession.auth() hears the error document of XOAUTH2 [S76] [T-A11]",
  PURE,
  async () => {
    const json = `{"status":"401","schemes":"bearer","scope":"https://mail.example/ya29.vF9"}`;
    await using made = await greeted(
      "AUTH XOAUTH2",
      `C~ AUTH XOAUTH2 
     S: 334 ${b64(json)}
     C: 
     S: 535 5.7.8 no`,
      TLS,
    );
    const { reply, failure } = await made.session.auth(xoauth2({ user: "ann", token: TOKEN }));
    equal(reply.code, 535);
    equal(failure, json.replace("ya29.vF9", "***"));
    equal(made.heard().endsWith("\r\n\r\n"), true);
    deepEqual(made.transcript().slice(-2), ["C: ", "S: 535 5.7.8 no"]);
  },
);

Deno.test("SmtpSession.auth() hears the error document of OAUTHBEARER [S76]", PURE, async () => {
  const json = `{"status":"invalid_token"}`;
  await using made = await greeted(
    "AUTH OAUTHBEARER",
    `C~ AUTH OAUTHBEARER \nS: 334 ${b64(json)}\nC: AQ==\nS: 535 5.7.8 no`,
    TLS,
  );
  const { reply, failure } = await made.session.auth(oauthBearer({ user: "ann", token: TOKEN }));
  deepEqual([reply.code, failure], [535, json]);
});

Deno.test(
  "SmtpSession.auth() sends a long first response on a line of its own [S77]",
  PURE,
  async () => {
    // "AUTH PLAIN " and CRLF leave 499 characters: 496 are 372 octets, five of them not the password.
    for (const length of [367, 368, 9_208]) {
      const response = b64(`\0ann\0${"p".repeat(length)}`);
      await using made = await session(
        ["AUTH PLAIN"],
        (line) => line === "AUTH PLAIN" ? "334" : "235 ok",
      );
      const password = new Secret("p".repeat(length));
      equal((await made.session.auth(plain({ user: "ann", password }))).reply.code, 235);
      const lines = length === 367 ? [`AUTH PLAIN ${response}`] : ["AUTH PLAIN", response];
      deepEqual(made.lines.slice(1), lines);
    }
  },
);

Deno.test(
  "SmtpSession.auth() refuses a response longer than 12288 octets [S77]",
  PURE,
  async () => {
    const password = new Secret("p".repeat(9_215));
    await using made = await greeted("AUTH PLAIN", "<eof>", TLS);
    await rejects(made.session.auth(plain({ user: "ann", password })), {
      name: "SmtpAuthError",
      message: /the response has 12\d{3} characters, and 12286 are the most$/,
    });
    equal(made.heard(), "EHLO client.example\r\n");
    // In the middle of an exchange it is broken off.
    await using later = await greeted(
      "AUTH LOGIN",
      `C: AUTH LOGIN\nS: 334\nC: ${b64("ann")}\nS: 334\nC: *\nS: 501 cancelled\nC: NOOP\nS: 250 ok`,
      TLS,
    );
    await rejects(later.session.auth(login({ user: "ann", password })), { name: "SmtpAuthError" });
    equal((await later.session.noop()).code, 250);
  },
);

Deno.test(
  "SmtpSession.auth() breaks off with an asterisk and stays usable [S79] [T-A06]",
  PURE,
  async () => {
    const rubbish = [
      "Rubbish",
      b64("Rubbish"),
      b64("<a@b"),
      "====",
      "PDFAMj4=\nPDFAMj4=",
      "PHgg QHk+",
    ];
    for (const challenge of rubbish) {
      const lines = challenge.split("\n").map((line, at, all) =>
        `S: 334${at < all.length - 1 ? "-" : " "}${line}`
      );
      await using made = await greeted(
        "AUTH CRAM-MD5",
        `C: AUTH CRAM-MD5\n${lines.join("\n")}\nC: *\nS: 501 5.7.0 cancelled\nC: NOOP\nS: 250 ok`,
        TLS,
      );
      await rejects(made.session.auth(ANN), {
        name: "SmtpAuthError",
        tried: ["CRAM-MD5"],
        host: "mx.example",
        lastReply: "501 5.7.0 cancelled",
      });
      equal(made.session.authenticated, undefined);
      equal((await made.session.noop()).code, 250);
      deepEqual(made.transcript().filter((line) => line === "C: *").length, 1);
    }
  },
);

Deno.test(
  "SmtpSession.auth() is dead if breaking off is answered by another challenge [S79]",
  PURE,
  async () => {
    for (const reply of ["334", "235 welcome anyway"]) {
      await using made = await greeted(
        "AUTH CRAM-MD5",
        `C: AUTH CRAM-MD5\nS: 334 Rubbish\nC: *\nS: ${reply}\n<eof>`,
        TLS,
      );
      await rejects(made.session.auth(ANN), { name: "SmtpAuthError" });
      equal(made.session.usable, false);
      equal(made.session.authenticated, undefined);
      await made.done;
    }
  },
);

Deno.test("SmtpSession.auth() goes on after nonsense inside TLS only [T-A06]", PURE, async () => {
  const nonsense = "C: AUTH CRAM-MD5\nS: 334 UnViYmlzaA==\nC: *\nS: 501 cancelled";
  await using inside = await greeted(
    "AUTH CRAM-MD5 PLAIN",
    `${nonsense}\nC: AUTH PLAIN ${PLAIN}\nS: 235 ok`,
    TLS,
  );
  deepEqual((await inside.session.auth(ANN)).tried, ["CRAM-MD5", "PLAIN"]);
  await using outside = await greeted("AUTH CRAM-MD5 PLAIN", `${nonsense}\n<eof>`);
  await rejects(outside.session.auth(ANN, { allowCleartextAuth: true }), { tried: ["CRAM-MD5"] });
  equal(outside.heard().includes(PLAIN), false);
  await using all = await greeted("AUTH CRAM-MD5", nonsense, TLS);
  await rejects(all.session.auth(ANN), { name: "SmtpAuthError", message: /message identifier/ });
});

Deno.test(
  "SmtpSession.auth() ends challenges without end, and the session [S83] [T-A04]",
  PURE,
  async () => {
    const endless: SaslMechanism = {
      name: "X-PATIENT",
      exposesSecret: false,
      start: () => ({
        initial: () => Promise.resolve(undefined),
        answer: () => Promise.resolve({ bytes: new Uint8Array([1]), shown: "${hidden}" }),
        finish() {},
      }),
    };
    let challenges = 0;
    await using made = await session(["AUTH X-PATIENT"], (line) => {
      if (line === "*") return "501 cancelled";
      challenges++;
      return "334 eA==";
    });
    await rejects(made.session.auth(endless), {
      name: "SmtpAuthError",
      message: /the server asks without end$/,
    });
    equal(challenges, 11);
    deepEqual(made.lines.slice(1), ["AUTH X-PATIENT", ...Array<string>(10).fill("AQ=="), "*"]);
    equal(made.session.usable, false);
  },
);

Deno.test.each([
  { code: 504, tried: ["SCRAM-SHA-256", "PLAIN"] },
  { code: 534, tried: ["SCRAM-SHA-256", "PLAIN"] },
  { code: 535, tried: ["SCRAM-SHA-256"] },
  { code: 454, tried: ["SCRAM-SHA-256"] },
  { code: 432, tried: ["SCRAM-SHA-256"] },
  { code: 500, tried: ["SCRAM-SHA-256"] },
  { code: 538, tried: ["SCRAM-SHA-256"] },
  { code: 421, tried: ["SCRAM-SHA-256"] },
])(
  "SmtpSession.auth() after $code has tried $tried [S82] [T-A10]",
  PURE,
  async ({ code, tried }) => {
    await using made = await session(
      ["AUTH PLAIN SCRAM-SHA-256"],
      (line) => line.startsWith("AUTH PLAIN") ? "235 ok" : `${code} no`,
    );
    const result = await made.session.auth(ANN);
    deepEqual(result.tried, tried);
    equal(result.reply.code, tried.length === 2 ? 235 : code);
    equal(made.session.authenticated, tried.length === 2 ? "PLAIN" : undefined);
  },
);

Deno.test(
  "SmtpSession.auth() gives the last refusal when no mechanism is left [S82]",
  PURE,
  async () => {
    await using made = await session(["AUTH PLAIN LOGIN"], () => "504 no");
    const { reply, tried } = await made.session.auth(ANN);
    deepEqual([reply.code, tried], [504, ["PLAIN", "LOGIN"]]);
  },
);

Deno.test(
  "SmtpSession.auth() is refused in a transaction and after a login [S84]",
  PURE,
  async () => {
    await using made = await greeted(
      "AUTH PLAIN",
      `C: MAIL FROM:<>
     S: 250 ok
     C: RSET
     S: 250 ok
     C: AUTH PLAIN ${PLAIN}
     S: 235 ok`,
      TLS,
    );
    await made.session.mail(null);
    await rejects(made.session.auth(ANN), {
      name: "SmtpLocalError",
      message: /transaction is open/,
    });
    await made.session.rset();
    // The second one is asked for before the first is answered.
    const both = await Promise.allSettled([made.session.auth(ANN), made.session.auth(ANN)]);
    deepEqual(both.map(({ status }) => status), ["fulfilled", "rejected"]);
    await rejects(made.session.auth(ANN), { name: "SmtpLocalError", message: /is logged in/ });
  },
);

Deno.test("SmtpSession says no EHLO after a login [S73]", PURE, async () => {
  await using made = await greeted(
    "AUTH PLAIN",
    `C: AUTH PLAIN ${PLAIN}\nS: 235 ok\nC: NOOP\nS: 250 ok`,
    TLS,
  );
  await made.session.auth(ANN);
  equal((await made.session.noop()).code, 250);
  deepEqual(made.session.capabilities.auth, ["PLAIN"]);
});

Deno.test.each([{ code: 250 }, { code: 220 }, { code: 221 }, { code: 354 }, { code: 355 }])(
  "SmtpSession.auth() takes no $code for success [T-R16]",
  PURE,
  async ({ code }) => {
    await using made = await greeted(
      "AUTH PLAIN",
      `C: AUTH PLAIN ${PLAIN}\nS: ${code} odd\n<eof>`,
      TLS,
    );
    await rejects(made.session.auth(ANN), { name: "ProtocolError" });
    equal(made.session.authenticated, undefined);
    await made.done;
  },
);

Deno.test("SmtpSession.auth() leaves nothing behind the 235 unheard [T-A14]", PURE, async () => {
  await using made = await greeted(
    "AUTH PLAIN",
    `C: AUTH PLAIN ${PLAIN}\nS: 235 ok\nS: 250-mx.example\nS: 250 SIZE 5\n<eof>`,
    TLS,
  );
  await made.session.auth(ANN);
  await rejects(made.session.mail(null), { name: "ProtocolError", message: /unsolicited data/ });
  deepEqual(made.session.capabilities.lines, ["AUTH PLAIN"]);
  equal(made.heard().includes("MAIL"), false);
});

// RFC 5802: the server's first message, and what it is to prove in the last.
const CHEATS: readonly { readonly name: string; readonly cheat: (honest: string) => string }[] = [
  { name: "235 before it has proved itself", cheat: (text) => /^r=/.test(text) ? "235" : text },
  { name: "a wrong signature", cheat: (text) => text.replace(/^v=.*/, `v=${b64("x".repeat(32))}`) },
  { name: "no signature", cheat: (text) => text.replace(/^v=.*/, "") },
  { name: "an error as last word", cheat: (text) => text.replace(/^v=.*/, "e=other-error") },
  { name: "a nonce of its own", cheat: (text) => text.replace(/^r=[^,]*/, "r=x1234567890123456") },
  {
    name: "our nonce and nothing more",
    cheat: (text) => text.replace(/^(r=[^,]{20,}?)SERVER/, "$1"),
  },
  { name: "one round", cheat: (text) => text.replace(/i=\d+/, "i=1") },
  { name: "endless rounds", cheat: (text) => text.replace(/i=\d+/, "i=2147483647") },
  { name: "a salt that is no base64", cheat: (text) => text.replace(/s=[^,]*/, "s=?") },
  { name: "a mandatory extension", cheat: (text) => text.replace(/^r=/, "m=x,r=") },
  { name: "rubbish", cheat: () => "rubbish" },
];

for (const name of ["SCRAM-SHA-1", "SCRAM-SHA-256"]) {
  Deno.test.each(CHEATS)(
    `SmtpSession.auth() by ${name} refuses $name [T-A05]`,
    PURE,
    async ({ cheat }) => {
      const honest = saslServer(name, { password: () => new Secret("pencil") }, {
        nonce: () => "SERVER",
      });
      await using made = await session([`AUTH ${name} PLAIN`], async (line) => {
        if (line === "*") return "501 cancelled";
        const coded = line.split(" ").at(-1) ?? "";
        const step = await honest?.step(Uint8Array.fromBase64(coded));
        if (step?.kind !== "challenge") return "235 welcome";
        const text = cheat(new TextDecoder().decode(step.bytes));
        return text === "235" ? "235 welcome" : `334 ${b64(text)}`;
      });
      await rejects(made.session.auth(ANN), (error) => {
        ok(error instanceof SmtpAuthError);
        deepEqual(error.tried, [name]);
        return true;
      });
      equal(made.session.authenticated, undefined);
      // The password never follows in another mechanism.
      equal(made.lines.some((line) => line.startsWith("AUTH PLAIN")), false);
    },
  );
}

Deno.test("SmtpSession.auth() is dead when it cannot trust the 235 [T-A05]", PURE, async () => {
  await using made = await session(["AUTH SCRAM-SHA-256"], () => "235 come in");
  await rejects(made.session.auth(scram("SHA-256", ANN)), {
    name: "SmtpAuthError",
    message: /^Cannot trust the login at "mx.example": /,
  });
  equal(made.session.usable, false);
});

Deno.test.each([
  { name: "a line feed at the end", password: "pencil\n" },
  { name: "a carriage return", password: "pen\rcil" },
  { name: "NUL", password: "pen\0cil" },
  { name: "a byte order mark", password: "\ufeffpencil" },
  { name: "nothing", password: "" },
])(
  "SmtpSession.auth() refuses a password with $name unsent [T-A13]",
  PURE,
  async ({ password }) => {
    await using made = await greeted("AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1", "<eof>", TLS);
    await rejects(made.session.auth({ user: "ann", password: new Secret(password) }), {
      name: "TypeError",
      message: /^Cannot use the password: /,
    });
    equal(made.heard(), "EHLO client.example\r\n");
  },
);

Deno.test("SmtpSession hands its connection over for ATRN and TURN", PURE, async () => {
  const auth = `C: AUTH PLAIN ${PLAIN}\nS: 235 ok\n`;
  const rows = [
    {
      says: "ATRN a.example,b.example",
      call: (of: SmtpSession) => of.atrn(["a.example", "b.example"]),
    },
    { says: "TURN", call: (of: SmtpSession) => of.turn({ allowTurn: true }) },
  ];
  for (const { says, call } of rows) {
    await using made = await greeted(
      "AUTH PLAIN, ATRN",
      `${auth}C: ${says}\nS: 453 no mail\nC: ${says}\nS: 250 now reversing\nC: 220 here I am\nS: EHLO mx.example`,
      TLS,
    );
    const { session } = made;
    await session.auth(ANN);
    deepEqual(await call(session).then(({ reply, connection }) => [reply.code, connection]), [
      453,
      undefined,
    ]);
    const { reply, connection } = await call(session);
    equal(reply.code, 250);
    equal(session.usable, false);
    await rejects(session.noop(), { name: "ClosedError", message: /was handed on$/ });
    await connection?.write(new TextEncoder().encode("220 here I am\r\n"));
    const buffer = new Uint8Array(64);
    const count = await connection?.read(buffer) ?? 0;
    equal(new TextDecoder().decode(buffer.subarray(0, count)), "EHLO mx.example\r\n");
    connection?.close();
    await made.done;
  }
});

Deno.test(
  "SmtpSession hands nothing over with octets unread, or on another code",
  PURE,
  async () => {
    for (const answer of ["S: 250 ok\nS: 250 more", "S: 220 hello", "S: 354 go", "S: 251 ok"]) {
      await using made = await greeted(
        "ATRN, AUTH PLAIN",
        `C: AUTH PLAIN ${PLAIN}\nS: 235 ok\nC: ATRN\n${answer}\n<eof>`,
        TLS,
      );
      await made.session.auth(ANN);
      await rejects(made.session.atrn(), { name: "ProtocolError" });
      await made.done;
    }
  },
);

Deno.test("SmtpSession wants a login for ATRN, and no transaction for a turn", PURE, async () => {
  await using made = await greeted("ATRN, AUTH PLAIN", "C: MAIL FROM:<>\nS: 250 ok\n<eof>", TLS);
  await rejects(made.session.atrn(), { name: "SmtpLocalError", message: /not logged in/ });
  await made.session.mail(null);
  await rejects(made.session.turn({ allowTurn: true }), { message: /transaction is open/ });
  await using unoffered = await greeted(
    "AUTH PLAIN",
    `C: AUTH PLAIN ${PLAIN}\nS: 235 ok\n<eof>`,
    TLS,
  );
  await unoffered.session.auth(ANN);
  await rejects(unoffered.session.atrn(), { message: /does not offer it/ });
  await rejects(unoffered.session.atrn(["a b"]), { name: "SyntaxError" });
});

import { deepEqual, doesNotMatch, equal, match, ok, rejects, throws } from "node:assert/strict";
import {
  cramMd5,
  oauthBearer,
  plain,
  type SaslMechanism,
  scram,
  xoauth2,
} from "../../src/sasl/mod.ts";
import {
  checkPop3ConnectOptions,
  type Credentials,
  type Pop3Session,
  Secret,
} from "../../src/pop3/mod.ts";
import { talk } from "./talk.ts";
import { loggedIn, someMessages } from "./test_server.ts";

const none = { permissions: "none" } as const;
const ann = { user: "ann", password: new Secret("pencil") };
const base64 = (text: string): string => new TextEncoder().encode(text).toBase64();

/** A greeting, and a CAPA that offers this. */
const offering = (...lines: readonly string[]): string => `
  S: +OK ready <1896.697170952@dbc.mtview.ca.us>
  C: CAPA
  S: +OK
  ${lines.map((line) => `S: ${line}`).join("\n")}
  S: .
`;

async function withCapa(session: Pop3Session): Promise<Pop3Session> {
  await session.capa();
  return session;
}

Deno.test("login() takes the strongest mechanism of both, else USER and PASS", none, async () => {
  const ways: readonly [string, string, string][] = [
    ["SASL LOGIN PLAIN", "C: AUTH PLAIN AGFubgBwZW5jaWw=\n S: +OK", "PLAIN"],
    ["SASL GSSAPI\n S: USER", "C: USER ann\n S: +OK\n C: PASS pencil\n S: +OK", "USER"],
    ["USER", "C: USER ann\n S: +OK\n C: PASS pencil\n S: +OK", "USER"],
  ];
  for (const [offer, script, way] of ways) {
    await talk(`${offering(offer)}${script}`, async (session) => {
      const { reply, tried } = await (await withCapa(session)).login(ann);
      deepEqual([reply.ok, tried, session.authenticated], [true, [way], way]);
      equal(session.capabilities.known, false); // P38: what held before the login is forgotten
    });
  }
});

Deno.test("login() takes APOP and USER only by name [P12]", none, async () => {
  const password = new Secret("tanstaaf");
  await talk(
    `${offering("SASL PLAIN")}
    C: APOP mrose c4c9334bac560ecc979e58001b3e22fb
    S: +OK
    `,
    async (session) => {
      await withCapa(session);
      const given = { user: "mrose", password, mechanisms: ["apop", "PLAIN"] };
      deepEqual((await session.login(given)).tried, ["APOP"]);
    },
  );
  await talk(
    `${offering("SASL PLAIN")}
    C: USER ann
    S: +OK
    C: PASS pencil
    S: +OK
    `,
    async (session) => {
      await (await withCapa(session)).login({ ...ann, mechanisms: ["USER"] });
    },
  );
  // Nothing else to log in with, and still no APOP.
  await talk(`${offering("TOP")}<eof>`, async (session) => {
    await rejects((await withCapa(session)).login(ann), { name: "Pop3AuthError", tried: [] });
  });
});

Deno.test.each([
  { name: "no stamp", greeting: "+OK ready" },
  { name: "a stamp that is no message identifier", greeting: "+OK ready <no-id>" },
  { name: "two stamps", greeting: "+OK <1@a.example> <2@a.example>" },
  { name: "octets above 127 in it", greeting: "+OK ready <\xff@a.example>" },
  { name: "8,000 brackets", greeting: `+OK ${"<".repeat(8_000)}` },
])("APOP is not offered with $name [P12] [T-A07]", none, async ({ greeting }) => {
  await talk(`S| ${greeting}\\r\\n\n <eof>`, async (session) => {
    await rejects(session.login({ ...ann, mechanisms: ["APOP"] }), {
      name: "Pop3AuthError",
      message: 'Cannot log in to "localhost": APOP is not offered',
    });
    await rejects(session.apop(ann), { name: "Pop3LocalError" });
  });
});

Deno.test(
  "no password, and no digest of one, goes over a connection in clear [P12] [T-A02] [T-A07]",
  none,
  async () => {
    const { server } = await talk(
      `${offering("USER", "SASL PLAIN LOGIN")}<eof>`,
      async (session) => {
        await withCapa(session);
        const local = { name: "Pop3LocalError", message: /the connection is in clear/ };
        await rejects(session.user("ann"), local);
        await rejects(session.pass(ann.password), local);
        await rejects(session.apop(ann), local);
        for (const mechanisms of [["APOP"], ["USER"], ["PLAIN"], undefined]) {
          await rejects(session.login({ ...ann, ...(mechanisms && { mechanisms }) }), {
            name: "Pop3AuthError",
            message: /on a connection in clear/,
          });
        }
      },
      { allowCleartextAuth: false },
    );
    equal(server.heard(), "CAPA\r\n");
  },
);

Deno.test("minMechanism forbids USER and APOP with all that is weaker [T-A01]", none, async () => {
  await talk(`${offering("USER", "SASL LOGIN")}<eof>`, async (session) => {
    await withCapa(session);
    const options = { minMechanism: "PLAIN" };
    await rejects(session.login(ann, options), {
      message: /LOGIN is weaker than PLAIN, USER is weaker/,
    });
    await rejects(
      session.login({ ...ann, mechanisms: ["APOP"] }, options),
      /APOP is weaker than PLAIN/,
    );
  });
});

Deno.test("USER and PASS are one round trip each, and PASS waits for USER [P9]", none, async () => {
  const { server } = await talk(
    `${offering("USER")}
    C: USER ann
    S: -ERR no such user
    <eof>
    `,
    async (session) => {
      const { reply } = await (await withCapa(session)).login(ann);
      equal(`${reply}`, "-ERR no such user");
      equal(session.authenticated, undefined);
    },
  );
  doesNotMatch(server.heard(), /PASS/);
});

Deno.test("nothing that waits for a login runs after a wrong password [P9]", none, async () => {
  const { server } = await talk(
    `
    S: +OK ready
    C: USER ann
    S: +OK
    C: PASS pencil
    S: -ERR [AUTH] wrong
    <eof>
    `,
    async (session) => {
      await session.user("ann");
      const waiting = [session.pass(ann.password), session.stat(), session.uidl()];
      const [pass, ...rest] = await Promise.allSettled(waiting);
      equal(pass?.status, "fulfilled");
      deepEqual(rest.map(({ status }) => status), ["rejected", "rejected"]);
    },
  );
  doesNotMatch(server.heard(), /STAT|UIDL/);
});

Deno.test("PASS is sent with its blanks as it is [P8]", none, async () => {
  await talk(
    `
    S: +OK ready
    C: USER ann b
    S: +OK
    C: PASS  two  words
    S: +OK
    `,
    async (session) => {
      await session.user("ann b");
      equal((await session.pass(new Secret(" two  words"))).ok, true);
    },
  );
});

Deno.test("a refused credential is not tried in another way", none, async () => {
  const { server } = await talk(
    `${offering("USER", "SASL PLAIN LOGIN")}
    C: AUTH PLAIN AGFubgBwZW5jaWw=
    S: -ERR wrong
    <eof>
    `,
    async (session) => {
      deepEqual((await (await withCapa(session)).login(ann)).tried, ["PLAIN"]);
    },
  );
  doesNotMatch(server.heard(), /LOGIN|USER/);
});

Deno.test(
  "a mechanism that the server does not know after all gives way to the next",
  none,
  async () => {
    await talk(
      `${offering("USER", "SASL CRAM-MD5 LOGIN")}
    C: AUTH CRAM-MD5
    S: -ERR unknown mechanism
    C: AUTH LOGIN
    S: -ERR unknown mechanism
    C: USER ann
    S: +OK
    C: PASS pencil
    S: +OK
    `,
      async (session) => {
        deepEqual((await (await withCapa(session)).login(ann)).tried, [
          "CRAM-MD5",
          "LOGIN",
          "USER",
        ]);
      },
    );
  },
);

Deno.test("a mechanism refused with a response code is the last [T-A10]", none, async () => {
  await talk(
    `${offering("USER", "SASL CRAM-MD5")}
    C: AUTH CRAM-MD5
    S: -ERR [SYS/TEMP] not now
    <eof>
    `,
    async (session) => {
      const { reply, tried } = await (await withCapa(session)).login(ann);
      deepEqual([tried, reply.temporary], [["CRAM-MD5"], true]);
    },
  );
});

Deno.test.each([
  { line: "-ERR [AUTH] wrong", temporary: false },
  { line: "-ERR [SYS/PERM] disabled", temporary: false },
  { line: "-ERR [SYS/TEMP] backend down", temporary: true },
  { line: "-ERR [IN-USE] locked", temporary: true },
  { line: "-ERR [LOGIN-DELAY] wait", temporary: true },
  { line: "-ERR wrong", temporary: false },
])(
  "connectPop3() says whether the login may work later: $line [P29] [T-A10] [T-P20]",
  none,
  async ({ line, temporary }) => {
    const script = `${offering("USER")}
    C: USER ann
    S: +OK
    C: PASS pencil
    S: ${line}
    <eof>
  `;
    await rejects(talk(script, () => Promise.resolve(), { until: "ready", auth: ann }), {
      name: "Pop3AuthError",
      temporary,
      tried: ["USER"],
    });
  },
);

Deno.test(
  "AUTH answers challenges, and splits off what does not fit the line [P8]",
  none,
  async () => {
    const long = new Secret("x".repeat(300));
    const response = base64(`\0ann\0${"x".repeat(300)}`);
    await talk(
      `${offering("SASL PLAIN")}
    C: AUTH PLAIN
    S: +
    C: ${response}
    S: +OK
    `,
      async (session) => {
        const { reply } = await (await withCapa(session)).auth({ user: "ann", password: long });
        equal(reply.ok, true);
      },
    );
  },
);

Deno.test.each([
  { name: "a bare plus", prompt: "+" },
  { name: "a plus and a blank", prompt: "+ " },
  { name: "+OK", prompt: "+OK" },
  { name: "+OK with text", prompt: "+OK send it" },
  { name: "text that is no base64", prompt: "+ go ahead" },
])("AUTH LOGIN takes $name for a prompt [Q13] [T-A03]", none, async ({ prompt }) => {
  await talk(
    `${offering("SASL LOGIN")}
    C: AUTH LOGIN
    S: ${prompt}
    C: ${base64("ann")}
    S: ${prompt}
    C: ${base64("pencil")}
    S: +OK welcome
    `,
    async (session) => {
      equal((await (await withCapa(session)).auth(ann)).reply.text, "welcome");
    },
  );
});

Deno.test(
  "AUTH CRAM-MD5 reads a challenge behind +OK, and cancels one that is none [Q13] [T-A06]",
  none,
  async () => {
    const stamp = base64("<1896.697170952@postoffice.reston.mci.net>");
    const given = cramMd5({ user: "tim", password: new Secret("tanstaaftanstaaf") });
    await talk(
      `${offering("SASL CRAM-MD5")}
    C: AUTH CRAM-MD5
    S: +OK ${stamp}
    C: ${base64("tim b913a602c7eda7a495b4e6e7334d3890")}
    S: +OK
    `,
      async (session) => {
        equal((await (await withCapa(session)).auth(given)).reply.ok, true);
      },
    );
    await talk(
      `${offering("SASL CRAM-MD5 PLAIN", "USER")}
    C: AUTH CRAM-MD5
    S: + ${base64("Rubbish")}
    C: *
    S: -ERR cancelled
    C: NOOP
    S: +OK
    `,
      async (session) => {
        await rejects((await withCapa(session)).login(ann), {
          name: "Pop3AuthError",
          tried: ["CRAM-MD5"],
          message: /by CRAM-MD5: .*the challenge is no message identifier/,
        });
        equal((await session.noop()).ok, true);
      },
    );
  },
);

Deno.test("AUTH without end is cancelled after ten challenges [T-A04]", none, async () => {
  const mechanism: SaslMechanism = {
    name: "ENDLESS",
    exposesSecret: false,
    start: () => ({
      initial: () => Promise.resolve(undefined),
      answer: () => Promise.resolve({ bytes: new Uint8Array([1]), shown: "${hidden}" }),
      finish() {},
    }),
  };
  await talk(
    `${offering("SASL ENDLESS")}
    C: AUTH ENDLESS
    ${"S: + AA==\n C: AQ==\n".repeat(10)}
    S: + AA==
    C: *
    S: -ERR enough
    `,
    async (session) => {
      await rejects((await withCapa(session)).auth(mechanism), /the server asks without end/);
    },
  );
});

Deno.test(
  "a server that goes on after the cancel, or says +OK, ends the session",
  none,
  async () => {
    for (const answer of ["+ AA==", "+OK welcome"]) {
      await talk(
        `${offering("SASL CRAM-MD5")}
      C: AUTH CRAM-MD5
      S: + ${base64("Rubbish")}
      C: *
      S: ${answer}
      <eof>
      `,
        async (session) => {
          await rejects((await withCapa(session)).auth(cramMd5(ann)), { name: "Pop3AuthError" });
          equal(session.usable, false);
        },
      );
    }
  },
);

Deno.test("a SCRAM server that does not prove itself is not trusted [T-A05]", none, async () => {
  await talk(
    `${offering("SASL SCRAM-SHA-256")}
    C~ AUTH SCRAM-SHA-256
    S: +OK welcome
    <eof>
    `,
    async (session) => {
      await rejects((await withCapa(session)).auth(scram("SHA-256", ann)), {
        name: "Pop3AuthError",
        message: /^Cannot trust the login/,
      });
      equal(session.usable, false);
      equal(session.authenticated, undefined);
    },
  );
});

Deno.test("the error document of an OAuth mechanism reaches the caller [T-A11]", none, async () => {
  for (
    const mechanism of [
      xoauth2({ user: "ann", token: new Secret("t0ken") }),
      oauthBearer({ user: "ann", token: new Secret("t0ken") }),
    ]
  ) {
    await talk(
      `${offering(`SASL ${mechanism.name}`)}
      C~ AUTH ${mechanism.name}
      S: + ${base64('{"status":"401"}')}
      C: *
      S: -ERR [AUTH] invalid
      `.replace("C: *\n", "C~ \n"),
      async (session) => {
        const { reply, failure } = await (await withCapa(session)).auth(mechanism);
        deepEqual([reply.ok, reply.code], [false, "AUTH"]);
        match(failure ?? "", /401/);
      },
    );
  }
});

Deno.test("a mechanism chosen by name is tried where CAPA is refused", none, async () => {
  await talk(
    `
    S: +OK ready
    C: CAPA
    S: -ERR unknown
    C: AUTH PLAIN AGFubgBwZW5jaWw=
    S: +OK
    `,
    async (session) => {
      await session.capa();
      equal((await session.auth(plain(ann))).reply.ok, true);
    },
  );
  await talk("S: +OK ready\n C: CAPA\n S: -ERR unknown\n <eof>", async (session) => {
    await session.capa();
    await rejects(session.auth(ann), { name: "Pop3AuthError" });
  });
});

Deno.test(
  "no secret is in a transcript, whatever its form and the server's answer [P39] [T-A08] [T-A09]",
  none,
  async () => {
    const seen: string[] = [];
    const secret = "hunter2 is here";
    const given = { user: "ann", password: new Secret(secret) };
    const echo = `-ERR bad password '${secret}' ${base64(secret)}`;
    const runs: readonly [string, (session: Pop3Session) => Promise<unknown>][] = [
      [
        `C: USER ann\n S: +OK\n C: PASS ${secret}\n S: ${echo}`,
        async (s) => (await s.user("ann"), await s.pass(given.password)),
      ],
      [`C~ APOP\n S: ${echo}`, (s) => s.apop(given)],
      [`C~ AUTH PLAIN\n S: ${echo}`, (s) => s.auth(plain(given))],
      [
        `C: AUTH LOGIN\n S: +\n C~ \n S: +\n C~ \n S: ${echo}`,
        (s) => s.auth({ ...given, mechanisms: ["LOGIN"] }),
      ],
      [
        `C: AUTH CRAM-MD5\n S: + ${base64("<1@a.example>")}\n C~ \n S: ${echo}`,
        (s) => s.auth(cramMd5(given)),
      ],
    ];
    for (const [script, work] of runs) {
      await talk(`${offering("SASL PLAIN LOGIN CRAM-MD5")}${script}`, async (session) => {
        await withCapa(session);
        const answer = await work(session);
        ok(answer);
        seen.push(JSON.stringify(answer), `${session.lastReply}`);
      }, {
        onEvent: (event) => seen.push(JSON.stringify(event)),
      });
    }
    const text = seen.join("\n");
    doesNotMatch(text, /hunter2|aHVudGVyMi|ann/);
    for (
      const shown of [
        "USER ${user}",
        "PASS ${pass}",
        "APOP ${user} ${apop stamp pass}",
        "AUTH PLAIN ${plain user pass}",
        "${b64 user}",
        "${b64 pass}",
        "${cram challenge user pass}",
      ]
    ) {
      ok(text.includes(shown), shown);
    }
  },
);

Deno.test.each(["1", "2", "OK", "ERR", "+OK", "uid-2", "first"])(
  "a password that is %o is not taken out of what is read, only of what is shown [P39] [T-A08]",
  none,
  async (secret) => {
    const shown: string[] = [];
    const { session } = await loggedIn({ messages: someMessages(12) }, {
      auth: { user: "ann", password: new Secret(secret) },
      onEvent: ({ end, kind, text }) => end === "S" && kind === "line" && shown.push(text),
    });
    await using _session = session;
    const { messages, contradictions } = await session.snapshot();
    deepEqual(messages.map(({ no, uid }) => `${no} ${uid}`).slice(0, 2), ["1 uid-1", "2 uid-2"]);
    deepEqual(contradictions, []);
    const uid = await session.uidl(session.number(1));
    equal(uid.ok && uid.value.uid, "uid-1");
    equal((await session.dele(session.number(1))).ok, true);
    equal((await session.commit()).kind, "committed");
    // The status of a line is no secret, whatever the password is.
    const rest = shown.slice(1).map((line) => line.replace(/^[+-]\S+ ?/, "")).join("\n");
    equal(rest.includes(secret), false);
  },
);

Deno.test("a challenge that looks like the password is read all the same", none, async () => {
  const challenge = "<1896.697170952@postoffice.reston.mci.net>";
  const password = new Secret(base64(challenge).slice(4, 12));
  await talk(
    `${offering("SASL CRAM-MD5")}
    C: AUTH CRAM-MD5
    S: + ${base64(challenge)}
    C~ 
    S: +OK
    `,
    async (session) => {
      const given = cramMd5({ user: "ann", password });
      equal((await (await withCapa(session)).auth(given)).reply.ok, true);
    },
  );
});

Deno.test(
  "a nonsensical first challenge gives way to the next mechanism, in TLS only [T-A06]",
  none,
  async () => {
    const nonsense = `C: AUTH CRAM-MD5\n S: + ${base64("Rubbish")}\n C: *\n S: -ERR cancelled\n`;
    await talk(
      `S: +OK ready
    C: STLS
    S: +OK
    <tls>
    C: CAPA
    S: +OK
    S: SASL CRAM-MD5 PLAIN
    S: .
    ${nonsense}
    C: AUTH PLAIN AGFubgBwZW5jaWw=
    S: +OK
    `,
      async (session) => {
        await session.stls();
        deepEqual((await (await withCapa(session)).login(ann)).tried, ["CRAM-MD5", "PLAIN"]);
      },
    );
    await talk(`${offering("SASL CRAM-MD5 PLAIN")}${nonsense}<eof>`, async (session) => {
      await rejects((await withCapa(session)).login(ann), {
        name: "Pop3AuthError",
        tried: ["CRAM-MD5"],
      });
    });
  },
);

Deno.test(
  "credentials that cannot be sent, and mechanisms nobody knows, are refused before [T-A13]",
  none,
  () => {
    const url = "pop3s://mail.example";
    const check = (auth: Credentials, minMechanism?: string): void =>
      checkPop3ConnectOptions({ url, auth, minMechanism });
    check({ ...ann, mechanisms: ["apop", "USER", "plain"] });
    check({ ...ann, mechanisms: ["APOP"] }, "SCRAM-SHA-256");
    throws(() => check({ ...ann, password: new Secret("a\0b") }), SyntaxError);
    throws(() => check({ ...ann, password: new Secret("\ufeffb") }), TypeError);
    throws(() => check({ ...ann, password: new Secret("") }), TypeError);
    throws(() => check({ ...ann, user: "" }), SyntaxError);
    throws(() => check({ ...ann, mechanisms: ["KERBEROS"] }), RangeError);
    throws(() => check({ ...ann, mechanisms: [] }), RangeError);
    throws(() => check(ann, "WEAK"), RangeError);
  },
);

Deno.test("login() takes a mechanism as it is, and cancels what is no base64", none, async () => {
  for (const challenge of ["%%%", "PDE+ IDI=", "PDE"]) {
    await talk(
      `${offering("SASL CRAM-MD5", "USER")}
      C: AUTH CRAM-MD5
      S: + ${challenge}
      C: *
      S: -ERR cancelled
      `,
      async (session) => {
        await rejects((await withCapa(session)).login(cramMd5(ann)), /the challenge is no base64/);
        equal(session.host, "localhost");
      },
    );
  }
});

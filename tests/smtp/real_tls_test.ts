import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import {
  type ConnectOptions,
  connectSmtp,
  ProtocolError,
  SASL_MECHANISMS,
  Secret,
  SmtpLocalError,
  TimeoutError,
  TlsError,
  type TranscriptEvent,
} from "@mailwright/mailwright";
import {
  type Sandbox,
  type SandboxFault,
  type SandboxOptions,
  startSandbox,
} from "@mailwright/mailwright/sandbox";
import { FakeClock, settle } from "../fake_clock.ts";

const NET: Omit<Deno.TestDefinition, "fn" | "name"> = { timeout: 20_000 };
const ANN = { user: "ann", password: new Secret("pencil") };
const ENVELOPE = { from: "ann@mail.example", to: ["bob@mail.example"], policy: "any" } as const;
const MESSAGE = "Subject: x\r\n\r\nHello\r\n";

function certificate(name: string): string {
  return Deno.readTextFileSync(`tests/fixtures/certificates/${name}.pem`);
}

/** A sandbox with a certificate of the fixtures. */
function withCertificate(name: string, options: SandboxOptions = {}): Promise<Sandbox> {
  const identity = { cert: certificate(name), key: certificate(`${name}.key`) };
  return startSandbox({ users: { ann: "pencil" }, identity, ...options });
}

/** The verbs that the server has seen; what came inside a broken handshake does not count. */
function verbs({ ledger }: Sandbox): string[] {
  return ledger.texts("command").map((line) => line.split(" ")[0] ?? "");
}

/** Connects, logs in and sends. */
async function use(options: ConnectOptions): Promise<boolean> {
  await using session = await connectSmtp({ name: "client.example", auth: ANN, ...options });
  return (await session.send(ENVELOPE, MESSAGE)).tls;
}

for (const url of ["smtpUrl", "smtpsUrl"] as const) {
  Deno.test(
    `connectSmtp() to the ${url} of a sandbox logs in and sends inside TLS [D4] [D13]`,
    NET,
    async () => {
      await using box = await withCertificate("good");
      const events: TranscriptEvent[] = [];
      const caCerts = [certificate("ca")];
      equal(
        await use({ url: box[url], caCerts, onEvent: (event) => void events.push(event) }),
        true,
      );
      equal(box.mailbox("bob@mail.example").length, 1);
      const said = events.filter(({ kind, end }) => kind === "line" && end === "C");
      const upgraded = said.findIndex(({ text }) => text === "STARTTLS");
      equal(upgraded, url === "smtpUrl" ? 1 : -1);
      ok(said.slice(upgraded + 1).every(({ tls }) => tls));
    },
  );
}

for (const name of SASL_MECHANISMS.filter((name) => /^(?:SCRAM|CRAM|PLAIN|LOGIN)/.test(name))) {
  Deno.test(`connectSmtp() logs in to a sandbox by ${name}`, NET, async () => {
    await using box = await withCertificate("good");
    const auth = { ...ANN, mechanisms: [name] };
    await using session = await connectSmtp({
      url: box.smtpUrl,
      caCerts: [certificate("ca")],
      auth,
    });
    equal(session.authenticated, name);
  });
}

Deno.test.each([
  { name: "good", trusted: false, failure: "unknown-issuer" },
  { name: "self_signed", trusted: true, failure: "unknown-issuer" },
  { name: "expired", trusted: true, failure: "expired" },
  { name: "not_yet_valid", trusted: true, failure: "not-yet-valid" },
  { name: "wrong_name", trusted: true, failure: "wrong-name" },
  { name: "common_name_only", trusted: true, failure: "wrong-name" },
  { name: "name_only", trusted: true, failure: "wrong-name" }, // for a host that is an address
])(
  "connectSmtp() sends no secret and no mail to the certificate $name, trusted: $trusted [S65] [T-S13] [T-S15]",
  NET,
  async ({ name, trusted, failure }) => {
    await using box = await withCertificate(name);
    const caCerts = trusted ? [certificate("ca")] : [];
    for (const url of [box.smtpUrl, box.smtpsUrl]) {
      for (
        const tls of url === box.smtpUrl ? ["required", "opportunistic"] as const : [undefined]
      ) {
        await rejects(use({ url, caCerts, ...(tls === undefined ? {} : { tls }) }), (error) => {
          ok(error instanceof TlsError);
          deepEqual([error.failure, error.temporary], [failure, false]);
          return true;
        });
      }
    }
    deepEqual([...new Set(verbs(box))], ["EHLO", "STARTTLS"]);
    equal(box.mails.length, 0);
  },
);

Deno.test("connectSmtp() checks the name that the user gave [T-S16]", NET, async () => {
  const caCerts = [certificate("ca")];
  {
    await using box = await withCertificate("address_only");
    for (const url of [box.smtpUrl, box.smtpsUrl]) equal(await use({ url, caCerts }), true);
    await rejects(use({ url: box.smtpUrl, caCerts, tlsName: "localhost" }), {
      failure: "wrong-name",
    });
  }
  await using box = await withCertificate("name_only");
  for (const url of [box.smtpUrl, box.smtpsUrl]) {
    for (const tlsName of ["localhost", "LOCALHOST.", "bücher.example", "xn--bcher-kva.example."]) {
      equal(await use({ url, caCerts, tlsName }), true, tlsName);
    }
    await rejects(use({ url, caCerts, tlsName: "other.example" }), { failure: "wrong-name" });
  }
});

/** Runs against a sandbox on which STARTTLS goes wrong. */
async function upgrading(
  fault: Partial<SandboxFault>,
  options: Partial<ConnectOptions> = {},
): Promise<{ error: unknown; verbs: string[] }> {
  await using box = await withCertificate("good", {
    faults: [{ verb: "STARTTLS", ...fault } as SandboxFault],
  });
  const connecting = use({ url: box.smtpUrl, caCerts: [certificate("ca")], ...options });
  const error = await connecting.then(() => undefined, (error) => error);
  return { error, verbs: verbs(box) };
}

Deno.test(
  "connectSmtp() takes nothing behind the 220 into TLS [S60] [T-S03] [T-S04]",
  NET,
  async () => {
    for (const extra of ["250-x\r\n250 AUTH PLAIN\r\n", "250-MARK"]) {
      const { error, verbs } = await upgrading({ extra });
      ok(error instanceof ProtocolError || error instanceof TlsError);
      deepEqual(verbs, ["EHLO", "STARTTLS"]);
    }
  },
);

Deno.test(
  "connectSmtp() knows a server that speaks no TLS behind its 220 [T-S08]",
  NET,
  async () => {
    const { error, verbs } = await upgrading({ reply: "220 go", effect: false });
    ok(error instanceof TlsError);
    deepEqual([error.failure, error.lastReply, error.stage], ["not-tls", "220 go", "tls"]);
    match(error.message, /is not speaking TLS here/);
    deepEqual(verbs.slice(0, 2), ["EHLO", "STARTTLS"]);
    equal(verbs.includes("AUTH"), false);
  },
);

Deno.test("connectSmtp() knows a handshake that is cut short [S67] [T-S10]", NET, async () => {
  for (const then of ["close", "drop"] as const) {
    for (const tls of ["required", "opportunistic"] as const) {
      const { error, verbs } = await upgrading({ reply: "220 go", effect: false, then }, { tls });
      ok(error instanceof TlsError);
      deepEqual([error.failure, error.temporary, error.lastReply], ["closed", true, "220 go"]);
      deepEqual(verbs, ["EHLO", "STARTTLS"]); // never again in the clear
    }
  }
});

Deno.test(
  "connectSmtp() does not wait for a real handshake for ever [T-S09] [T-X05]",
  NET,
  async () => {
    const clock = new FakeClock();
    const events: TranscriptEvent[] = [];
    const replied = Promise.withResolvers<void>();
    const onEvent = (event: TranscriptEvent): void => {
      events.push(event);
      if (event.text === "220 go") replied.resolve();
    };
    const upgraded = upgrading({ reply: "220 go", effect: false, then: "stall" }, {
      clock,
      onEvent,
    });
    await replied.promise;
    await clock.advance(30_000);
    const { error, verbs } = await upgraded;
    ok(error instanceof TimeoutError);
    deepEqual([error.timer, error.limitMs, error.stage], ["TLS handshake", 30_000, "tls"]);
    deepEqual(verbs, ["EHLO", "STARTTLS"]);
  },
);

Deno.test(
  "connectSmtp() names the mode when TLS meets a plain port [T-S20] [D16]",
  NET,
  async () => {
    await using box = await withCertificate("good");
    await rejects(
      use({ url: `smtps://127.0.0.1:${box.ports.smtp}`, caCerts: [certificate("ca")] }),
      (error) => {
        ok(error instanceof TlsError);
        equal(error.failure, "not-tls");
        match(error.message, /implicit TLS is usual on 465, STARTTLS on 25 and 587/);
        return true;
      },
    );
  },
);

Deno.test(
  "connectSmtp() names the mode when plain text meets a TLS port [T-S20] [D16]",
  NET,
  async () => {
    await using box = await withCertificate("good");
    const clock = new FakeClock();
    const opened = Promise.withResolvers<void>();
    const refused = rejects(
      use({
        url: `smtp://127.0.0.1:${box.ports.smtps}`,
        clock,
        onEvent: ({ kind }) => kind === "open" && opened.resolve(),
      }),
      (error) => {
        ok(error instanceof TimeoutError);
        match(error.message, /does this port expect implicit TLS, as 465 does\? Use smtps:/);
        return true;
      },
    );
    await opened.promise;
    await settle();
    await clock.advance(300_000);
    await refused;
    equal(verbs(box).length, 0);
  },
);

Deno.test(
  "connectSmtp() gives a login only to a server with TLS of its own [S62] [T-S01]",
  NET,
  async () => {
    const clear = ["PIPELINING", "AUTH PLAIN LOGIN"];
    await using box = await withCertificate("good", { capabilities: { clear } });
    await rejects(use({ url: box.smtpUrl, allowCleartextAuth: true }), { failure: "not-offered" });
    await rejects(use({ url: box.smtpUrl, tls: "opportunistic", allowCleartextAuth: true }), {
      failure: "not-offered",
    });
    deepEqual([...new Set(verbs(box))], ["EHLO", "QUIT"]);
    // Opportunistic TLS without a login says that it was none.
    equal(await use({ url: box.smtpUrl, tls: "opportunistic", auth: undefined }), false);
  },
);

Deno.test("SmtpSession.send() keeps REQUIRETLS to verified TLS [S58]", NET, async () => {
  const offer = ["REQUIRETLS", "SIZE 1000"];
  await using box = await withCertificate("good", {
    capabilities: { clear: [...offer, "STARTTLS"], tls: offer, authenticated: offer },
  });
  const envelope = { ...ENVELOPE, parameters: { requireTls: true } };
  {
    await using secured = await connectSmtp({ url: box.smtpUrl, caCerts: [certificate("ca")] });
    equal((await secured.send(envelope, MESSAGE)).outcome, "accepted");
  }
  await using clear = await connectSmtp({ url: box.smtpUrl, tls: "none" });
  await rejects(clear.send(envelope, MESSAGE), (error) => {
    ok(error instanceof SmtpLocalError);
    equal(error.enhanced, "5.7.30");
    return true;
  });
  equal(box.mails.length, 1);
});

Deno.test(
  "SmtpSession takes TLS that ends without a farewell for a loss, but not after QUIT [T-S19] [D5]",
  NET,
  async () => {
    await using box = await withCertificate("good");
    const caCerts = [certificate("ca")];
    box.misbehave({ verb: "NOOP", reply: "250-half", silent: false, then: "drop" });
    const cut = await connectSmtp({ url: box.smtpsUrl, caCerts });
    await rejects(cut.noop(), { name: "ClosedError" });
    await cut[Symbol.asyncDispose]();
    box.misbehave({ verb: "QUIT", reply: "221 bye", then: "drop" });
    const left = await connectSmtp({ url: box.smtpsUrl, caCerts });
    equal((await left.quit())?.code, 221);
  },
);

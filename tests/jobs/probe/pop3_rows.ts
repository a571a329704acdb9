/**
 * Servers of POP3 that raise a finding, and servers beside them that do not.
 *
 * @module
 */

import { probe, type ProbeOptions } from "../../../src/jobs/mod.ts";
import { type SandboxOptions, startSandbox } from "../../../src/sandbox/mod.ts";
import { pop3CapabilityLists } from "../../../src/server/mod.ts";
import { Secret } from "../../../src/smtp/mod.ts";
import { memoryPair } from "../../../src/wire/mod.ts";
import {
  described,
  POP3_CLEAR_LOGIN,
  POP3_FAREWELL,
  POP3_GREETING,
  POP3_INTO_TLS,
  POP3_OFFER,
  probeInTime,
  probeScript,
  type Row,
  type Scenario,
} from "./peers.ts";

const LOGIN = { user: "ann", password: new Secret("pencil") };
const TARGET = "pop3://mail.example";
const MAILS = ["Subject: a\r\n\r\nOne\r\n", "Subject: b\r\n\r\nTwo\r\n"];

const script = (text: string, options: ProbeOptions = {}): Scenario => () =>
  probeScript(text, options, TARGET);
const SECURED = POP3_GREETING + POP3_OFFER + POP3_INTO_TLS;
const well = script(SECURED + POP3_FAREWELL);
const CLEARTEXT: ProbeOptions = { tls: "none", login: { ...LOGIN, allowCleartext: true } };
/** What is said to somebody who has logged in in the clear. */
const inside = (talk: string, options: ProbeOptions = {}): Scenario =>
  script(`${POP3_CLEAR_LOGIN}\n${talk}` + POP3_FAREWELL, { ...CLEARTEXT, ...options });
const listed = (stat: string, list: string, uidl: string): Scenario =>
  inside(`
  C: STAT
  S: ${stat}
  C: LIST
  ${list}
  C: UIDL
  ${uidl}`);
const GOOD_LIST = "S: +OK\n  S: 1 10\n  S: 2 20\n  S: .";
const GOOD_UIDL = "S: +OK\n  S: 1 aa\n  S: 2 bb\n  S: .";
const good = listed("+OK 2 30", GOOD_LIST, GOOD_UIDL);
const refusedWith = (status: string): Scenario =>
  script(
    `${POP3_GREETING}
  S: +OK
  S: USER
  S: .
  C: USER ann
  S: +OK
  C~ PASS
  S: ${status}${POP3_FAREWELL}`,
    CLEARTEXT,
  );

/** The sandbox with a maildrop of two messages. */
const boxed = (
  options: SandboxOptions,
  probed: ProbeOptions = {},
  before: (url: string) => Promise<AsyncDisposable | undefined> = () => Promise.resolve(undefined),
): Scenario =>
async () => {
  await using box = await startSandbox({
    users: { ann: "pencil" },
    recipients: ["ann@b.example"],
    ...options,
  });
  box.fill("ann@b.example", MAILS);
  await using _other = await before(box.pop3Url);
  return described(await probe(box.pop3Url, { caCerts: box.caCerts, login: LOGIN, ...probed }));
};
const offering = (options: Parameters<typeof pop3CapabilityLists>[0]): SandboxOptions => ({
  pop3: {
    capabilities: pop3CapabilityLists({ startTls: true, mechanisms: ["PLAIN"], ...options }),
  },
});
const silent = (greeting?: string): Scenario => () =>
  probeInTime(
    () => {
      const [ours, theirs] = memoryPair();
      if (greeting !== undefined) theirs.write(new TextEncoder().encode(greeting));
      return ours;
    },
    (clock) => clock.advance(60_000),
    {},
    TARGET,
  );

/** The rows of POP3. */
export const POP3_ROWS: readonly Row[] = [
  {
    id: "banner.refused",
    as: "critical banner.refused at banner",
    raised: script(`S: -ERR [SYS/TEMP] Too busy\n${POP3_FAREWELL}`),
    not: well,
  },
  {
    id: "banner.timeout",
    as: "critical banner.timeout at banner",
    raised: silent(),
    not: silent("+OK\r\n"),
  },
  {
    id: "banner.other-protocol",
    as: "critical banner.other-protocol at banner",
    raised: script("S: 220 mail.example ESMTP"),
    not: script("S: Hello"),
  },
  {
    id: "reply.malformed",
    as: "warning reply.malformed at banner",
    raised: script("S: Hello"),
    not: script("S: * OK IMAP4rev1 ready"),
  },
  {
    id: "server.early-talk",
    as: "warning server.early-talk at banner",
    raised: script("S: +OK ready\nS: +OK And welcome"),
    not: well,
  },
  {
    id: "session.timeout",
    as: "critical session.timeout at capa",
    raised: silent("+OK\r\n"),
    not: well,
  },
  {
    id: "session.closed",
    as: "critical session.closed at capa",
    raised: script(`${POP3_GREETING}\n<close>`),
    not: well,
  },
  {
    id: "tls.not-offered",
    as: "critical tls.not-offered at capa",
    raised: script(`${POP3_GREETING}\nS: +OK\nS: TOP\nS: UIDL\nS: .${POP3_FAREWELL}`),
    not: well,
  },
  {
    id: "tls.not-offered",
    as: "critical tls.not-offered at capa",
    raised: script(
      `${POP3_GREETING}\nS: -ERR What?\nC: STLS\nS: -ERR What?${POP3_FAREWELL}`,
    ),
    not: script(
      `${POP3_GREETING}\nS: -ERR What?${POP3_INTO_TLS}${POP3_FAREWELL}`,
    ),
  },
  {
    id: "tls.stripped",
    as: "critical tls.stripped at capa",
    raised: script(`${POP3_GREETING}\nS: +OK\nS: UIDL\nS: XXXX\nS: .${POP3_FAREWELL}`),
    not: script(`${POP3_GREETING}\nS: +OK\nS: UIDL\nS: .${POP3_FAREWELL}`),
  },
  {
    id: "tls.refused",
    as: "critical tls.refused at stls",
    raised: script(`${POP3_GREETING}${POP3_OFFER}\nC: STLS\nS: -ERR Not now${POP3_FAREWELL}`),
    not: well,
  },
  {
    id: "tls.injection",
    as: "critical tls.injection at stls",
    raised: script(`${POP3_GREETING}${POP3_OFFER}\nC: STLS\nS: +OK Go\nS: +OK I am nobody`),
    not: well,
  },
  {
    id: "tls.capabilities-unchanged",
    as: "info tls.capabilities-unchanged at capa2",
    raised: script(
      SECURED.replace("S: SASL PLAIN", "S: SASL PLAIN\n  S: STLS") + POP3_FAREWELL,
    ),
    not: well,
  },
  {
    id: "auth.cleartext",
    as: "info auth.cleartext at capa",
    raised: script(`${POP3_GREETING}\nS: +OK\nS: UIDL\nS: USER\nS: .${POP3_FAREWELL}`),
    not: well,
  },
  {
    id: "auth.none-usable",
    as: "critical auth.none-usable at auth",
    raised: script(`${POP3_GREETING}\nS: +OK\nS: UIDL\nS: USER\nS: .${POP3_FAREWELL}`, {
      tls: "none",
      login: LOGIN,
    }),
    not: good,
  },
  {
    id: "auth.failed",
    as: "critical auth.failed at auth",
    raised: refusedWith("-ERR [AUTH] Who?"),
    not: refusedWith("-ERR [IN-USE] Somebody is there"),
  },
  {
    id: "auth.failed",
    as: "warning auth.failed at auth",
    raised: refusedWith("-ERR [SYS/TEMP/DISK] Later"),
    not: refusedWith("-ERR [LOGIN-DELAY] Later"),
  },
  {
    id: "auth.failed",
    as: "critical auth.failed at auth",
    raised: refusedWith("-ERR [SYS/PERM] Broken"),
    not: good,
  },
  {
    id: "pop3.in-use",
    as: "unknown pop3.in-use at auth",
    raised: refusedWith("-ERR [in-use] Somebody is there"),
    not: refusedWith("-ERR [AUTH] Who?"),
  },
  {
    id: "pop3.login-delay",
    as: "unknown pop3.login-delay at auth",
    raised: refusedWith("-ERR [LOGIN-DELAY] Later"),
    not: refusedWith("-ERR No"),
  },
  {
    id: "pop3.login-delay",
    as: "info pop3.login-delay at capa3",
    raised: boxed(offering({ loginDelay: 60 })),
    not: boxed(offering({ loginDelay: 0 })),
  },
  {
    id: "pop3.capa-missing",
    as: "info pop3.capa-missing at capa",
    raised: script(`${POP3_GREETING}\nS: -ERR What?${POP3_FAREWELL}`, { tls: "none" }),
    not: well,
  },
  {
    id: "pop3.apop-weak",
    as: "info pop3.apop-weak at banner",
    raised: boxed({}),
    not: boxed({ pop3: { apop: false } }),
  },
  {
    id: "pop3.expire-short",
    as: "warning pop3.expire-short at capa3",
    raised: boxed(offering({ expire: 0 })),
    not: boxed(offering({ expire: 30 })),
  },
  {
    id: "pop3.expire-short",
    as: "info pop3.expire-short at capa",
    raised: script(`${POP3_GREETING}\nS: +OK\nS: UIDL\nS: EXPIRE 0 USER\nS: .${POP3_FAREWELL}`, {
      tls: "none",
    }),
    not: script(`${POP3_GREETING}\nS: +OK\nS: UIDL\nS: EXPIRE NEVER\nS: .${POP3_FAREWELL}`, {
      tls: "none",
    }),
  },
  {
    id: "pop3.listing-failed",
    as: "critical pop3.listing-failed at stat",
    raised: listed("-ERR [SYS/TEMP] Index is broken", GOOD_LIST, GOOD_UIDL),
    not: good,
  },
  {
    id: "pop3.listing-failed",
    as: "critical pop3.listing-failed at list",
    raised: listed("+OK 2 30", "S: +OK\n  S: 1 ten\n  S: .", GOOD_UIDL),
    not: good,
  },
  {
    id: "pop3.stat-list-mismatch",
    as: "warning pop3.stat-list-mismatch at list",
    raised: listed("+OK 3 30", GOOD_LIST, GOOD_UIDL),
    not: good,
  },
  {
    id: "pop3.stat-list-mismatch",
    as: "warning pop3.stat-list-mismatch at list",
    raised: listed("+OK 2 30", GOOD_LIST, "S: +OK\n  S: 1 aa\n  S: ."),
    not: good,
  },
  {
    id: "pop3.stat-list-mismatch",
    as: "warning pop3.stat-list-mismatch at list",
    raised: inside(
      "C: STAT\nS: +OK 3 30\nC: LIST\n" + GOOD_LIST,
      { stop: "list" },
    ),
    not: inside("C: STAT\nS: +OK 3 30", { stop: "stat" }),
  },
  {
    id: "pop3.list-gaps",
    as: "info pop3.list-gaps at list",
    raised: boxed({ pop3: { quirks: { gaps: [1] } } }),
    not: boxed({}),
  },
  {
    id: "pop3.uidl-missing",
    as: "warning pop3.uidl-missing at uidl",
    raised: listed("+OK 2 30", GOOD_LIST, "S: -ERR What?"),
    not: good,
  },
  {
    id: "pop3.uidl-missing",
    as: "warning pop3.uidl-missing at capa",
    raised: script(`${POP3_GREETING}\nS: +OK\nS: TOP\nS: .${POP3_FAREWELL}`, { tls: "none" }),
    not: script(`${POP3_GREETING}\nS: -ERR What?${POP3_FAREWELL}`, { tls: "none" }),
  },
  {
    id: "pop3.uidl-duplicate",
    as: "warning pop3.uidl-duplicate at uidl",
    raised: listed("+OK 2 30", GOOD_LIST, "S: +OK\n  S: 1 aa\n  S: 2 aa\n  S: ."),
    not: good,
  },
  {
    id: "pop3.uidl-syntax",
    as: "warning pop3.uidl-syntax at uidl",
    raised: listed("+OK 2 30", GOOD_LIST, `S: +OK\n  S: 1 aa\n  S: 2 ${"b".repeat(71)}\n  S: .`),
    not: listed("+OK 2 30", GOOD_LIST, `S: +OK\n  S: 1 aa\n  S: 2 ${"b".repeat(70)}\n  S: .`),
  },
  {
    id: "pop3.uidl-syntax",
    as: "warning pop3.uidl-syntax at uidl",
    raised: listed("+OK 2 30", GOOD_LIST, "S: +OK\n  S: none\n  S: ."),
    not: listed("+OK 2 30", GOOD_LIST, "S: -ERR What?"),
  },
  {
    id: "pop3.top-refused",
    as: "warning pop3.top-refused at top",
    raised: boxed({ faults: [{ verb: "TOP", reply: "-ERR No" }] }, { touch: true }),
    not: boxed({ faults: [{ verb: "TOP", reply: "-ERR No" }] }),
  },
  {
    id: "pop3.top-untried",
    as: "unknown pop3.top-untried at top",
    raised: inside("C: STAT\nS: +OK 0 0\nC: LIST\nS: +OK\nS: .\nC: UIDL\nS: +OK\nS: .", {
      touch: true,
    }),
    not: boxed({}, { touch: true }),
  },
  {
    id: "pop3.top-untried",
    as: "unknown pop3.top-untried at top",
    raised: boxed(offering({ expire: 0 }), { touch: true }),
    not: boxed(offering({ expire: 1 }), { touch: true }),
  },
  {
    id: "capability.missing",
    as: "unknown capability.missing at stat",
    raised: inside("", { pipelining: true }),
    not: boxed({}, { pipelining: true }),
  },
];

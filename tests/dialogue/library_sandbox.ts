/**
 * What the sandbox must be like for each shipped dialogue to play against it as the client, and why
 * some do not.
 *
 * @module
 */

import type { SandboxFault, SandboxOptions } from "../../src/sandbox/mod.ts";
import { capabilityLists, pop3CapabilityLists } from "../../src/server/mod.ts";

/** A sandbox for a dialogue. */
export interface Stage {
  /** What the sandbox is like. */
  readonly options?: SandboxOptions;
  /** Holes that are bound from the beginning. */
  readonly vars?: Readonly<Record<string, string>>;
  /** The messages of Jones. */
  readonly mails?: readonly string[];
  /** What else it is like, by the outcome that is to be seen. */
  readonly outcomes?: Readonly<Record<string, SandboxOptions>>;
}

const MECHANISMS = ["PLAIN", "LOGIN", "CRAM-MD5"];
const MORE = ["DSN", "EXPN", "ETRN", "ATRN"];
const offered = capabilityLists({
  size: 10_240_000,
  startTls: true,
  mechanisms: MECHANISMS,
  more: MORE,
});
const RCPT = ["jones", "brown", "forwarded"].map((name) => `${name}@beta.example`);
const TWO = ["Subject: one\r\n\r\nHello\r\n", "Subject: two\r\n\r\nHello once more\r\n"];

/** What a sandbox is like if nothing is said: logins in the clear, and Green is a stranger. */
export const USUAL: Stage = {
  options: {
    recipients: RCPT,
    capabilities: { ...offered, clear: [...offered.clear, `AUTH ${MECHANISMS.join(" ")}`] },
    pop3: {
      capabilities: pop3CapabilityLists({
        startTls: true,
        mechanisms: MECHANISMS,
        clearLogin: true,
      }),
    },
  },
  mails: TWO,
};

/** The text of the sandbox's greeting, in front of the stamp. */
const APOP: Stage = { vars: { server: "localhost POP3 mailwright" } };

/** In place of a reply. */
function says(verb: string, reply: string, more: Partial<SandboxFault> = {}): SandboxFault {
  return { verb, reply, ...more };
}

function faults(...list: readonly SandboxFault[]): Stage {
  return { options: { faults: list } };
}

/** Only these recipients exist. */
function recipients(...names: readonly string[]): Stage {
  return { options: { recipients: names } };
}

/** What EHLO offers, before TLS and inside it. */
function offers(clear: readonly string[], tls: readonly string[] = clear): Stage {
  return { options: { capabilities: { clear, tls, authenticated: tls } } };
}

/** Each outcome is a reply to a command. */
function outcomes(verb: string, replies: Readonly<Record<string, string>>): Stage {
  return {
    outcomes: Object.fromEntries(
      Object.entries(replies).map(([outcome, reply]) => [
        outcome,
        { faults: [says(verb, reply)] },
      ]),
    ),
  };
}

const FORWARDED: Stage = {
  options: { recipients: ["fred@USC-ISIF.ARPA"], faults: [says("RCPT", "251 x")] },
};
const GSSAPI = "AUTH GSSAPI DIGEST-MD5";
const ODMR = ["AUTH CRAM-MD5 EXTERNAL", "ATRN"];

/** Sandboxes by dialogue; {@linkcode USUAL} where nothing is said. */
export const STAGES: Readonly<Record<string, Stage>> = {
  auth_login: { outcomes: { badPassword: { users: {} } } },
  batch_smuggling: recipients("b@example.test"),
  pop3_apop: APOP,
  pop3_apop_refused: APOP,
  pop3_dots: { mails: ["Subject: dots\r\n\r\n..\r\n.text\r\nthe end\r\n"] },
  pop3_empty: { mails: [] },
  pop3_login_broken: outcomes("PASS", {
    temporary: "-ERR [SYS/TEMP] x",
    permanent: "-ERR [SYS/PERM] x",
  }),
  pop3_login_delayed: {
    options: {
      faults: [says("PASS", "-ERR [LOGIN-DELAY] x")],
      pop3: { capabilities: pop3CapabilityLists({ clearLogin: true, loginDelay: 60 }) },
    },
  },
  pop3_login_locked: faults(says("PASS", "-ERR [IN-USE] x")),
  pop3_refused: faults(says("CONNECT", "-ERR [SYS/TEMP] x", { then: "close" })),
  pop3_update_failed: faults(says("QUIT", "-ERR x", { then: "close" })),
  rfc1870_size: {
    options: {
      recipients: ["ned@innosoft.com"],
      capabilities: capabilityLists({ size: 1_000_000, more: ["EXPN"] }),
      faults: [
        says("RCPT", "552 x", { pattern: "ymir" }),
        says("RCPT", "452 x", { pattern: "hmcvax" }),
      ],
    },
  },
  rfc1939_10: APOP,
  rfc1939_apop: APOP,
  rfc1939_pass: faults(says("PASS", "-ERR x", { times: 1 })),
  rfc1939_user: faults(says("USER", "-ERR x", { times: 1 })),
  rfc2449_capa: {
    options: {
      pop3: {
        capabilities: {
          clear: [
            ...["TOP", "USER", "SASL CRAM-MD5 KERBEROS_V4", "RESP-CODES", "LOGIN-DELAY 900"],
            ...["PIPELINING", "EXPIRE 60", "UIDL", "IMPLEMENTATION Shlemazle-Plotz-v302"],
          ],
        },
      },
    },
  },
  rfc2449_no_capa: faults(says("CAPA", "-ERR x")),
  rfc2449_response_codes: {
    ...APOP,
    ...outcomes("APOP", {
      locked: "-ERR [IN-USE] x",
      early: "-ERR [LOGIN-DELAY] x",
      wrong: "-ERR [AUTH] x",
      temporary: "-ERR [SYS/TEMP] x",
      permanent: "-ERR [SYS/PERM] x",
    }),
  },
  rfc2595_refused: faults(says("STLS", "-ERR x")),
  rfc2645_no_auth: offers(ODMR),
  rfc2645_nothing: {
    ...offers(ODMR),
    outcomes: { refused: { faults: [says("ATRN", "450 x")] } },
  },
  rfc2920_batch: recipients("ned@innosoft.com", "dan@innosoft.com", "kvc@innosoft.com"),
  rfc2920_plain: recipients("ned@innosoft.com", "dan@innosoft.com", "kvc@innosoft.com"),
  rfc3030_simple: recipients("Susan@Random.com"),
  rfc3030_binary: recipients("gvaudre@cnri.reston.va.us", "jstewart@cnri.reston.va.us"),
  rfc3207_required: { options: { requires: "tls" } },
  rfc3207_unavailable: faults(says("STARTTLS", "454 x", { after: 1 })),
  rfc3461_errors: recipients("Bob@Example.COM"),
  rfc3461_relay: recipients("Bob@Example.COM"),
  rfc3461_never: {
    options: {
      recipients: ["Eric@Bombs.AF.MIL", "Fred@Bombs.AF.MIL"],
      capabilities: capabilityLists({ size: 1000 }),
    },
  },
  rfc3461_submission: recipients(
    ...["Bob@Example.COM", "Carol@Ivory.EDU", "Dana@Ivory.EDU", "Eric@Bombs.AF.MIL"],
    ...["Fred@Bombs.AF.MIL", "George@Tax-ME.GOV"],
  ),
  rfc4954_codes: outcomes("AUTH", {
    transition: "432 4.7.12 x",
    temporary: "454 4.7.0 x",
    weak: "534 5.7.9 x",
    clear: "538 5.7.11 x",
    long: "500 5.5.6 x",
  }),
  rfc4954_cram: offers(["AUTH DIGEST-MD5 CRAM-MD5", "ENHANCEDSTATUSCODES", "STARTTLS"]),
  rfc4954_plain: offers(["STARTTLS"], [`${GSSAPI} PLAIN`]),
  rfc4954_plain_initial: offers(
    [GSSAPI, "ENHANCEDSTATUSCODES", "STARTTLS"],
    [`${GSSAPI} PLAIN`],
  ),
  rfc4954_required: { options: { requires: "login" } },
  rfc5321_d1: recipients("Jones@foo.com", "Brown@foo.com"),
  rfc5321_d2: recipients("Jones@foo.com"),
  rfc5321_d3_relay: recipients("Jones@XYZ.COM"),
  rfc5321_d3_source: recipients("Jones@XYZ.COM"),
  rfc5321_d4: {
    options: {
      recipients: ["Admin.MRC@foo.com"],
      faults: [says("VRFY", "250 Mark Crispin <Admin.MRC@foo.com>")],
    },
  },
  rfc6856_utf8_late: faults(says("RETR", "-ERR [UTF8] x")),
  rfc821_f1: recipients("Jones@BBN-UNIX.ARPA", "Brown@BBN-UNIX.ARPA"),
  rfc821_f2: recipients("Jones@MIT-Multics.ARPA"),
  rfc821_f3_source: recipients("Jones@BBN-VAX.ARPA"),
  rfc821_f3_relay: recipients("Jones@BBN-VAX.ARPA"),
  rfc821_f7_first: faults(says(
    "EXPN",
    [
      ...["250-<ABC@MIT-MC.ARPA>", "250-Fred Fonebone <Fonebone@USC-ISIQ.ARPA>"],
      ...["250-Xenon Y. Zither <XYZ@MIT-AI.ARPA>", "250-Quincy Smith <Q-Smith@ISI-VAXA.ARPA>"],
      ...["250-<joe@foo-unix.ARPA>", "250 <xyz@bar-unix.ARPA>"],
    ].join("\r\n"),
  )),
  rfc821_f7_second: {
    options: { lists: { "Interested-Parties": ["a@x.example", "b@x.example"] } },
  },
  rfc821_f7_relay: recipients(
    ...["ABC@MIT-MC.ARPA", "Fonebone@USC-ISIQA.ARPA", "XYZ@MIT-AI.ARPA"],
    ...["Q-Smith@ISI-VAXA.ARPA", "joe@FOO-UNIX.ARPA", "xyz@BAR-UNIX.ARPA", "fred@BBN-UNIX.ARPA"],
  ),
  rfc821_f8: FORWARDED,
  rfc821_f9_first: FORWARDED,
  rfc821_f9_second: recipients("Jones@USC-ISI.ARPA"),
  rfc821_f10: {
    options: {
      recipients: ["fabry@BERKELEY.ARPA", "eric@BERKELEY.ARPA"],
      faults: [says("RCPT", "552 x", { pattern: "eric", times: 1 })],
    },
  },
  rfc821_turn_refused: faults(says("TURN", "502 x")),
  smtp_closing: faults(says("MAIL", "421 4.3.2 x")),
  smtp_content_refused: outcomes(".", {
    spam: "554 5.7.1 x",
    long: "552 5.2.3 x",
    policy: "550 5.7.1 x",
    scanner: "451 4.3.0 x",
    disk: "452 4.3.1 x",
  }),
  smtp_data_refused: outcomes("DATA", { later: "451 x", never: "554 x", busy: "450 x" }),
  smtp_etrn: { options: { nodes: { "turn.example": { url: "smtp://127.0.0.1" } } } },
  smtp_greeting_refused: outcomes("CONNECT", { never: "554 x", later: "421 x", nullMx: "521 x" }),
  smtp_multiline: faults(
    says("CONNECT", "220-a\r\n220-b\r\n220 c"),
    says("NOOP", "250-2.0.0 a\r\n250-2.0.0 b\r\n250"),
    says("QUIT", "221-2.0.0 a\r\n221 2.0.0 b"),
  ),
  smtp_recipients_refused: faults(
    ...Object.entries({
      moved: "551",
      full: "552",
      "two@": "553",
      locked: "450",
      broken: "451",
      later: "452",
      parameters: "455",
      gone: "556",
      forwarded: "251",
    }).map(([pattern, code]) => says("RCPT", `${code} x`, { pattern })),
  ),
  smtp_sender_refused: {
    options: {
      capabilities: capabilityLists({ size: 1_000_000 }),
      faults: [
        says("MAIL", "550 x", { pattern: "forged" }),
        says("MAIL", "452 x", { pattern: "SIZE=5" }),
        says("MAIL", "451 x", { after: 1 }),
      ],
    },
  },
  starttls: {
    options: { capabilities: capabilityLists({ startTls: true, mechanisms: ["PLAIN"] }) },
  },
};

const LOGGED_IN = "begins behind a login, which no prelude makes";
const TERMINALS = "the sandbox sends to no terminals, as nobody does today (RFC 5321 appendix F.6)";
const SILENCE = "would wait for a silence that is real";

/** Why a dialogue does not play against the sandbox. */
export const NOT_ON_STAGE: Readonly<Record<string, string>> = {
  greet_pause: SILENCE,
  smtp_slow: SILENCE,
  pop3_idle: "would wait ten minutes for the end",
  maildrop: "asks for the number of messages in the reply to PASS",
  partial_refusal: 'asks for a reply "OK queued as", and the sandbox has its own',
  rfc1939_dele: LOGGED_IN,
  rfc1939_list: LOGGED_IN,
  rfc1939_noop: LOGGED_IN,
  rfc1939_retr: LOGGED_IN,
  rfc1939_rset: LOGGED_IN,
  rfc1939_stat: LOGGED_IN,
  rfc1939_top: LOGGED_IN,
  rfc1939_uidl: LOGGED_IN,
  rfc2033_lmtp: "the sandbox has room for every recipient",
  rfc2645_atrn: "the provider says its own name and sends a message of its own",
  rfc2920_lone_dot: "the sandbox refuses DATA where nobody was accepted",
  rfc4954_external: "the sandbox knows no certificates of clients",
  rfc821_f4: TERMINALS,
  rfc821_f5: TERMINALS,
  rfc821_f6: TERMINALS,
  rfc821_turn: "the sandbox turns for those who are logged in alone",
};

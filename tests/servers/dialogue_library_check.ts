/**
 * The shipped dialogues against a real Postfix and a real Dovecot: every one of them, but for those
 * whose server is another one.
 */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { type Dialogue, runDialogue } from "@mailwright/mailwright/dialogue";
import { Secret } from "@mailwright/mailwright/smtp";
import { shipped } from "../dialogue/library.ts";
import { JONES } from "./our_client.ts";
import { type PostfixServer, startPostfix } from "./postfix.ts";
import { serverTest } from "./programs.ts";
import type { Users } from "./users.ts";

const PASSWORD = "pencil";
const LIBRARY = shipped();
const encoder = new TextEncoder();

/** Who exists at Postfix and Dovecot's LMTP. */
const ADDRESSES = [
  ...["jones@beta.example", "brown@beta.example", "b@example.test"],
  ...["jones@bbn-unix.arpa", "brown@bbn-unix.arpa", "jones@mit-multics.arpa"],
  ...["jones@bbn-vax.arpa", "jones@usc-isi.arpa", "jones@xyz.com", "susan@random.com"],
  ...["ned@innosoft.com", "dan@innosoft.com", "kvc@innosoft.com", "bob@example.com"],
];

const TWO = ["Subject: one\r\n\r\nHello\r\n", "Subject: two\r\n\r\nHello once more\r\n"];
/** The messages of those who have others than two. */
const MAILS: Readonly<Record<string, readonly string[]>> = {
  pop3_dots: ["Subject: dots\r\n\r\n..\r\n.text\r\nthe end\r\n"],
  pop3_empty: [],
};

/** Those that want TLS before anything else, or logins inside it only. */
const AT_SUBMISSION = ["rfc3207_required", "starttls"];

const NO_HELP = "wants HELP among what EHLO offers, which Postfix has not";
const NO_MECHANISM = "wants mechanisms that Dovecot has not";
const NO_VRFY = "wants the full name of a user, which Postfix does not know";
const NO_EXPN = "wants EXPN, which Postfix has not";
const NO_FORWARDING = "wants 251 for a user who has moved, which Postfix does not say";
const NO_TRANSACTION = "begins behind a login, which no prelude makes";
const REFUSALS = "has refusals on demand, which a healthy server does not give";
const ELSEWHERE = "Postfix refuses strangers to its domains with 554";

/** Why a dialogue does not run here. */
const REASONS: Readonly<Record<string, string>> = {
  batch_smuggling: "Postfix takes lone line feeds for blanks and delivers, but no second message",
  greet_pause: "wants a pause before the greeting and a server that shuts down",
  maildrop: "has a user without a domain",
  partial_refusal: NO_HELP,
  pop3_idle: "would wait ten minutes for the end",
  pop3_login_broken: REFUSALS,
  pop3_login_delayed: "Dovecot has no LOGIN-DELAY",
  pop3_login_locked: "wants another session at the same time, as in pop3_dovecot_check.ts",
  pop3_login_order: "Dovecot takes USER without a name",
  pop3_no_apop: "wants a greeting without a stamp",
  pop3_refused: REFUSALS,
  pop3_update_failed: REFUSALS,
  pop3_wrong_state: "Dovecot hangs up after a few commands that come too early",
  rfc1870_size: NO_EXPN,
  rfc1939_dele: NO_TRANSACTION,
  rfc1939_list: NO_TRANSACTION,
  rfc1939_noop: NO_TRANSACTION,
  rfc1939_pass: REFUSALS,
  rfc1939_retr: NO_TRANSACTION,
  rfc1939_rset: NO_TRANSACTION,
  rfc1939_stat: NO_TRANSACTION,
  rfc1939_top: NO_TRANSACTION,
  rfc1939_uidl: NO_TRANSACTION,
  rfc1939_user: "Dovecot tells nobody who exists",
  rfc2033_lmtp: "wants a mailbox that is full",
  rfc2449_capa: NO_MECHANISM,
  rfc2449_no_capa: "wants a server from before CAPA",
  rfc2449_response_codes: REFUSALS,
  rfc2595_refused: "wants a server without STLS",
  rfc2645_atrn: "Postfix has no ATRN",
  rfc2645_no_auth: "Postfix has no ATRN",
  rfc2645_nothing: "Postfix has no ATRN",
  rfc2920_lone_dot: ELSEWHERE,
  rfc2920_refused: ELSEWHERE,
  rfc3030_binary: "Postfix has no BINARYMIME",
  rfc3207_unavailable: REFUSALS,
  rfc3461_never: "wants a server without DSN",
  rfc3461_submission: NO_EXPN,
  rfc4954_codes: REFUSALS,
  rfc4954_external: NO_MECHANISM,
  rfc4954_plain: NO_MECHANISM,
  rfc4954_plain_initial: NO_MECHANISM,
  rfc4954_required: "Postfix tells at RCPT that a login is needed",
  rfc5321_d1: NO_HELP,
  rfc5321_d2: NO_HELP,
  rfc5321_d3_source: NO_HELP,
  rfc5321_d4: NO_HELP,
  rfc6856_lang: "Dovecot has no LANG",
  rfc6856_utf8: "Dovecot has no UTF8",
  rfc6856_utf8_late: "Dovecot has no UTF8",
  rfc821_f10: "wants a limit of one recipient",
  rfc821_f4: NO_VRFY,
  rfc821_f5: NO_VRFY,
  rfc821_f6: NO_VRFY,
  rfc821_f7_first: NO_EXPN,
  rfc821_f7_second: NO_EXPN,
  rfc821_f7_relay: ELSEWHERE,
  rfc821_f8: NO_FORWARDING,
  rfc821_f9_first: NO_FORWARDING,
  rfc821_turn: "Postfix has no TURN",
  rfc821_turn_refused: "Postfix says 500 to TURN, and not 502",
  smtp_500_long_line: "Postfix takes long command lines",
  smtp_closing: REFUSALS,
  smtp_content_refused: REFUSALS,
  smtp_data_refused: REFUSALS,
  smtp_greeting_refused: REFUSALS,
  smtp_multiline: "wants replies of several lines",
  smtp_recipients_refused: REFUSALS,
  smtp_sender_refused: REFUSALS,
  smtp_slow: "wants a pause before the greeting",
};

const NEEDS = ["postfix", "dovecot", "openssl", "root"] as const;

await serverTest(
  "runDialogue() plays the shipped dialogues at Postfix and Dovecot",
  NEEDS,
  async (step) => {
    const users: Users = Object.fromEntries(
      [...ADDRESSES, ...LIBRARY.map(({ name }) => ownUser(name))].map((user) => [user, PASSWORD]),
    );
    await using postfix = await startPostfix({
      users,
      authWithoutTls: true,
      settings: { smtpd_helo_required: "yes" },
    });
    for (const { name, dialogue } of LIBRARY) {
      if (Object.hasOwn(REASONS, name)) continue;
      await step(name, async () => {
        const result = await play(name, dialogue, postfix);
        deepStrictEqual(result.failures, []);
        strictEqual(result.status, "passed");
      });
    }
  },
);

Deno.test("the reasons are those of shipped dialogues", () => {
  const names = new Set(LIBRARY.map(({ name }) => name));
  for (const name of [...Object.keys(REASONS), ...AT_SUBMISSION]) ok(names.has(name), name);
  for (const name of AT_SUBMISSION) ok(!Object.hasOwn(REASONS, name), name);
});

/** Each dialogue of POP3 has a maildrop for itself. */
function ownUser(name: string): string {
  return `${name}@beta.example`;
}

async function play(name: string, dialogue: Dialogue, postfix: PostfixServer) {
  const { dovecot, ports } = postfix;
  const { protocol } = dialogue;
  const user = protocol === "pop3" ? ownUser(name) : JONES;
  if (protocol === "pop3") {
    await dovecot.fill(user, (MAILS[name] ?? TWO).map((text) => encoder.encode(text)));
  }
  const port = protocol === "pop3"
    ? dovecot.ports.pop3
    : protocol === "lmtp"
    ? dovecot.ports.lmtp
    : AT_SUBMISSION.includes(name)
    ? ports.submission
    : ports.smtp;
  const secrets = dialogue.secrets.map((secret) =>
    [secret.name, new Secret(secret.name === "wrong" ? "eraser" : PASSWORD)] as const
  );
  return await runDialogue(dialogue, {
    to: `${postfix.host}:${port}`,
    tls: { caCerts: [postfix.caPem] },
    // The text of Dovecot's greeting, in front of the stamp of APOP.
    vars: { user, server: `${postfix.hostname} ready` },
    secrets: Object.fromEntries(secrets),
    cleartextAuth: true,
    throwOnFailure: false,
  });
}

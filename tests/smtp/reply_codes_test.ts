import { describeReplyCode, REPLY_CODES, REPLY_TEXTS } from "../../src/smtp/reply_codes.ts";
import { deepEqual, equal, notEqual, throws } from "node:assert/strict";

const TABLE: Readonly<Record<string, number>> = {
  SYSTEM_STATUS: 211,
  HELP_MESSAGE: 214,
  SERVICE_READY: 220,
  CLOSING: 221,
  AUTH_SUCCEEDED: 235,
  OK: 250,
  WILL_FORWARD: 251,
  CANNOT_VERIFY: 252,
  PENDING_STARTED: 253,
  AUTH_CHALLENGE: 334,
  START_INPUT: 354,
  CHECKPOINT_OFFSET: 355,
  SERVICE_NOT_AVAILABLE: 421,
  MAILBOX_FULL_TRANSIENT: 422,
  INVALID_COMMAND_TRANSIENT: 430,
  PASSWORD_TRANSITION: 432,
  MAILBOX_BUSY: 450,
  LOCAL_ERROR: 451,
  INSUFFICIENT_STORAGE: 452,
  NO_MAIL: 453,
  TEMPORARY_AUTH_FAILURE: 454,
  CANNOT_ACCOMMODATE: 455,
  CANNOT_QUEUE_NODE: 458,
  NODE_NOT_ALLOWED: 459,
  COMMAND_UNRECOGNIZED: 500,
  PARAMETER_SYNTAX: 501,
  NOT_IMPLEMENTED: 502,
  BAD_SEQUENCE: 503,
  PARAMETER_NOT_IMPLEMENTED: 504,
  HOST_ACCEPTS_NO_MAIL: 521,
  ENCRYPTION_NEEDED: 523,
  ENCRYPTION_FOR_MECHANISM: 524,
  ACCOUNT_DISABLED: 525,
  AUTH_REQUIRED: 530,
  NOT_AUTHORIZED: 533,
  MECHANISM_TOO_WEAK: 534,
  CREDENTIALS_INVALID: 535,
  ENCRYPTION_REQUIRED: 538,
  MAILBOX_UNAVAILABLE: 550,
  NOT_LOCAL: 551,
  STORAGE_EXCEEDED: 552,
  MAILBOX_NAME_NOT_ALLOWED: 553,
  TRANSACTION_FAILED: 554,
  PARAMETERS_UNKNOWN: 555,
  DOMAIN_ACCEPTS_NO_MAIL: 556,
};

/** The reply codes that the founding pages list or show in their sessions, and what each is about. */
const FOUNDING: readonly (readonly [number, RegExp])[] = [
  [211, /status/i],
  [214, /help/i],
  [220, /ready/i],
  [221, /clos/i],
  [235, /authentication succeeded/i],
  [250, /completed/i],
  [251, /not local.*forward/i],
  [252, /not verified.*accept.*deliver/i],
  [334, /challenge/i],
  [354, /start mail input/i],
  [421, /not available.*clos/i],
  [450, /mailbox unavailable for now/i],
  [451, /aborted.*local error/i],
  [452, /storage.*for now/i],
  [455, /unable.*parameters/i],
  [500, /command not recognized/i],
  [501, /syntax error.*parameters/i],
  [502, /command not implemented/i],
  [503, /bad sequence/i],
  [504, /parameter.*not implemented/i],
  [535, /credentials invalid/i],
  [550, /mailbox unavailable/i],
  [551, /not local.*path/i],
  [552, /storage.*exceeded/i],
  [553, /mailbox name not allowed/i],
  [554, /transaction failed.*no SMTP service/i],
  [555, /MAIL or RCPT not recognized or not implemented/i],
];

Deno.test("REPLY_CODES names every code of the RFCs", { permissions: "none" }, () => {
  deepEqual(REPLY_CODES, TABLE);
});

Deno.test("REPLY_TEXTS has one text per code, no two alike", { permissions: "none" }, () => {
  const codes = Object.keys(REPLY_TEXTS).map(Number);
  deepEqual(codes, Object.values(TABLE));
  equal(new Set(Object.values(REPLY_TEXTS)).size, codes.length);
  for (const text of Object.values(REPLY_TEXTS)) equal(/^[A-Z][^.]*[^. ]$/.test(text), true, text);
});

Deno.test.each(FOUNDING)(
  "describeReplyCode() knows %s of the founding pages",
  { permissions: "none" },
  (code, meaning) => {
    equal(meaning.test(describeReplyCode(code)), true, describeReplyCode(code));
  },
);

Deno.test.each(
  [
    [259, "Success (259 is not registered)"],
    [299, "Success (299 is not registered)"],
    [399, "More input expected (399 is not registered)"],
    [477, "Temporary failure (477 is not registered)"],
    [571, "Permanent failure (571 is not registered)"],
  ] as const,
)(
  "describeReplyCode() goes by the first digit of the unknown %s [S12]",
  { permissions: "none" },
  (code, text) => equal(describeReplyCode(code), text),
);

Deno.test.each([0, 25, 199, 600, 2500, -250, 250.5, NaN, Infinity])(
  "describeReplyCode() refuses %s",
  { permissions: "none" },
  (code) => {
    throws(() => describeReplyCode(code), {
      name: "RangeError",
      message: `Cannot describe reply code "${code}": expected 200 to 599`,
    });
  },
);

Deno.test("describeReplyCode() keeps the domain's refusal apart from the host's", {
  permissions: "none",
}, () => {
  notEqual(describeReplyCode(521), describeReplyCode(556));
});

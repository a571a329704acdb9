/** The shipped dialogues: each is read, judged and played in every way there is. */

import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import {
  checkTranscript,
  dialogueFromJson,
  type DialogueResult,
  dialogueToJson,
  formatDialogue,
  lintDialogue,
  makePortable,
  parseMarkdown,
  printMarkdown,
  repairDialogue,
  runDialogue,
  toDialogue,
} from "../../src/dialogue/mod.ts";
import { SANDBOX_CA, startSandbox } from "../../src/sandbox/mod.ts";
import {
  allSteps,
  alone,
  choicesOf,
  cut,
  overTcp,
  secretsOf,
  shipped,
  shippedAs,
} from "./library.ts";
import { NOT_ON_STAGE, STAGES, USUAL } from "./library_sandbox.ts";
import { roundTrip, withoutPlaces } from "./same.ts";

const NAMES = shipped().map(({ name }): [string] => [name]);
const reading = { permissions: { read: ["tests/dialogues"] } };

/** What lint warns of, where that is what the dialogue is about. */
const WARNINGS: Readonly<Record<string, readonly string[]>> = {
  pop3_auth_refused: ["secret-in-file"], // an answer that is no base64
  pop3_idle: ["dele-without-quit"],
  pop3_lost: ["dele-without-quit"],
  pop3_no_apop: ["secret-in-file"], // a digest of nothing
  pop3_top: ["top-without-lines"],
  rfc4954_refused: ["secret-in-file"], // an answer that is no base64
};

Deno.test.each(NAMES)(
  "the dialogue %s is documented, canonical, stable and without errors",
  reading,
  (name) => {
    const { text, dialogue } = shippedAs(name);
    ok(text.startsWith("# "));
    ok(text.split("\n").every((line) => line.length <= 100));
    equal(dialogue.name, name);
    roundTrip(dialogue);
    equal(formatDialogue(text), text);
    deepEqual(dialogueFromJson(dialogueToJson(dialogue)), dialogue);
    deepEqual(parseMarkdown(printMarkdown([dialogue])).map(withoutPlaces), [
      withoutPlaces(dialogue),
    ]);
    const findings = lintDialogue(dialogue).filter(({ level }) => level !== "note");
    deepEqual(findings.map(({ id }) => id), WARNINGS[name] ?? []);
  },
);

function passed(...results: readonly DialogueResult[]): void {
  for (const { failures, status } of results) {
    deepEqual(failures, []);
    equal(status, "passed");
  }
}

Deno.test.each(NAMES)(
  "the dialogue %s plays with itself, to each outcome",
  reading,
  async (name) => {
    const { dialogue } = shippedAs(name);
    for (const choice of choicesOf(dialogue)) {
      for (const optional of [false, true]) {
        const { client, server } = await alone(dialogue, { ...choice, optional });
        passed(client, server);
        equal(client.outcome, choice.outcome);
        deepEqual({ ...client.vars }, { ...server.vars });
        equal(client.delivery, server.delivery);
        for (const { transcript } of [client, server]) {
          passed(await checkTranscript(dialogue, transcript, choice));
        }
      }
    }
  },
);

Deno.test.each(NAMES)("the dialogue %s plays mended and made portable", reading, async (name) => {
  const { dialogue } = shippedAs(name);
  for (const changed of [repairDialogue(dialogue), makePortable(dialogue)]) {
    const { client, server } = await alone(changed);
    passed(client, server);
  }
});

/** Up to here, each write is cut once at every place. */
const LONGEST_CUT = 24;

Deno.test.each(NAMES)(
  "the dialogue %s plays with writes and reads cut anywhere",
  reading,
  async (name) => {
    const { dialogue } = shippedAs(name);
    for (const end of ["C", "S"] as const) {
      const { client, server } = await alone(cut(dialogue, 1, end));
      passed(client, server);
    }
    for (let size = 1; size <= LONGEST_CUT; size++) {
      const { client, server } = await alone(cut(dialogue, size, "C", "S"), { chunk: size });
      passed(client, server);
    }
  },
);

Deno.test.each(NAMES)(
  "the dialogue %s plays over TCP, and again from both recordings",
  async (name) => {
    const { dialogue } = shippedAs(name);
    for (const choice of choicesOf(dialogue)) {
      const results = await overTcp(dialogue, choice);
      passed(...results);
      equal(results.length, 2);
      for (const { transcript } of results) {
        passed(...await overTcp(toDialogue(transcript), choice));
      }
    }
  },
);

Deno.test.each(NAMES.filter(([name]) => !Object.hasOwn(NOT_ON_STAGE, name)))(
  "the dialogue %s plays with the sandbox as its server",
  async (name) => {
    const { dialogue } = shippedAs(name);
    const stage = { ...USUAL, ...STAGES[name] };
    const { user = "mrose" } = dialogue.vars;
    const pass = dialogue.secrets.find((secret) => secret.name === "pass")?.sample ?? "tanstaaf";
    for (const choice of choicesOf(dialogue)) {
      await using box = await startSandbox({
        ...USUAL.options,
        users: {
          [user]: { password: pass, addresses: [`${user}@beta.example`], domains: ["example.org"] },
        },
        ...stage.options,
        ...stage.outcomes?.[choice.outcome ?? ""],
      });
      box.fill(`${user}@beta.example`, stage.mails ?? []);
      const urls = { smtp: box.smtpUrl, lmtp: box.lmtpUrl, pop3: box.pop3Url };
      const result = await runDialogue(dialogue, {
        to: urls[dialogue.protocol],
        tls: { caCerts: [SANDBOX_CA] },
        vars: stage.vars ?? {},
        secrets: secretsOf(dialogue),
        cleartextAuth: true,
        throwOnFailure: false,
      });
      passed(result);
      equal(result.outcome, choice.outcome);
    }
  },
);

Deno.test("the tables of the sandbox name shipped dialogues only", reading, () => {
  const names = new Set(NAMES.flat());
  for (const name of [...Object.keys(STAGES), ...Object.keys(NOT_ON_STAGE)]) {
    ok(names.has(name), name);
  }
  for (const name of Object.keys(STAGES)) equal(Object.hasOwn(NOT_ON_STAGE, name), false, name);
  notEqual(names.size, 0);
});

const POP3_VERBS = [
  ...["APOP", "AUTH", "CAPA", "DELE", "LANG", "LIST", "NOOP", "PASS", "QUIT", "RETR"],
  ...["RSET", "STAT", "STLS", "TOP", "UIDL", "USER", "UTF8"],
];
/** RFC 2449 section 8, RFC 3206 section 4, RFC 6856 section 4. */
const POP3_CODES = ["AUTH", "IN-USE", "LOGIN-DELAY", "SYS/PERM", "SYS/TEMP", "UTF8"];

Deno.test(
  "the library has each command of POP3 with +OK and -ERR, and each response code",
  reading,
  async () => {
    const seen = new Set<string>();
    for (const { dialogue } of shipped().filter(({ dialogue }) => dialogue.protocol === "pop3")) {
      for (const choice of choicesOf(dialogue)) {
        for (const { code, lines, to = "" } of (await alone(dialogue, choice)).client.replies) {
          seen.add(`${to.split(" ")[0]?.toUpperCase()} ${code}`);
          const [, responseCode] = /^\[([^\]]+)\]/.exec(lines[0] ?? "") ?? [];
          if (code === "-ERR" && responseCode !== undefined) seen.add(responseCode);
        }
      }
    }
    const wanted = POP3_VERBS.flatMap((verb) => [`${verb} +OK`, `${verb} -ERR`]);
    deepEqual([...wanted, ...POP3_CODES].filter((each) => !seen.has(each)), []);
  },
);

/** RFC 5321 section 4.2.3, 7504, 4954 section 6, 3207 section 4, 1985 section 5, 2645 section 5. */
const SMTP_CODES = [
  ...["211", "214", "220", "221", "235", "250", "251", "252", "253", "334", "354"],
  ...["421", "432", "450", "451", "452", "453", "454", "455", "458", "459"],
  ...["500", "501", "502", "503", "504", "521", "530", "534", "535", "538"],
  ...["550", "551", "552", "553", "554", "555", "556"],
];

Deno.test("the library has each reply code of SMTP", reading, () => {
  const seen = new Set(
    shipped().filter(({ dialogue }) => dialogue.protocol !== "pop3")
      .flatMap(({ dialogue }) => allSteps(dialogue.steps))
      .flatMap((step) => step.kind === "reply" ? step.lines : [])
      .flatMap((line) => line.kind === "line" ? line.code : []),
  );
  deepEqual(SMTP_CODES.filter((code) => !seen.has(code)), []);
});

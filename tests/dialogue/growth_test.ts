import {
  type Dialogue,
  type DialogueStep,
  importDialogues,
  lintDialogue,
  parseDialogue,
  printDialogue,
} from "@mailwright/mailwright";
import { ok } from "node:assert/strict";

const pure = { permissions: "none" } as const;

/** How many characters expressions look at while something is done, a step back within one apart. */
function effort(action: () => void): number {
  const { exec } = RegExp.prototype;
  let characters = 0;
  RegExp.prototype.exec = function (text) {
    const from = this.global || this.sticky ? this.lastIndex : 0;
    const found = exec.call(this, text);
    const held = this.sticky || (this.source.startsWith("^") && !this.multiline);
    const to = found === null ? (held ? from : text.length) : found.index + found[0].length;
    characters += to - from + 1;
    return found;
  };
  try {
    action();
  } finally {
    RegExp.prototype.exec = exec;
  }
  return characters;
}

const LINES: Record<string, (n: number) => string> = {
  commands: (n) => "C: NOOP ${x=1}\n".repeat(n),
  "one reply": (n) => `S: 220 a\nC: EHLO a\n${"S: 250-a b\n".repeat(n)}S: 250 c\n`,
  content: (n) => `C: DATA\nS: 354 go\n${"C: .. ${x}\n".repeat(n)}C: .\nS: 250 ok\n`,
  "inline octets": (n) => `C<<END\n${"EN D\n".repeat(n)}END\n`,
  "arms of one @alt": (n) => `@alt {\nS: 220 a\n${"} or {\nS: 250 ok\n".repeat(n)}}\n`,
  "arms of many": (n) => "@alt {\nC: A ${x=1}\n} or {\nC: B ${x=1}\n}\n".repeat(n),
  batch: (n) => `${"C: NOOP\n".repeat(n)}${"S: 250 ok\n".repeat(n)}`,
  procedures: (n) => `@proc a {\nC: NOOP\nS: 250 ok\n}\n${"@call a\n".repeat(n)}`,
  "holes of one line": (n) => `C: ${"${a=1} $$".repeat(n)}\n`,
  "dollars of one line": (n) => `C: ${"$".repeat(8 * n)}\n`,
  "octets of one line": (n) => `C|${"\\x00a".repeat(n)}\n`,
};

Deno.test.each(Object.keys(LINES))(
  "parseDialogue(), printDialogue(), lintDialogue() look at %s in linear time [T-I41] [T-I44]",
  pure,
  (name) => {
    const work = (n: number) =>
      effort(() => {
        const dialogue = parseDialogue(LINES[name]?.(n) ?? "");
        lintDialogue(dialogue);
        printDialogue(dialogue);
      });
    const [small, large] = [work(200), work(2000)];
    ok(large < 12 * small, `${small} characters became ${large}`);
  },
);

const PAGES: Record<string, (n: number) => string> = {
  "a telnet page": (n) => `telnet mx 25\n220 mx\n${"noop ---- a comment\n250 ok\n".repeat(n)}`,
  prose: (n) => `telnet mx 25\n220 mx\nnoop\n250 ok\n${"this is prose\n".repeat(n)}`,
  "blank lines": (n) => `${"\n".repeat(n)}C: NOOP\nS: 250 ok\n`,
  "folded lines": (n) => `C: NOOP\n${"   a\n".repeat(n)}S: 250 ok\n`,
  parentheses: (n) => `220 mx\nnoop\n250 ok\n${"(535 no)\n".repeat(n)}`,
  batches: (n) => `${"C: NOOP\n".repeat(n)}${"S: 250 ok\n".repeat(n)}`,
  sessions: (n) => "S: 220 mx\nC: QUIT\nS: 221 bye\n".repeat(n),
  "blanks of one line": (n) => `C: NOOP${" ".repeat(8 * n)}a\nS: 250 ok\n`,
  arrows: (n) =>
    `>>> EHLO me\n${"<<< 250-a\n".repeat(n)}<<< 250 b\n${">>> NOOP\n<<< 250 ok\n".repeat(n)}`,
  "arrows that say nothing": (n) => ">>>\n<<<\n".repeat(n),
  "a folded line behind an arrow": (n) => `>>> NOOP\n${"       a\n".repeat(n)}<<< 250 ok\n`,
  "octets that are described": (n) => "C: BDAT 9\nC: (nine octets)\nS: 250 ok\n".repeat(n),
  "a description without end": (n) => `C: BDAT 9\nC: ${"(".repeat(8 * n)}\nS: 250 ok\n`,
  logins: (n) =>
    "S: +OK <a@b>\nC: APOP a b\nS: +OK\nC: AUTH CRAM-MD5\nS: + YQ==\nC: YQ==\nS: +OK\n".repeat(n),
  "blanks before TLS": (n) => `C: STARTTLS\nS: 220 go\n${" -".repeat(4 * n)}TLS negotiatio\n`,
  "hyphens of one line": (n) => `220 mx\nnoop ${"--- ".repeat(n)}\n250 ok\n`,
};

Deno.test.each(Object.keys(PAGES))(
  "importDialogues() reads %s in linear time [T-I41]",
  pure,
  (name) => {
    const work = (n: number) =>
      effort(() => {
        importDialogues(PAGES[name]?.(n) ?? "");
      });
    const [small, large] = [work(200), work(2000)];
    ok(large < 12 * small, `${small} characters became ${large}`);
  },
);

/** A list that counts how often one of its steps is taken. */
function counted(steps: readonly DialogueStep[], count: () => void): readonly DialogueStep[] {
  return new Proxy(steps, {
    get(target, key, receiver) {
      if (typeof key === "string" && /^\d+$/.test(key)) count();
      return Reflect.get(target, key, receiver);
    },
  });
}

Deno.test("lintDialogue() takes each step a fixed number of times [T-I44]", pure, () => {
  const taken = (n: number) => {
    let count = 0;
    const dialogue: Dialogue = parseDialogue("C: NOOP\nS: 250 ok\n".repeat(n));
    lintDialogue({ ...dialogue, steps: counted(dialogue.steps, () => count++) });
    return count / dialogue.steps.length;
  };
  ok(taken(1000) <= taken(100));
});

/**
 * Writes `@auth` out as the lines that its mechanism says.
 *
 * @module
 */

import type {
  Dialogue,
  DialogueProtocol,
  DialogueStep,
  LineTemplate,
  LineTemplatePart,
} from "../../src/dialogue/mod.ts";

type Auth = Extract<DialogueStep, { kind: "auth" }>;

/**
 * Writes the logins of a dialogue out. SCRAM and its like have no fixed lines and stay.
 *
 * @param dialogue The dialogue.
 * @returns The dialogue with lines.
 */
export function expandAuth(dialogue: Dialogue): Dialogue {
  const expanded = (steps: readonly DialogueStep[]): readonly DialogueStep[] =>
    steps.flatMap((step): readonly DialogueStep[] => {
      if (step.kind === "auth") return linesOf(step, dialogue.protocol) ?? [step];
      if (step.kind !== "block") return [step];
      // Each kind of block keeps its arms.
      return [{ ...step, arms: step.arms.map(expanded) } as DialogueStep];
    });
  return { ...dialogue, steps: expanded(dialogue.steps) };
}

function linesOf(step: Auth, protocol: DialogueProtocol): readonly DialogueStep[] | undefined {
  const { kind: _, mechanism, user, secret, ...base } = step;
  const line = (...template: LineTemplate): DialogueStep => ({
    ...base,
    kind: "line",
    end: "C",
    content: false,
    template,
  });
  const question = (...text: LineTemplate): DialogueStep => ({
    at: base.at,
    kind: "reply",
    end: "S",
    forbid: [],
    lines: [{
      kind: "line",
      at: base.at,
      optional: false,
      code: [protocol === "pop3" ? "+" : "334"],
      more: false,
      text,
    }],
  });
  const name = mechanism.toUpperCase();
  const command = (text = `AUTH ${name}`): LineTemplatePart => ({ kind: "text", text });
  const b64 = (name: string): LineTemplatePart => ({
    kind: "codec",
    value: { codec: "b64", name },
  });
  switch (name) {
    case "PLAIN":
    case "XOAUTH2": {
      const codec = name === "PLAIN" ? "plain" : "xoauth2";
      return [
        line(command(`AUTH ${name} `), { kind: "codec", value: { codec, user, secret } }),
      ];
    }
    case "LOGIN":
      return [
        line(command()),
        question({ kind: "text", text: "VXNlcm5hbWU6" }),
        line(b64(user)),
        question({ kind: "text", text: "UGFzc3dvcmQ6" }),
        line(b64(secret)),
      ];
    case "CRAM-MD5": {
      const value = { codec: "b64", name: "challenge" } as const;
      const sample = new TextEncoder().encode("<1@mx.example>").toBase64();
      return [
        line(command()),
        question({ kind: "codec", value, sample }),
        line({ kind: "codec", value: { codec: "cram", challenge: "challenge", user, secret } }),
      ];
    }
    default:
      return undefined;
  }
}

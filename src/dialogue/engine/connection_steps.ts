/**
 * Octets, TLS and closes: steps of the connection itself.
 *
 * @module
 */

import type { DialogueEnd } from "./end.ts";
import { checkInjection, checkUnread } from "./guards.ts";
import { octetsOf } from "../octets.ts";
import type { BytesStep, ConnectionStep, StepBase } from "../step.ts";
import { cut, Stop } from "./stop.ts";

/** Says or hears octets. */
export async function bytes(end: DialogueEnd, step: BytesStep): Promise<void> {
  const bytes = await octetsOf(step, end.options.readFile);
  if (end.acts(step)) {
    checkUnread(end);
    end.talk.putOctets(bytes);
  } else {
    await end.talk.flush();
    const differs = await end.talkOf(step.end).readOctets(
      bytes,
      end.limit(step, "octets", ""),
    );
    if (differs !== undefined) {
      const wanted = new TextDecoder().decode(bytes.subarray(differs.at, differs.at + 40));
      throw new Stop({
        id: "content",
        expected: `"${cut(wanted)}" at octet ${differs.at}`,
        actual: `"${differs.seen}"`,
        lost: true,
      });
    }
  }
  if (step.end === end.commander) end.course.octets(bytes);
  else end.course.answerOctets(bytes);
}

/** Begins TLS at both ends. */
export async function startTls(end: DialogueEnd, step: StepBase): Promise<void> {
  const { talk, course, options } = end;
  if (options.stored !== undefined) {
    options.stored.startTls();
    return course.secured();
  }
  await talk.flush();
  checkInjection(end);
  await talk.startTls(options.tls, end.limit(step, "the TLS handshake", ""));
  course.secured();
}

/** Waits for the other end's close. */
export async function hearClose(end: DialogueEnd, step: ConnectionStep): Promise<void> {
  await end.talk.flush();
  const said = await end.talkOf(step.end).readClose(end.limit(step, "the close", ""));
  end.talk.close();
  if (said !== undefined) {
    throw new Stop({
      id: "not-closed",
      expected: "the end of the connection",
      actual: `"${said}"`,
    });
  }
}

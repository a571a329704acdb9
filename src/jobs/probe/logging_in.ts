/**
 * Logging in, or finding out why that cannot be.
 *
 * @module
 */

import { Pop3AuthError } from "../../pop3/mod.ts";
import { SmtpAuthError } from "../../smtp/mod.ts";
import type { Security } from "../../wire/mod.ts";
import { type Course, Farewell } from "./course.ts";
import { type Attempt, namesOf } from "./login.ts";

/** What came of one attempt, in either protocol. */
export interface Attempted<Reply> {
  /** The server's last word. */
  readonly reply: Reply;
  /** The ways that were tried. */
  readonly tried: readonly string[];
  /** What the server said about the failure inside the exchange. */
  readonly failure?: string;
}

/** Where somebody may log in. */
export interface Door<Reply> {
  /** What is known about the other end. */
  readonly security: Security;
  /** The ways that are offered. */
  readonly offered: readonly string[];
  /** Tries one. */
  attempt(attempt: Attempt, allowCleartext: boolean): Promise<Attempted<Reply>>;
  /** Whether a refusal is about the way alone, so that another may do. */
  isAboutTheWay(reply: Reply): boolean;
}

/**
 * Logs in, if the plan says so.
 *
 * @param course What to do.
 * @param door Where.
 * @returns Whether somebody is logged in. A refusal ends the conversation.
 */
export async function logIn<Reply extends { readonly ok: boolean }>(
  course: Course,
  door: Door<Reply>,
): Promise<boolean> {
  const { plan, options, seen } = course;
  if (plan.login.length === 0) return false;
  const { ifOffered = false, allowCleartext = false } = options.login ?? {};
  course.stage = "auth";
  if (door.offered.length === 0 && ifOffered) return false;
  if (door.security === "unverified") {
    course.skip("auth", "the certificate is not in order");
    return false;
  }
  if (door.offered.length === 0) unusable(course, "the server offers no login");
  if (door.security === "clear" && !allowCleartext) {
    unusable(course, "there is no TLS, and a login in the clear was not allowed");
  }
  const { reply, tried, failure } = await tryAll(course, door, allowCleartext);
  const used = tried.at(-1);
  seen.login = {
    ok: reply.ok,
    ...(used === undefined ? {} : { used }),
    ...(failure === undefined ? {} : { text: failure }),
  };
  course.orFarewell(reply);
  course.reached("auth");
  return true;
}

/** Tries the ways to log in until one is not just unsuitable. */
async function tryAll<Reply extends { readonly ok: boolean }>(
  course: Course,
  door: Door<Reply>,
  allowCleartext: boolean,
): Promise<Attempted<Reply>> {
  let result: Attempted<Reply> | undefined;
  let against = `the server offers ${door.offered.join(", ")}`;
  for (const attempt of course.plan.login) {
    if (!namesOf(attempt).some((name) => door.offered.includes(name))) continue;
    course.begin("auth");
    try {
      result = await door.attempt(attempt, allowCleartext);
    } catch (error) {
      const local = error instanceof SmtpAuthError || error instanceof Pop3AuthError;
      if (!local || error.tried.length > 0) throw error;
      against = error.message;
      continue;
    }
    if (!door.isAboutTheWay(result.reply)) break;
  }
  return result ?? unusable(course, against);
}

function unusable(course: Course, why: string): never {
  course.seen.unusable = why;
  throw new Farewell();
}

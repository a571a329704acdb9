/**
 * Recipients and the message: an envelope alone, or a whole delivery.
 *
 * @module
 */

import { receiptOf, SmtpLocalError, type SmtpSession } from "../../smtp/mod.ts";
import { type Course, Farewell } from "./course.ts";

/**
 * Names the sender and the recipients, and sends the message if there is one.
 *
 * @param course What to do.
 * @param session The session.
 */
export async function deliver(course: Course, session: SmtpSession): Promise<void> {
  const { mail, content, stop, login } = course.plan;
  if (!mail) return;
  if (login.length > 0 && session.connection.security === "unverified") {
    // What the server says to a stranger would be taken for what it says to the user.
    return course.skip("rcpt", "nobody is logged in, for the certificate is not in order");
  }
  const early = stop === "mail" || stop === "rcpt" || stop === "data";
  if (content === undefined || early) return await envelope(course, session);
  if (session.connection.security === "unverified") {
    course.skip("dot", "the certificate is not in order");
    return await envelope(course, session);
  }
  await send(course, session);
}

/** MAIL and RCPT without a message. */
async function envelope(course: Course, session: SmtpSession): Promise<void> {
  const { from, to, mailParameters, rcptParameters, stop } = course.plan;
  course.begin("mail");
  course.orFarewell(await session.mail(from, mailParameters));
  course.reached("mail");
  if (to.length > 0) {
    course.begin("rcpt");
    let accepted = 0;
    for (const recipient of to) {
      const reply = await session.rcpt(recipient, rcptParameters);
      course.checkClosing(reply);
      if (reply.ok) accepted++;
    }
    course.reached("rcpt");
    if (stop === "data" && accepted > 0) await dataAlone(course, session);
  }
  await session.rset();
}

/** DATA, and then nothing: only closing the connection keeps what follows from being content. */
async function dataAlone(course: Course, session: SmtpSession): Promise<void> {
  course.begin("data");
  const farewell = new Farewell();
  // deno-lint-ignore require-yield -- its content is that there is none
  const nothing = async function* (): AsyncGenerator<Uint8Array> {
    await Promise.resolve();
    throw farewell;
  };
  await session.data(nothing());
  throw farewell; // DATA was refused
}

async function send(course: Course, session: SmtpSession): Promise<void> {
  const { plan, options, recorder, seen } = course;
  const { pipelining = false, chunking = false } = options;
  course.stage = "mail";
  for (const [wanted, keyword] of [[pipelining, "PIPELINING"], [chunking, "CHUNKING"]] as const) {
    if (wanted && !session.capabilities.has(keyword)) {
      throw new SmtpLocalError(`Cannot try ${keyword}: the server does not offer it`);
    }
  }
  if (!pipelining) session.mask("PIPELINING");
  const { from, to, content = "", mailParameters, rcptParameters } = plan;
  recorder.following = true;
  try {
    await session.send(
      {
        from,
        to: to.map((address) => ({
          address,
          ...(rcptParameters === undefined ? {} : { parameters: rcptParameters }),
        })),
        policy: "any",
        ...(mailParameters === undefined ? {} : { parameters: mailParameters }),
      },
      content,
      { chunking },
    );
    if (session.lastReceipt !== undefined) seen.receipt = session.lastReceipt;
    course.stage = "dot";
  } catch (error) {
    course.stage = recorder.stages.at(-1)?.name ?? "mail";
    const receipt = receiptOf(error) ?? session.lastReceipt;
    if (receipt !== undefined) seen.receipt = receipt;
    throw error;
  } finally {
    recorder.following = false;
  }
}

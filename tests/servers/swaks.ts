/**
 * Sending with swaks, somebody else's client.
 *
 * @module
 */
import { run } from "./process.ts";

/** One message and where it goes. */
export interface SwaksLetter {
  /** The server's address. */
  readonly host: string;
  /** The server's port. */
  readonly port: number;
  /** Sender, and user of a login. */
  readonly from: string;
  /** The one recipient. */
  readonly to: string;
  /** Header and body, ending in CRLF. */
  readonly message: string;
  /** Use STARTTLS and log in. @default neither */
  readonly password?: string | undefined;
}

/** Sends a message with swaks; a refusal is thrown with the conversation. */
export async function sendWithSwaks(letter: SwaksLetter): Promise<void> {
  const { host, port, from, to, message, password } = letter;
  const login = password === undefined ? [] : ["-tls", "-a", "-au", from, "-ap", password];
  const envelope = ["--server", host, "--port", `${port}`, "-f", from, "-t", to];
  // swaks ends the last line itself.
  const stdin = message.replace(/\r\n$/, "");
  await run("swaks", [...envelope, ...login, "--data", "-"], { stdin });
}

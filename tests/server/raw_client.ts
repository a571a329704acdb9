/**
 * A client that knows nothing: it writes octets and reads lines. Client and server of the product meet
 * only in bytes, so the tests of the server have this instead of a session.
 *
 * @module
 */

/** What both a product connection and a socket of Deno can do. */
export interface Octets {
  read(buffer: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<unknown>;
  close(): void;
}

/** Writes octets, reads replies. */
export class RawClient implements Disposable {
  readonly octets: Octets;
  #unread = "";

  constructor(octets: Octets) {
    this.octets = octets;
  }

  /** Writes text as Latin-1, or octets, as they are. */
  async send(text: string | Uint8Array): Promise<void> {
    const bytes = typeof text === "string"
      ? Uint8Array.from(text, (char) => char.charCodeAt(0))
      : text;
    for (let at = 0; at < bytes.length;) {
      // A socket may take less than all; a product connection takes all and says nothing.
      at += Number(await this.octets.write(bytes.subarray(at)) ?? bytes.length);
    }
  }

  /** One whole reply, lines joined by LF; `null` at the end of the stream. */
  async reply(): Promise<string | null> {
    const lines: string[] = [];
    while (true) {
      const line = await this.line();
      if (line === null) return lines.length === 0 ? null : lines.join("\n");
      lines.push(line);
      if (line[3] !== "-") return lines.join("\n");
    }
  }

  /** Writes a command with CRLF and reads its reply. */
  async ask(command: string): Promise<string | null> {
    await this.send(new TextEncoder().encode(`${command}\r\n`));
    return await this.reply();
  }

  /** Asks one after the other and gives the replies. */
  async askAll(...commands: readonly string[]): Promise<(string | null)[]> {
    const replies: (string | null)[] = [];
    for (const command of commands) replies.push(await this.ask(command));
    return replies;
  }

  /** One line; `null` at the end of the stream. A broken connection is an end too. */
  async line(): Promise<string | null> {
    while (!this.#unread.includes("\r\n")) {
      if (!await this.#more()) return null;
    }
    const at = this.#unread.indexOf("\r\n");
    const line = this.#unread.slice(0, at);
    this.#unread = this.#unread.slice(at + 2);
    return line;
  }

  /** All that comes until the end of the stream. */
  async rest(): Promise<string> {
    while (await this.#more());
    const rest = this.#unread;
    this.#unread = "";
    return rest;
  }

  async #more(): Promise<boolean> {
    const buffer = new Uint8Array(65536);
    const count = await this.octets.read(buffer).catch((error) => {
      if (error instanceof Deno.errors.UnexpectedEof) return null;
      throw error;
    });
    if (count === null) return false;
    this.#unread += String.fromCharCode(...buffer.subarray(0, count));
    return true;
  }

  [Symbol.dispose](): void {
    this.octets.close();
  }
}

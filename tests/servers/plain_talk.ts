/**
 * A conversation by hand over a plain socket, to see a server without any client of ours.
 *
 * @module
 */

/** Where to talk to: a TCP port, or a Unix socket. */
export type Target = Deno.ConnectOptions | Deno.UnixConnectOptions;

/** Says when a reply is complete; the lines come without their ends. */
export type Complete = (line: string) => boolean;

/** SMTP and LMTP: the last line has a space after its code. */
export const smtpComplete: Complete = (line) => /^\d{3} /.test(line);

/** POP3: one line. */
export const pop3Complete: Complete = () => true;

/** An open conversation. */
export class PlainTalk implements Disposable {
  #conn: Deno.Conn;
  #unread = "";
  readonly #complete: Complete;

  private constructor(conn: Deno.Conn, complete: Complete) {
    this.#conn = conn;
    this.#complete = complete;
  }

  /** Connects; the greeting is the first {@linkcode reply}. */
  static async open(target: Target, complete: Complete = smtpComplete): Promise<PlainTalk> {
    const conn = "path" in target ? await Deno.connect(target) : await Deno.connect(target);
    return new PlainTalk(conn, complete);
  }

  /** Reads one reply, its lines joined by line feeds. */
  async reply(): Promise<string> {
    const lines: string[] = [];
    let line: string;
    do lines.push(line = await this.#line()); while (!this.#complete(line));
    return lines.join("\n");
  }

  /** Says one line, or several at once, and reads one reply. */
  async say(...lines: readonly string[]): Promise<string> {
    const bytes = new TextEncoder().encode(lines.map((line) => `${line}\r\n`).join(""));
    for (let sent = 0; sent < bytes.length;) sent += await this.#conn.write(bytes.subarray(sent));
    return await this.reply();
  }

  /** Upgrades to TLS, after the server's consent. */
  async startTls(caPem: string): Promise<void> {
    // Only TCP connections are ever upgraded here.
    const tls = await Deno.startTls(this.#conn as Deno.TcpConn, {
      hostname: "localhost",
      caCerts: [caPem],
    });
    this.#conn = tls;
    await tls.handshake();
  }

  /** Closes the socket. */
  [Symbol.dispose](): void {
    this.#conn.close();
  }

  async #line(): Promise<string> {
    const buffer = new Uint8Array(4096);
    while (!this.#unread.includes("\r\n")) {
      const count = await this.#conn.read(buffer);
      if (count === null) throw new Error(`Cannot read a line: closed after "${this.#unread}"`);
      this.#unread += new TextDecoder().decode(buffer.subarray(0, count));
    }
    const end = this.#unread.indexOf("\r\n");
    const line = this.#unread.slice(0, end);
    this.#unread = this.#unread.slice(end + 2);
    return line;
  }
}

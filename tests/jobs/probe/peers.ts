/**
 * Servers to probe: scripts in memory, TLS with any certificate on loopback, and a clock in hand.
 *
 * @module
 */

import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import {
  probe,
  type ProbeOptions,
  type ProbeRun,
  type TargetResult,
} from "../../../src/jobs/mod.ts";
import { type Clock, type Connection, systemClock } from "../../../src/wire/mod.ts";
import { FakeClock } from "../../fake_clock.ts";
import { play, type Played } from "../../smtp/scripted_server.ts";

/** A probe of a script. */
export interface Scripted {
  readonly run: ProbeRun;
  readonly result: TargetResult;
  readonly played: Played;
  /** The findings as `severity id at stage`. */
  readonly findings: readonly string[];
}

/** What a server says that is all one could wish for, up to the first EHLO. */
export const GREETING = `
  S: 220 mail.example ESMTP
  C~ EHLO`;

/** What a server offers before TLS. */
export const OFFER = `
  S: 250-mail.example
  S: 250-SIZE 1000000
  S: 250 STARTTLS`;

/** From the offer into TLS, and the offer inside it. */
export const INTO_TLS = `
  C: MAIL FROM:<>
  S: 530 5.7.0 Must issue a STARTTLS command first
  C: STARTTLS
  S: 220 2.0.0 Go
  <tls>
  C~ EHLO
  S: 250-mail.example
  S: 250-SIZE 1000000
  S: 250-PIPELINING
  S: 250-CHUNKING
  S: 250 AUTH PLAIN LOGIN`;

/** The end. */
export const FAREWELL = `
  C: QUIT
  S: 221 2.0.0 Bye
  <eof>`;

/** A greeting of POP3, up to the first CAPA. */
export const POP3_GREETING = `
  S: +OK mail.example ready
  C: CAPA`;

/** What a server of POP3 offers before TLS. */
export const POP3_OFFER = `
  S: +OK
  S: UIDL
  S: STLS
  S: .`;

/** From there into TLS, and the offer inside it. */
export const POP3_INTO_TLS = `
  C: STLS
  S: +OK Go
  <tls>
  C: CAPA
  S: +OK
  S: UIDL
  S: PIPELINING
  S: USER
  S: SASL PLAIN
  S: .`;

/** A login in the clear, and the offer behind it. */
export const POP3_CLEAR_LOGIN: string = `${POP3_GREETING}
  S: +OK
  S: UIDL
  S: USER
  S: .
  C: USER ann
  S: +OK
  C~ PASS
  S: +OK
  C: CAPA
  S: +OK
  S: UIDL
  S: .`;

/** The end of POP3. */
export const POP3_FAREWELL = `
  C: QUIT
  S: +OK Bye
  <eof>`;

/** Something to probe. It gives findings as `severity id at stage`. */
export type Scenario = () => Promise<{ readonly findings: readonly string[] }>;

/** A finding that one scenario raises and another one does not. */
export interface Row {
  readonly id: string;
  /** What it is raised as. */
  readonly as: string;
  readonly raised: Scenario;
  readonly not: Scenario;
}

/** Probes a script, which must be played to its end. */
export async function probeScript(
  script: string,
  options: ProbeOptions = {},
  target: string = "smtp://mail.example",
): Promise<Scripted> {
  const played = play(script);
  const run = await probe(target, { dial: () => Promise.resolve(played.connection), ...options });
  await played.done;
  return { ...described(run), played };
}

/** The parts of a run that tests look at. */
export function described(run: ProbeRun): Pick<Scripted, "run" | "result" | "findings"> {
  const [result] = run.targets;
  if (result === undefined) throw new Error("Cannot describe a run without a target");
  const findings = run.findings.map(({ severity, id, stage }) => `${severity} ${id} at ${stage}`);
  return { run, result, findings };
}

/** Probes while a test turns the clock. */
export async function probeInTime(
  dial: (clock: FakeClock) => Connection,
  advance: (clock: FakeClock) => Promise<void>,
  options: ProbeOptions = {},
  target: string = "smtp://mail.example",
): Promise<Pick<Scripted, "run" | "result" | "findings">> {
  const clock = new FakeClock();
  const running = probe(target, {
    tls: "none",
    clock,
    dial: () => Promise.resolve(dial(clock)),
    ...options,
  });
  await advance(clock);
  return described(await running);
}

/** The machine's clock, with another date. */
export function clockAt(date: string): Clock {
  return { ...systemClock, now: () => Date.parse(date) };
}

/** Reads a file of the certificates. */
export function pem(name: string): Promise<string> {
  return Deno.readTextFile(
    new URL(`../../fixtures/certificates/${name}.pem`, import.meta.url),
  );
}

/** How a {@linkcode TlsServer} behaves. */
export interface TlsServerOptions {
  /** The name of its certificate. */
  readonly certificate?: string;
  /** The name of its key, if that is another. */
  readonly key?: string;
  /** TLS from the first octet, or after STARTTLS. */
  readonly mode: "implicit" | "starttls";
  /** What `node:tls` is told besides. */
  readonly tls?: ConstructorParameters<typeof TLSSocket>[1];
}

/** An obliging SMTP server with any certificate. It keeps what it was told. */
export class TlsServer implements AsyncDisposable {
  /** The lines it received. */
  readonly heard: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(options: TlsServerOptions, identity: { cert: string; key: string }) {
    const serve = (socket: Socket): void => {
      this.#sockets.add(socket);
      socket.on("error", () => {}); // clients that dislike the certificate hang up
      if (options.mode === "implicit") this.#secure(socket, options, identity);
      else this.#speak(socket, () => this.#secure(socket, options, identity, false));
    };
    this.#server = createTcpServer(serve);
  }

  static async start(options: TlsServerOptions): Promise<TlsServer> {
    const { certificate = "good", key = certificate } = options;
    const identity = { cert: await pem(certificate), key: await pem(`${key}.key`) };
    const server = new TlsServer(options, identity);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #secure(
    socket: Socket,
    { tls }: TlsServerOptions,
    identity: { cert: string; key: string },
    greets: boolean = true,
  ): void {
    const secured = new TLSSocket(socket, { isServer: true, ...identity, ...tls });
    secured.on("error", () => {});
    this.#sockets.add(secured);
    this.#speak(secured, undefined, greets);
  }

  #speak(socket: Socket, startTls: (() => void) | undefined, greets: boolean = true): void {
    const say = (text: string): void => void socket.write(`${text}\r\n`);
    if (greets) say("220 mail.example ESMTP");
    const listen = (data: Uint8Array): void => {
      for (const line of new TextDecoder().decode(data).split("\r\n").filter(Boolean)) {
        this.heard.push(line);
        const verb = line.split(" ", 1)[0];
        if (verb === "EHLO") {
          say(
            "250-mail.example\r\n250-SIZE 1000000\r\n" +
              (startTls === undefined ? "250 AUTH PLAIN" : "250 STARTTLS"),
          );
        } else if (verb === "STARTTLS") {
          socket.off("data", listen);
          say("220 Go");
          startTls?.();
        } else if (verb === "MAIL" && startTls !== undefined) {
          say("530 5.7.0 Must issue a STARTTLS command first");
        } else if (verb === "AUTH") say("235 2.7.0 Welcome");
        else if (verb === "QUIT") socket.end("221 Bye\r\n");
        else say("250 2.0.0 OK");
      }
    };
    socket.on("data", listen);
  }
}

/**
 * What the sandbox serves to one connection of SMTP or LMTP.
 *
 * @module
 */

import type {
  CredentialStore,
  EnvelopeRecipient,
  MessageSink,
  ReceivedEnvelope,
  SaslServerOptions,
  ServedSession,
  ServerReply,
  SmtpBackend,
  Takeover,
} from "../server/mod.ts";
import type { Connection } from "../wire/mod.ts";
import type { HeldMails } from "./held_mail.ts";
import { Gatherer, type MailStore, sameMailbox, type StoredMail } from "./mailbox.ts";
import type { Maildrops } from "./maildrops.ts";
import { credentialsOf, type SandboxUsers, userOf } from "./users.ts";

/** Where a node of ETRN gets its mail: a URL, or why it does not. */
export type EtrnTarget =
  | { readonly url: string; readonly caCerts?: readonly string[] }
  | "unable"
  | { readonly refused: string };

/** What the backends of all connections share. */
export interface SandboxState {
  readonly users: SandboxUsers;
  readonly sasl: SaslServerOptions;
  readonly recipients: readonly string[] | undefined;
  readonly lists: Readonly<Record<string, readonly string[]>>;
  readonly nodes: Readonly<Record<string, EtrnTarget>>;
  readonly keepOctets: number;
  readonly store: MailStore;
  readonly maildrops: Maildrops;
  readonly held: HeldMails;
  /** Sends held mail over a connection that was turned. */
  turned(domains: readonly string[], connection: Connection): Promise<void>;
  /** Sends held mail to a node in the background. */
  send(domains: readonly string[], target: Extract<EtrnTarget, { url: string }>): void;
}

/** The backend of one connection. */
export class SandboxBackend implements SmtpBackend {
  readonly hostname = "localhost";
  readonly credentials: CredentialStore;
  readonly sasl: SaslServerOptions;
  readonly #state: SandboxState;
  readonly #stored: (mail: StoredMail) => void;
  /** The envelope whose content comes or came last. */
  envelope: ReceivedEnvelope | undefined;

  /**
   * Makes one.
   *
   * @param state What all connections share.
   * @param stored Told of each message that is kept.
   */
  constructor(state: SandboxState, stored: (mail: StoredMail) => void) {
    this.#state = state;
    this.#stored = stored;
    this.credentials = credentialsOf(state.users);
    this.sasl = state.sasl;
  }

  recipient({ address }: EnvelopeRecipient): ServerReply | undefined {
    const { recipients } = this.#state;
    if (recipients === undefined || /^postmaster(@|$)/i.test(address)) return undefined;
    return recipients.some((known) => sameMailbox(known) === sameMailbox(address))
      ? undefined
      : { code: 550, status: "5.1.1", text: "No such user here" };
  }

  message(given: ReceivedEnvelope, session: ServedSession): MessageSink {
    // The engine's own object goes on changing.
    const envelope = { sender: given.sender, recipients: [...given.recipients] };
    this.envelope = envelope;
    const gatherer = new Gatherer(this.#state.keepOctets);
    return {
      write: (chunk) => gatherer.take(chunk),
      finish: () => {
        const content = gatherer.content();
        const mail: StoredMail = {
          envelope,
          from: envelope.sender.address,
          to: envelope.recipients.map(({ address }) => address),
          content,
          get text() {
            return new TextDecoder().decode(content);
          },
          octets: gatherer.octets,
          session,
        };
        this.#state.store.add(mail);
        for (const address of new Set(mail.to.map(sameMailbox))) {
          this.#state.maildrops.add(address, { content });
        }
        this.#stored(mail);
        const text = `Queued as ${this.#state.store.mails.length}`;
        return [{ code: 250, status: "2.0.0", text }];
      },
      abort() {},
    };
  }

  verify(text: string): ServerReply {
    const { recipients } = this.#state;
    if (recipients === undefined) {
      return { code: 252, status: "2.0.0", text: "Cannot VRFY the user, but will take mail" };
    }
    const wanted = sameMailbox(text.replace(/^<(.*)>$/, "$1"));
    const found = recipients.filter((known) =>
      sameMailbox(known) === wanted || known.slice(0, known.lastIndexOf("@")) === wanted
    );
    if (found.length === 0) return { code: 550, status: "5.1.1", text: "No such user here" };
    return found.length === 1
      ? { code: 250, status: "2.1.5", text: `<${found[0]}>` }
      : { code: 553, status: "5.1.4", text: ["Ambiguous", ...found.map((one) => `<${one}>`)] };
  }

  expand(text: string): ServerReply {
    const { lists } = this.#state;
    const members = Object.hasOwn(lists, text) ? lists[text] : undefined;
    return members === undefined
      ? { code: 550, status: "5.1.1", text: "No such list here" }
      : { code: 250, status: "2.1.5", text: members.map((member) => `<${member}>`) };
  }

  etrn(node: string): ServerReply {
    const { nodes, held } = this.#state;
    const target = Object.hasOwn(nodes, node) ? nodes[node] : undefined;
    if (target === undefined) return { code: 459, text: `Node ${node} not allowed: unknown` };
    if (target === "unable") {
      return { code: 458, text: `Unable to queue messages for node ${node}` };
    }
    if ("refused" in target) {
      return { code: 459, text: `Node ${node} not allowed: ${target.refused}` };
    }
    const domains = domainsOf(node, held.domains);
    const count = held.waiting(domains).length;
    if (count === 0) return { code: 251, text: `OK, no messages waiting for node ${node}` };
    this.#state.send(domains, target);
    if (node.startsWith("#")) return { code: 250, text: `OK, queuing for node ${node} started` };
    return node.startsWith("@")
      ? { code: 252, text: `OK, pending messages for node ${node} started` }
      : { code: 253, text: `OK, ${count} pending messages for node ${node} started` };
  }

  atrn(asked: readonly string[], { user = "" }: ServedSession): ServerReply | Takeover {
    const own = userOf(this.#state.users, user)?.domains ?? [];
    const domains = asked.length === 0 ? own : asked;
    const allowed = own.map((domain) => domain.toLowerCase());
    if (domains.length === 0 || domains.some((domain) => !allowed.includes(domain.toLowerCase()))) {
      return { code: 450, status: "4.7.1", text: "ATRN request refused" };
    }
    if (this.#state.held.waiting(domains).length === 0) {
      return { code: 453, text: "You have no mail" };
    }
    return this.#takeover(domains);
  }

  turn({ user = "" }: ServedSession): Takeover {
    return this.#takeover(userOf(this.#state.users, user)?.domains ?? []);
  }

  #takeover(domains: readonly string[]): Takeover {
    return {
      reply: { code: 250, text: "OK now reversing the connection" },
      take: (connection) => this.#state.turned(domains, connection),
    };
  }
}

/** RFC 1985 section 5.3: a host, a domain with all below it, or a queue that is named after a domain. */
function domainsOf(node: string, held: readonly string[]): readonly string[] {
  if (!node.startsWith("@")) return [node.replace(/^#/, "")];
  const domain = node.slice(1).toLowerCase();
  return held.filter((one) => one === domain || one.endsWith(`.${domain}`));
}

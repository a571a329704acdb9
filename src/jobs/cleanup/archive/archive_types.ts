/**
 * What an archive of a cleanup is, of whatever kind.
 *
 * @module
 */

/** A message in an archive. */
export interface ArchivedCopy {
  /** The archive, as the policy names it. */
  readonly archive: string;
  /** Its file, from the base of all archives. */
  readonly path: string;
  /** The SHA-256 of the octets as received, in hexadecimal. */
  readonly sha256: string;
  /** How many octets were received. */
  readonly bytes: number;
  /** In an mbox: where its record begins. */
  readonly offset?: number;
  /** In an mbox: the octets of its record, with everything that was put around the message. */
  readonly length?: number;
}

/** What has become of a copy: it is there octet for octet, there with other octets, or not there. */
export type CopyState = "whole" | "damaged" | "missing";

/** A message on its way into an archive. */
export interface ArchiveWriter {
  /**
   * Takes the next octets, as they were received.
   *
   * @param octets A piece of any size.
   */
  write(octets: Uint8Array): Promise<void>;
  /**
   * Ends the message.
   *
   * @returns Where it will be. It is durable after the next {@linkcode Archive.barrier}, not before.
   */
  finish(): Promise<ArchivedCopy>;
  /** Forgets the message. Never throws. */
  abort(): Promise<void>;
}

/**
 * An archive. After an error of `begin`, `barrier` or a writer it is of no more use: the same error
 * comes again, for what a failed disk holds is not known.
 */
export interface Archive extends Disposable {
  /**
   * Begins a message.
   *
   * @param day The day it belongs to; `undefined` if that is unknown.
   * @returns Where its octets go.
   * @throws {ArchiveError} If there is no room for it.
   */
  begin(day: Date | undefined): Promise<ArchiveWriter>;
  /**
   * Makes all finished copies durable.
   *
   * @throws {ArchiveError} If that fails; then none of them counts.
   */
  barrier(): Promise<void>;
  /**
   * Reads a copy again and compares its digest.
   *
   * @param copy The copy, from the journal.
   * @returns What has become of it, wherever a mail reader may have moved it.
   */
  look(copy: ArchivedCopy): Promise<CopyState>;
  /**
   * Looks whether a copy is whole.
   *
   * @param copy The copy, from the journal.
   * @returns Whether it is there, octet for octet.
   */
  verify(copy: ArchivedCopy): Promise<boolean>;
  /**
   * Reads a copy; {@linkcode verify} it before.
   *
   * @param copy The copy, from the journal.
   * @returns The octets as they were received.
   */
  read(copy: ArchivedCopy): AsyncIterable<Uint8Array>;
  /**
   * Finds the copies of a lost journal by reading all files, and makes what it finds durable.
   *
   * @returns Every copy whose octets have the digest that is told of them. What another run is writing
   * is left out.
   */
  digests(): AsyncIterable<ArchivedCopy>;
  /**
   * Removes what a run that died has left half done.
   *
   * @returns How many such messages there were.
   */
  tidy(): Promise<number>;
  /** Lets go of all files; what was not behind a barrier is left for {@linkcode tidy}. */
  close(): void;
}

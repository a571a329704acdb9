/**
 * Parameters of MAIL and RCPT as people write them, `KEY` or `KEY=VALUE`, to what the session takes:
 * it guards those that it knows and sends all others as they are.
 *
 * @module
 */

import type { MailParameters, OtherParameter, RcptParameters } from "../../smtp/mod.ts";

type Read<Parameters> = (value: string) => Parameters | undefined;

const MAIL: Readonly<Record<string, Read<MailParameters>>> = {
  SIZE: (value) => number(value, /^\d{1,15}$/, (size) => ({ size })),
  BODY: (value) => one(value, ["7BIT", "8BITMIME", "BINARYMIME"], (body) => ({ body })),
  SMTPUTF8: (value) => none(value, { smtpUtf8: true }),
  AUTH: (value) => value === "" ? undefined : { auth: value === "<>" ? null : value },
  RET: (value) => one(value, ["FULL", "HDRS"], (ret) => ({ ret })),
  ENVID: (value) => value === "" ? undefined : { envid: value },
  REQUIRETLS: (value) => none(value, { requireTls: true }),
  HOLDFOR: (value) => number(value, /^[1-9]\d{0,8}$/, (holdFor) => ({ holdFor })),
  HOLDUNTIL: (value) => {
    const holdUntil = new Date(value);
    return /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(holdUntil.getTime())
      ? { holdUntil }
      : undefined;
  },
  BY: (value) => {
    const [, seconds, mode, trace] = /^(-?\d{1,9});([RN])(T?)$/i.exec(value) ?? [];
    const by = { seconds: Number(seconds), trace: trace !== "" };
    if (mode?.toUpperCase() === "N") return { by: { ...by, mode: "N" } };
    return mode !== undefined && by.seconds > 0 ? { by: { ...by, mode: "R" } } : undefined;
  },
  "MT-PRIORITY": (value) => number(value, /^-?\d$/, (mtPriority) => ({ mtPriority })),
};

const RCPT: Readonly<Record<string, Read<RcptParameters>>> = {
  NOTIFY: (value) => {
    if (value.toUpperCase() === "NEVER") return { notify: "NEVER" };
    const words = value.toUpperCase().split(",");
    const notify = (["SUCCESS", "FAILURE", "DELAY"] as const).filter((word) =>
      words.includes(word)
    );
    return notify.length === words.length ? { notify } : undefined;
  },
  ORCPT: (value) => {
    const [, type, address] = /^([a-z0-9-]+);(.+)$/i.exec(value) ?? [];
    return type === undefined || address === undefined ? undefined : { orcpt: { type, address } };
  },
};

/**
 * Reads parameters of MAIL.
 *
 * @param given Keywords and values.
 * @returns What the session takes, or `undefined` for none.
 * @throws {SyntaxError} If one is malformed, or given twice.
 */
export function readMailParameters(
  given: readonly OtherParameter[] | undefined,
): MailParameters | undefined {
  return read(given, MAIL);
}

/**
 * Reads parameters of RCPT.
 *
 * @param given Keywords and values.
 * @returns What the session takes, or `undefined` for none.
 * @throws {SyntaxError} If one is malformed, or given twice.
 */
export function readRcptParameters(
  given: readonly OtherParameter[] | undefined,
): RcptParameters | undefined {
  return read(given, RCPT);
}

function read<Parameters extends { readonly other?: readonly OtherParameter[] }>(
  given: readonly OtherParameter[] | undefined,
  known: Readonly<Record<string, Read<Parameters>>>,
): Parameters | { readonly other?: readonly OtherParameter[] } | undefined {
  if (given === undefined) return undefined;
  const seen = new Set<string>();
  const other: OtherParameter[] = [];
  let parameters: Parameters | undefined;
  for (const parameter of given) {
    const { keyword, value = "" } = parameter;
    const name = keyword.toUpperCase();
    const reader = known[name];
    const own = reader?.(value);
    const fits = reader === undefined ? isParameter(parameter) : own !== undefined;
    if (!fits || seen.has(name)) throw refused(parameter);
    seen.add(name);
    if (own === undefined) other.push(parameter);
    else parameters = parameters === undefined ? own : { ...parameters, ...own };
  }
  return other.length === 0 ? parameters : { ...parameters, other };
}

/** `esmtp-param` of RFC 5321 section 4.1.2. */
function isParameter({ keyword, value }: OtherParameter): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9-]*$/.test(keyword) && /^[!-<>-~]+$/.test(value ?? "-");
}

function refused({ keyword, value }: OtherParameter): SyntaxError {
  const text = value === undefined ? keyword : `${keyword}=${value}`;
  return new SyntaxError(
    `Cannot use the parameter ${JSON.stringify(text.slice(0, 80))}: ` +
      "it is malformed, out of place or given twice",
  );
}

function none<T>(value: string, parameters: T): T | undefined {
  return value === "" ? parameters : undefined;
}

function number<T>(value: string, form: RegExp, make: (value: number) => T): T | undefined {
  return form.test(value) ? make(Number(value)) : undefined;
}

function one<const Word extends string, T>(
  value: string,
  words: readonly Word[],
  make: (word: Word) => T,
): T | undefined {
  const found = words.find((word) => word === value.toUpperCase());
  return found === undefined ? undefined : make(found);
}

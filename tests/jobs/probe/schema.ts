/**
 * As much of JSON Schema as the schema of the probe uses.
 *
 * @module
 */

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly enum?: readonly Json[];
  readonly anyOf?: readonly Schema[];
  readonly type?: string | readonly string[];
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** What of a value breaks the schema, by its path; objects hold only what the schema names. */
export async function breaches(value: unknown): Promise<string[]> {
  const url = new URL("../../fixtures/probe/schema.json", import.meta.url);
  const schema: Schema = JSON.parse(await Deno.readTextFile(url));
  return check(JSON.parse(JSON.stringify(value)), schema, schema, "run");
}

function check(value: Json, schema: Schema, root: Schema, path: string): string[] {
  if (schema.$ref !== undefined) {
    const target = root.$defs?.[schema.$ref.replace("#/$defs/", "")];
    return target === undefined ? [`${path}: no ${schema.$ref}`] : check(value, target, root, path);
  }
  if (schema.anyOf !== undefined) {
    const all = schema.anyOf.map((one) => check(value, one, root, path));
    return all.some(({ length }) => length === 0) ? [] : all.flat();
  }
  if (schema.enum !== undefined) {
    return schema.enum.includes(value) ? [] : [`${path}: ${JSON.stringify(value)}`];
  }
  const types = [schema.type ?? []].flat();
  if (!types.includes(typeOf(value))) return [`${path}: ${typeOf(value)}`];
  if (Array.isArray(value)) {
    const { items = {} } = schema;
    return value.flatMap((item, index) => check(item, items, root, `${path}[${index}]`));
  }
  if (typeof value !== "object" || value === null) return [];
  const { properties = {}, required = [] } = schema;
  const missing = required.filter((key) => !(key in value)).map((key) => `${path}.${key}: missing`);
  return Object.entries(value).flatMap(([key, item]) => {
    const own = properties[key];
    return own === undefined
      ? [`${path}.${key}: unknown`]
      : check(item, own, root, `${path}.${key}`);
  }).concat(missing);
}

function typeOf(value: Json): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

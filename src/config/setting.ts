/** What a setting is. The tables of them are in `keys/`. */
import type { Parser } from './parsers.ts'
import { text } from './parsers.ts'
import type { Role } from './role.ts'

/** What a number counts; shown in the documentation. */
export type Unit =
  | 'ms'
  | 's'
  | 'days'
  | 'messages'
  | 'segments'
  | 'messages/s'
  | 's'
  | 'digits'
  | 'connections'
  | 'processes'
  | 'spans'
  | 'attempts'
  | 'submits'
  | 'submits/s'
  | 'webhooks'

type Default = string | null

/** `D` and `S` are kept as types: they tell whether a value can be null. */
export interface Setting<T, D extends Default = Default, S extends Default = Default> {
  /** The environment variable, or the field of a file. */
  readonly name: string
  readonly parser: Parser<T>
  /** As text, as the environment would have it; null: none. */
  readonly default: D
  /** The default for `standalone`. */
  readonly standaloneDefault: S
  readonly unit: Unit | null
  /** One sentence or two. */
  readonly description: string
  /** Never shown: not in a fault, not by `config print`. */
  readonly secret: boolean
}

/** Settings that are read together; the keys are the names of their values. */
export type SettingTable = Readonly<Record<string, Setting<unknown>>>

/** The values of a table: null only where there is no default. */
export type Values<G extends SettingTable> = {
  readonly [K in keyof G]: G[K] extends Setting<infer T, infer D, infer S>
    ? null extends D | S
      ? T | null
      : T
    : never
}

interface Details {
  readonly unit?: Unit
  readonly secret?: boolean
}

/** Has a value always. */
export function setting<T>(
  name: string,
  parser: Parser<T>,
  fallback: string,
  description: string,
  { unit, secret }: Details = {},
): Setting<T, string, string> {
  const shared = { name, parser, description, unit: unit ?? null, secret: secret ?? false }
  return { ...shared, default: fallback, standaloneDefault: fallback }
}

/** Null unless given. */
export function optional<T>(
  name: string,
  parser: Parser<T>,
  description: string,
  { unit, secret }: Details = {},
): Setting<T, null, null> {
  const shared = { name, parser, description, unit: unit ?? null, secret: secret ?? false }
  return { ...shared, default: null, standaloneDefault: null }
}

/** Null unless given; never shown. */
export function secret(
  name: string,
  description: string,
  parser: Parser<string> = text,
): Setting<string, null, null> {
  return optional(name, parser, description, { secret: true })
}

/** Another default for `standalone`; null: it has none there. */
export function standalone<T, D extends Default, S extends Default>(
  base: Setting<T, D>,
  standaloneDefault: S,
): Setting<T, D, S> {
  return { ...base, standaloneDefault }
}

export function defaultFor(setting: Setting<unknown>, role: Role): string | null {
  return role === 'standalone' ? setting.standaloneDefault : setting.default
}

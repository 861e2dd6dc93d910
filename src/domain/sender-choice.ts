/** Which sender id a customer's message goes out with. */

/** Named as in JSON, because it is stored so. */
export interface SenderSettings {
  /** A message may name none else. */
  readonly allowed?: readonly string[] | undefined
  /** Of messages that name none. */
  readonly default?: string | undefined
  /** The same, by the recipient's country. */
  readonly per_country?: Readonly<Record<string, string>> | undefined
}

/** Sender ids of one customer. */
export const senderIdsMax = 200

/** As it is written: names differ by the case of their letters. */
export function maySendAs({ allowed }: SenderSettings, senderId: string): boolean {
  return allowed === undefined || allowed.includes(senderId)
}

/**
 * Of a message that names none; undefined: that of the installation.
 *
 * @param country asked only when it matters
 */
export function senderFor(
  { per_country, default: fallback }: SenderSettings,
  country: () => string | null,
): string | undefined {
  if (per_country === undefined) return fallback
  const of = country()
  return of !== null && Object.hasOwn(per_country, of) ? per_country[of] : fallback
}

/** Of a customer's own sender ids, those that it may not send as: where they are named, and which. */
export function sendersNotAllowed(
  settings: SenderSettings,
): readonly (readonly ['default'] | readonly ['per_country', string])[] {
  const { default: fallback, per_country = {} } = settings
  const isForbidden = (senderId: string) => !maySendAs(settings, senderId)
  return [
    ...(fallback !== undefined && isForbidden(fallback) ? [['default'] as const] : []),
    ...Object.entries(per_country)
      .filter(([, senderId]) => isForbidden(senderId))
      .map(([country]) => ['per_country', country] as const),
  ]
}

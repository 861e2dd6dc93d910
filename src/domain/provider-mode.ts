/** What whoever runs the service has decided about a provider, for all processes. */

/**
 * `enabled`: it takes messages. `draining`: it takes no new ones; those in doubt there may still be asked there, and what is
 * under way ends. `disabled`: nothing goes there.
 */
export const providerModes = ['enabled', 'draining', 'disabled'] as const
export type ProviderMode = (typeof providerModes)[number]

/** The orders, by the words in which they are given, and the mode that each leads to. */
export const providerOrders = {
  drain: 'draining',
  disable: 'disabled',
  enable: 'enabled',
} as const satisfies Record<string, ProviderMode>
export type ProviderOrder = keyof typeof providerOrders

/** Heaviest weight of a provider. */
export const providerWeightMax = 10_000

/** As configured, but for the weights that were given at run time, by name. */
export function withWeights<T extends { readonly name: string; readonly weight: number }>(
  providers: readonly T[],
  weights: ReadonlyMap<string, number>,
): T[] {
  return providers.map((provider) => {
    const weight = weights.get(provider.name)
    return weight === undefined ? provider : { ...provider, weight }
  })
}

/** Longest note beside a mode, in UTF-16 code units. */
export const providerNoteLengthMax = 200

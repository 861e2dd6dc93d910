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

/** Longest note beside a mode, in UTF-16 code units. */
export const providerNoteLengthMax = 200

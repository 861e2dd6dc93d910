/** How long something takes, as a distribution that can be written in JSON. */
import { z } from 'zod'
import type { Random } from './randomness.ts'

/** No delay is longer: one hour. Draws of the unbounded distributions are cut there. */
export const delayMsMax = 3_600_000

const delayMs = z.number().min(0).max(delayMsMax)

/**
 * `fixed`: always `value_ms`. `uniform`: evenly from `min_ms` to `max_ms`. `exponential`: by its mean.
 * `lognormal`: half the draws are below `median_ms`; `sigma` is the spread of the logarithm (0.5 is mild,
 * 1.5 has a long tail). The last two are cut at `max_ms`.
 */
export const distributionSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('fixed'), value_ms: delayMs }),
  z
    .strictObject({ kind: z.literal('uniform'), min_ms: delayMs, max_ms: delayMs })
    .refine((range) => range.min_ms <= range.max_ms, {
      path: ['max_ms'],
      message: 'must not be less than min_ms',
    }),
  z.strictObject({
    kind: z.literal('exponential'),
    mean_ms: delayMs,
    max_ms: delayMs.default(delayMsMax),
  }),
  z.strictObject({
    kind: z.literal('lognormal'),
    median_ms: delayMs,
    sigma: z.number().min(0).max(5),
    max_ms: delayMs.default(delayMsMax),
  }),
])

export type Distribution = z.infer<typeof distributionSchema>

/** One draw, in milliseconds, never negative. */
export function drawDelayMs(distribution: Distribution, random: Random): number {
  switch (distribution.kind) {
    case 'fixed':
      return distribution.value_ms
    case 'uniform':
      return distribution.min_ms + random() * (distribution.max_ms - distribution.min_ms)
    case 'exponential':
      return Math.min(distribution.max_ms, -Math.log(1 - random()) * distribution.mean_ms)
    case 'lognormal':
      return Math.min(
        distribution.max_ms,
        distribution.median_ms * Math.exp(distribution.sigma * drawNormal(random)),
      )
    default:
      return distribution satisfies never
  }
}

/** Box–Muller: a standard normal number out of two even ones. */
function drawNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

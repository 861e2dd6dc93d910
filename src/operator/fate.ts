/** What becomes of one submit: drawn once, by the identity's behaviour. */
import type { Behaviour } from './behaviour.ts'
import type { Random } from './randomness.ts'

export const fates = [
  'taken',
  'error',
  'rejected',
  'throttled',
  'hang',
  'reset',
  'reset_before',
  'malformed',
  'outage',
] as const
export type Fate = (typeof fates)[number]

/** Draws the fate of the next submit. Uses one random number when anything is left to chance, else none. */
export type FateDraw = (random: Random) => Fate

/** Lays the rates out over [0, 1) once, so that a submit costs one draw and a short walk. */
export function fateDraw(behaviour: Behaviour): FateDraw {
  if (behaviour.outage) return () => 'outage'
  const bounds = fateBounds(behaviour)
  if (bounds.length === 0) return () => 'taken'
  return function draw(random) {
    const chance = random()
    for (const { fate, below } of bounds) {
      if (chance < below) return fate
    }
    return 'taken'
  }
}

function fateBounds(behaviour: Behaviour): { fate: Fate; below: number }[] {
  const shares: [Fate, number][] = [
    ['error', behaviour.error_rate],
    ['rejected', behaviour.reject_rate],
    ['throttled', behaviour.throttle_rate],
    ['hang', behaviour.hang_rate],
    ['reset', behaviour.reset_rate],
    ['reset_before', behaviour.reset_before_rate],
    ['malformed', behaviour.malformed_rate],
  ]
  let below = 0
  const bounds: { fate: Fate; below: number }[] = []
  for (const [fate, share] of shares) {
    if (share === 0) continue
    below += share
    bounds.push({ fate, below })
  }
  const last = bounds.at(-1)
  // Tenths do not add up to 1 exactly: what was meant to be everything must be everything.
  if (last !== undefined && last.below > 1 - 1e-9) last.below = Number.POSITIVE_INFINITY
  return bounds
}

/** Whether a submit of this fate is taken, whatever the client gets to see of it. */
export function takes(fate: Fate, behaviour: Behaviour): boolean {
  switch (fate) {
    case 'taken':
    case 'reset':
    case 'malformed':
      return true
    case 'hang':
      return behaviour.hang_takes
    case 'error':
    case 'rejected':
    case 'throttled':
    case 'reset_before':
    case 'outage':
      return false
    default:
      return fate satisfies never
  }
}

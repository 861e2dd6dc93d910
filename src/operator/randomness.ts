/** Chance, repeatable when a seed is given. */

/** A number in [0, 1), as `Math.random`. */
export type Random = () => number

/**
 * A generator that gives the same numbers for the same seed (mulberry32: 32 bits of state, good enough
 * to decide what goes wrong; not for secrets). `seed` is taken modulo 2³².
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return function next() {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

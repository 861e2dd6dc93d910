/**
 * Smooth weighted round-robin: over any stretch each candidate gets its share of the picks, and a heavy one gets
 * them spread out instead of in a row. Deterministic, so the split is exact and not merely likely.
 */

export interface WeightedCandidate {
  readonly weight: number
  /** The pick's memory; starts at 0 and belongs to `pickWeighted`. */
  credit: number
}

/**
 * Picks one of the candidates, or null when none has a weight. Those left out this time (full, failing, tried) keep
 * their credit as it is: they neither lose their place nor save up for a burst.
 */
export function pickWeighted<T extends WeightedCandidate>(candidates: readonly T[]): T | null {
  let total = 0
  let best: T | null = null
  for (const candidate of candidates) {
    if (candidate.weight <= 0) continue
    candidate.credit += candidate.weight
    total += candidate.weight
    if (best === null || candidate.credit > best.credit) best = candidate
  }
  if (best !== null) best.credit -= total
  return best
}

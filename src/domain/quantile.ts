/** Percentiles of what was counted into buckets. */

/**
 * Where the `q`th part of what was counted lies, by interpolation within its bucket, as Prometheus' `histogram_quantile`
 * does: what lies above the last bound is told as that bound.
 *
 * @param bounds ascending upper bounds
 * @param counts how many were at or below each bound, and as the last how many there were
 * @returns null when nothing was counted
 */
export function quantile(
  q: number,
  bounds: readonly number[],
  counts: readonly number[],
): number | null {
  const total = counts.at(-1) ?? 0
  if (total <= 0) return null
  const rank = q * total
  const index = bounds.findIndex((_, at) => (counts[at] ?? 0) >= rank)
  if (index < 0) return bounds.at(-1) ?? null
  const below = index === 0 ? 0 : (counts[index - 1] ?? 0)
  const from = index === 0 ? 0 : (bounds[index - 1] ?? 0)
  const to = bounds[index] ?? from
  const inside = (counts[index] ?? 0) - below
  return inside <= 0 ? to : from + ((to - from) * (rank - below)) / inside
}

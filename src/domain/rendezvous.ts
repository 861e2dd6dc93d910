/**
 * Weighted rendezvous hashing: who of several has the same key always, without anybody remembering it. Every process comes to the
 * same order; each gets its share of the keys by weight; when one leaves, its keys alone move, each to the next in its own order.
 */

export interface Weighted {
  readonly name: string
  readonly weight: number
}

/** The candidates that have a weight, in the order in which they have the key. */
export function rankByKey<T extends Weighted>(key: string, candidates: readonly T[]): T[] {
  const keyHash = hashOf(key, 0)
  return candidates
    .filter(({ weight }) => weight > 0)
    .map((candidate) => {
      // Above 0 and below 1, so that the logarithm is below 0.
      const share = (hashOf(candidate.name, keyHash) + 0.5) / 2 ** 32
      return { candidate, score: candidate.weight / -Math.log(share) }
    })
    .sort((a, b) => b.score - a.score || (a.candidate.name < b.candidate.name ? -1 : 1))
    .map(({ candidate }) => candidate)
}

/** FNV-1a over the text, then the finish of MurmurHash3, which spreads what differs in the last characters alone. */
function hashOf(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed
  for (let place = 0; place < text.length; place++) {
    hash = Math.imul(hash ^ text.charCodeAt(place), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

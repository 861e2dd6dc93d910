/** Names one claim among all, so that its claimant knows it again when the answer got lost. */

/** A whole number of 63 bits, in decimal. */
export type ClaimToken = string

/** @param random 0 ≤ x < 1 */
export function newClaimToken(random: () => number): ClaimToken {
  const high = BigInt(Math.floor(random() * 2 ** 31))
  const low = BigInt(Math.floor(random() * 2 ** 32))
  return String((high << 32n) | low)
}

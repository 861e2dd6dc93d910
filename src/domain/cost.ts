/**
 * What a segment costs at a provider: in the one currency that all costs are given in, counted in millionths of its unit, so that
 * equal costs are equal.
 */

const digits = 6
const unit = 10 ** digits

/** What a cost may be, for those who ask for one. */
export const costAllowed = `a number from 0 to 1000 with at most ${digits} decimals, such as 0.045`
const costMax = 1_000 * unit

/** In millionths; undefined when it is none. */
export function parseCost(text: string): number | undefined {
  const match = /^(\d{1,4})(?:\.(\d{1,6}))?$/.exec(text)
  if (match === null) return undefined
  const cost = Number(match[1]) * unit + Number((match[2] ?? '').padEnd(digits, '0'))
  return cost <= costMax ? cost : undefined
}

export function costText(cost: number): string {
  const fraction = String(cost % unit)
    .padStart(digits, '0')
    .replace(/0+$/, '')
  const whole = String(Math.floor(cost / unit))
  return fraction === '' ? whole : `${whole}.${fraction}`
}

/**
 * What the check of a recipient and a sender id costs a message: `bun bench/address-check.ts`. Prints the CPU time of the
 * cheapest of nine rounds over 100,000 numbers, all different, of four countries.
 */
import { createAddressCheck } from '../src/api/address-of-submit.ts'
import type { Fault } from '../src/api/problems.ts'
import { type CustomerSettings, unknownCustomer } from '../src/domain/customer-settings.ts'
import { type NumberSettings, placesMax } from '../src/domain/number-rules.ts'

const count = 100_000
const rounds = 9

const phones = Array.from({ length: count }, (_, index) => {
  const digits = String(1_000_000 + index)
  return [`+49170${digits}`, `+1212${digits}`, `+447${digits}00`, `+3361${digits}`][index % 4] ?? ''
})
const atHome = phones.map((_, index) => `0170 ${1_000_000 + index}`)
const places = Array.from({ length: placesMax }, (_, index) => `+88${index}`)

const cases: [string, readonly string[], NumberSettings, CustomerSettings][] = [
  ['nothing is set', phones, {}, {}],
  ['a region is set, E.164 given', phones, { region: 'DE' }, {}],
  ['sender ids without countries', phones, {}, { senders: { allowed: ['Acme'], default: 'Acme' } }],
  ['sender ids by country', phones, {}, { senders: { per_country: { US: '12345' } } }],
  ['a region is set, dialled at home', atHome, { region: 'DE' }, {}],
  ['validity possible', phones, { validity: 'possible' }, {}],
  ['validity valid', phones, { validity: 'valid' }, {}],
  [`${placesMax} beginnings denied`, phones, { deny: places }, {}],
  ['a line type denied', phones, { line_types_denied: ['PREMIUM_RATE'] }, {}],
  [
    'all of it',
    phones,
    { validity: 'valid', deny: places, line_types_denied: ['PREMIUM_RATE'] },
    { numbers: { allow: ['DE', 'US', 'GB', 'FR'] }, senders: { per_country: { US: '12345' } } },
  ],
]

for (const [name, numbers, everybodys, settings] of cases) {
  const check = createAddressCheck(everybodys)
  const profile = { ...unknownCustomer(1), settings }
  let lowest = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const submits = numbers.map((phone) => ({ phone }))
    const faults: Fault[] = []
    const before = process.cpuUsage()
    for (const submit of submits) check({ submit, profile, pointer: '' }, faults)
    const { user, system } = process.cpuUsage(before)
    lowest = Math.min(lowest, user + system)
  }
  process.stdout.write(`${name.padEnd(36)}${(lowest / count).toFixed(2)} µs\n`)
}

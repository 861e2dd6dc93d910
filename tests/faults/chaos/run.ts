/** `npm run chaos -- [options]`: the long form of the chaos test, with a table of its rounds. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { ensureBinary } from '../../../loadtest/private-servers.ts'
import { faultsOf, type Reckoning, type Round, runChaos } from './chaos.ts'
import type { InDoubtPolicy } from './cluster.ts'

interface Options {
  readonly rounds: number
  readonly roundMs: number
  readonly rate: number
  readonly inDoubt: InDoubtPolicy
  readonly json?: string
}

const wholeNumber = (value: string): number => {
  if (!/^[1-9]\d{0,6}$/.test(value))
    throw new InvalidArgumentError('must be a whole number above 0')
  return Number(value)
}

const program = new Command('chaos')
  .description(
    'kills or empties something under load, round by round, and reckons up every message',
  )
  .option('--rounds <n>', 'how often something is struck', wholeNumber, 40)
  .option('--round-ms <n>', 'from one strike to the next, at least', wholeNumber, 3_000)
  .option('--rate <n>', 'messages a second', wholeNumber, 2_000)
  .addOption(
    new Option('--in-doubt <policy>', "the providers' policy")
      .choices(['resend', 'unknown'])
      .default('resend'),
  )
  .option('--json <file>', 'also write everything there')
  .parse()

const options = program.opts<Options>()
const seconds = (ms: number): string => (ms / 1_000).toFixed(1)

function show({ strike, inDoubtMax, backMs, recoveredMs }: Round, index: number): void {
  const cells = [
    String(index + 1).padStart(3),
    strike.padEnd(18),
    String(inDoubtMax).padStart(8),
    seconds(backMs).padStart(9),
    seconds(recoveredMs).padStart(13),
  ]
  console.log(cells.join('  '))
}

function sum(reckoning: Reckoning): void {
  const { accepted, refused, lost, neverTaken, duplicates, keysDiffer, states, rounds } = reckoning
  const inDoubtMax = rounds.reduce((total, round) => total + round.inDoubtMax, 0)
  const slowest = Math.max(...rounds.map(({ recoveredMs }) => recoveredMs))
  console.log(`
accepted ${accepted}, refused or broken off ${refused}
final states ${JSON.stringify(states)}, the last ${seconds(reckoning.settledMs)} s after the load
lost ${lost}, never taken ${neverTaken}
taken twice ${duplicates}, at most ${inDoubtMax} in doubt; with another key ${keysDiffer}
slowest recovery ${seconds(slowest)} s`)
}

await ensureBinary(new AbortController().signal)
console.log('  #  strike              in doubt  back in s  recovered in s')
let shown = 0
const reckoning = await runChaos({
  rounds: options.rounds,
  roundMs: options.roundMs,
  messagesPerSecond: options.rate,
  inDoubt: options.inDoubt,
  onRound: (round) => show(round, shown++),
})
sum(reckoning)
if (options.json !== undefined) await Bun.write(options.json, JSON.stringify(reckoning, null, 2))
const faults = faultsOf(reckoning, options.inDoubt)
for (const fault of faults) console.log(`✗ ${fault}`)
console.log(faults.length === 0 ? '✓ everything held' : `${faults.length} did not hold`)
process.exit(faults.length === 0 ? 0 : 1)

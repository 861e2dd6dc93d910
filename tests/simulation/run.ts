/** `npm run simulation -- [options]`: many seeds, on all cores; a seed that fails is shown with what happened in it. */
import { availableParallelism } from 'node:os'
import { Command, InvalidArgumentError, Option } from 'commander'
import { startSimulatedDatabase } from './simulated-database.ts'
import { type Mutant, mutants } from './simulated-store.ts'
import { type SimulationResult, simulate } from './simulation.ts'

interface Options {
  readonly seeds: number
  readonly from: number
  readonly jobs: number
  readonly mutant?: Mutant
  readonly show?: true
}

const wholeNumber = (value: string): number => {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError('must be a whole number')
  return Number(value)
}

const options = new Command('simulation')
  .description('runs the whole pipeline on virtual time, with faults that a seed decides')
  .option('--seeds <n>', 'how many', wholeNumber, 100)
  .option('--from <seed>', 'the first of them', wholeNumber, 1)
  .option('--jobs <n>', 'processes', wholeNumber, availableParallelism())
  .addOption(new Option('--mutant <name>', 'with a defect put back in').choices([...mutants]))
  .option('--show', 'what happens in each seed')
  .parse()
  .opts<Options>()

const { seeds, from, jobs, mutant, show } = options
const startedAt = performance.now()
const totals = { seeds: 0, steps: 0, accepted: 0, takenTwice: 0, virtualMs: 0 }
const violations: SimulationResult[] = []

/** Each process of its own runs every `jobs`th seed: virtual time is a process's whole time. */
if (jobs > 1) {
  const children = Array.from({ length: jobs }, (_, job) => startJob(job))
  await Promise.all(children.map((child) => child.exited))
} else {
  const database = await startSimulatedDatabase()
  const stride = Number(process.env.SIMULATION_STRIDE ?? 1)
  try {
    for (let seed = from; seed < from + seeds; seed += stride) {
      const result = await simulate({
        database,
        seed,
        mutant: mutant ?? null,
        ...(show === true ? { log: (line) => console.log(line) } : {}),
      })
      count(result)
      process.send?.(result)
    }
  } finally {
    await database.close()
  }
}

function startJob(job: number): Bun.Subprocess {
  const args = ['--seeds', String(seeds - job), '--from', String(from + job), '--jobs', '1']
  if (mutant !== undefined) args.push('--mutant', mutant)
  return Bun.spawn([process.execPath, import.meta.path, ...args], {
    env: { ...process.env, SIMULATION_STRIDE: String(jobs) },
    stdio: ['ignore', 'inherit', 'inherit'],
    ipc: (result: SimulationResult) => count(result),
    serialization: 'json',
  })
}

function count(result: SimulationResult): void {
  totals.seeds++
  totals.steps += result.steps
  totals.accepted += result.accepted
  totals.takenTwice += result.takenTwice
  totals.virtualMs += result.endedMs
  if (process.env.SIMULATION_STRIDE !== undefined) return
  if (show === true) console.log(JSON.stringify(result))
  if (result.violation !== null) {
    violations.push(result)
    console.log(`✗ seed ${result.seed}: ${result.violation}`)
  }
  if (totals.seeds % 100 === 0) {
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0)
    console.log(`${totals.seeds} seeds, ${violations.length} violations, ${seconds} s`)
  }
}

if (process.env.SIMULATION_STRIDE !== undefined) process.exit(0)
const hours = (totals.virtualMs / 3_600_000).toFixed(1)
console.log(
  `${totals.seeds} seeds, ${totals.steps} steps, ${hours} virtual hours, ${totals.accepted} messages accepted, ${totals.takenTwice} taken twice, ${violations.length} violations`,
)
process.exit(violations.length === 0 && totals.seeds === seeds ? 0 : 1)

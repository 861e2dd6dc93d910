/**
 * The whole pipeline in one process, on virtual time: two APIs, two processors, a real PostgreSQL, providers and clients. A
 * seed decides what fails and when, and the order of everything; the same seed gives the same run, to the last step.
 */
import type { ProviderReport } from '../../src/domain/provider-report.ts'
import { createFaults, databaseDelayMsMax } from './faults.ts'
import { createInvariants, InvariantViolated, type Summary } from './invariants.ts'
import type { SimulatedDatabase } from './simulated-database.ts'
import {
  type SimulatedApi,
  type SimulatedProcessor,
  settings,
  startApi,
  startProcessor,
} from './simulated-gateway.ts'
import type { SimulatedProcess } from './simulated-network.ts'
import { createSimulatedProvider, type SimulatedProvider } from './simulated-provider.ts'
import { createQueueServer, queueFor } from './simulated-queue.ts'
import { mayHave, providerNames, routesOf } from './simulated-routes.ts'
import { type DatabaseServer, type Mutant, storeFor } from './simulated-store.ts'
import { installVirtualTime, startMs } from './virtual-time.ts'

export interface SimulationOptions {
  readonly database: SimulatedDatabase
  readonly seed: number
  readonly mutant?: Mutant | null
  /** Told of every fault, for a seed that is looked at. */
  readonly log?: (line: string) => void
}

export interface SimulationResult extends Summary {
  readonly seed: number
  /** What did not hold, or null. */
  readonly violation: string | null
  readonly steps: number
  /** Virtual time until everything was final. */
  readonly endedMs: number
  /** Of all that happened, in order: equal for equal runs. */
  readonly fingerprint: string
}

const messages = 40
/** Messages come, and things fail, for so long; after that everything is well. */
const troubleMs = 60_000
/** By then everything must be final: validity, reports and leases are shorter. */
const endMs = 1_200_000
/** Some messages are for later, at most so much. */
const laterMsMax = 40_000

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const { database, seed, mutant = null } = options
  await database.empty()
  const time = installVirtualTime(seed)
  try {
    return await run(time, { database, seed, mutant, log: options.log ?? (() => undefined) })
  } finally {
    time.uninstall()
  }
}

async function run(
  time: ReturnType<typeof installVirtualTime>,
  { database, seed, mutant, log }: Required<SimulationOptions>,
): Promise<SimulationResult> {
  const { random, pick } = time
  const routes = routesOf(seed)
  const policy = random() < 0.5 ? 'resend' : 'unknown'
  const invariants = createInvariants({
    database,
    time,
    policy,
    attemptsMax: settings.retry.attemptsMax,
    claimLeaseMs: settings.claimLeaseMs,
  })
  const databaseServer: DatabaseServer = {
    up: true,
    lostAnswers: 0,
    refused: 0,
    delayMsMax: databaseDelayMsMax,
    stalls: 0,
  }
  const queueServer = createQueueServer(time)
  const servers = {
    time,
    database,
    invariants,
    server: databaseServer,
    mutant,
    parked: { any: false },
    routes,
    log: (line: string) => say(line),
  }
  let failure: unknown = null
  const watch = (work: Promise<unknown>): void => {
    work.catch((error: unknown) => {
      failure ??= error
    })
  }
  const say = (line: string): void =>
    log(`${((time.clock.now() - startMs) / 1_000).toFixed(3)} ${line}`)

  interface Place<T> {
    readonly name: string
    process: SimulatedProcess
    running: T | null
    started: number
  }
  const place = <T>(name: string): Place<T> => ({
    name,
    process: { name, alive: false },
    running: null,
    started: 0,
  })
  const apis = [place<SimulatedApi>('api 1'), place<SimulatedApi>('api 2')]
  const processors = [
    place<SimulatedProcessor>('processor 1'),
    place<SimulatedProcessor>('processor 2'),
  ]

  const providers: SimulatedProvider[] = providerNames.map((name) =>
    createSimulatedProvider({
      name,
      time,
      invariants,
      timeoutMs: settings.providerTimeoutMs,
      log: (line) => say(line),
      onSubmitted(recipient) {
        if (mayHave(routes, name, recipient)) return
        failure ??= new InvariantViolated(`${name} got a message that it may not have`)
      },
      report: (report) => takeReport(report),
    }),
  )

  function newProcess<T>(at: Place<T>): SimulatedProcess {
    at.started++
    at.process = { name: `${at.name}.${at.started}`, alive: true }
    return at.process
  }

  function partsOf(process: SimulatedProcess) {
    return {
      process,
      store: storeFor(process, servers),
      queue: queueFor(process, queueServer, servers),
      time,
    }
  }

  function upApi(at: Place<SimulatedApi>): void {
    at.running = startApi(partsOf(newProcess(at)))
  }

  function upProcessor(at: Place<SimulatedProcessor>): void {
    const parts = partsOf(newProcess(at))
    const graceMs = mutant === 'sweep without grace' ? 0 : settings.sweepGraceMs
    watch(
      startProcessor(parts, providers, policy, graceMs, routes).then(
        (running) => {
          at.running = running
        },
        // Without the database it ends, and its service manager starts another.
        () => kill(at, upProcessor),
      ),
    )
  }

  function kill<T>(at: Place<T>, up: (at: Place<T>) => void): void {
    say(`kill ${at.process.name}`)
    at.process.alive = false
    at.running = null
    time.after(500 + random() * 3_000, () => up(at))
  }

  /** SIGTERM: it ends by itself, and only then another starts. */
  function stop(at: Place<SimulatedProcessor>): void {
    const { process, running } = at
    if (running === null || !process.alive) return
    say(`stop ${process.name}`)
    invariants.stopped()
    at.running = null
    watch(
      running.stop().then(() => {
        process.alive = false
        upProcessor(at)
      }),
    )
  }

  /** By one of the APIs; a provider that is refused, or not answered, sends again. */
  function takeReport(report: ProviderReport): Promise<boolean> {
    const { running } = pick(apis)
    if (running === null) return Promise.resolve(false)
    const body = {
      message_id: report.providerMessageId,
      status: report.status,
      occurred_at: new Date(report.occurredAtMs ?? 0).toISOString(),
    }
    return new Promise((resolve) => {
      time.after(5_000, () => resolve(false))
      running.intake.store(report.provider, [body]).then(
        () => resolve(true),
        () => resolve(false),
      )
    })
  }

  let submitted = 0
  function submit(): void {
    const { running, process } = pick(apis)
    if (running === null) return
    const lane = random() < 0.3 ? 'express' : 'normal'
    const { phone = '', customer_id = 1 } =
      routes.submits[submitted++ % routes.submits.length] ?? {}
    const body = { phone, message: 'hello', customer_id }
    const scheduleAtMs = time.clock.now() + random() * laterMsMax
    const later = { timing: { scheduleAtMs, expiresAtMs: null, validForMs: null } }
    running.acceptance.accept(random() < 0.1 ? { ...body, ...later } : body, lane).then(
      ({ id }) => {
        // The 202 leaves with the process that lives to write it.
        if (process.alive) invariants.accepted(id)
      },
      () => undefined,
    )
  }

  const faults = createFaults({
    time,
    say,
    databaseServer,
    queueServer,
    providers,
    killApi: () => kill(pick(apis), upApi),
    killProcessor: () => kill(pick(processors), upProcessor),
    stopProcessor: () => stop(pick(processors)),
  })

  for (const at of apis) upApi(at)
  for (const at of processors) upProcessor(at)
  for (let count = 0; count < messages; count++) time.after(random() * troubleMs, submit)
  for (let atMs = random() * 4_000; atMs < troubleMs; atMs += 500 + random() * 7_000) {
    time.after(atMs, () => pick(faults)())
  }

  let steps = 0
  let hash = 0n
  let violation: string | null = null
  const untilMs = startMs + endMs
  try {
    for (;;) {
      if (!(await time.step(untilMs))) throw new InvariantViolated('not everything became final')
      steps++
      hash = Bun.hash.wyhash(`${time.clock.now()} ${random()}`, hash)
      failure ??= invariants.violation()
      if (failure !== null) throw failure
      const isCalm = time.clock.now() > startMs + troubleMs + 10_000
      if (isCalm && steps % 50 === 0 && invariants.isDone()) break
    }
  } catch (error) {
    violation = error instanceof Error ? error.message : String(error)
    if (!(error instanceof InvariantViolated))
      violation = `${error instanceof Error ? error.stack : error}`
  }
  return {
    seed,
    violation,
    steps,
    endedMs: time.clock.now() - startMs,
    fingerprint: hash.toString(36),
    ...invariants.summary(),
  }
}

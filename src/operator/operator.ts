/**
 * The mock SMS provider: a good one and, on demand, a bad one, for development and load tests.
 *
 * It speaks the HTTP provider contract under one path per identity and is steered under `/control`. It has
 * no authentication and POSTs reports, with the identity's secret, to whatever http(s) address a submit
 * names: keep it on a private network.
 */
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Clock } from '../runtime/clock.ts'
import { systemClock } from '../runtime/clock.ts'
import type { Service } from '../runtime/service.ts'
import { stopServer, turnAwayMs } from '../runtime/stop-server.ts'
import { errorAnswer } from './answers.ts'
import { controlRoutes, referencesBytesMax } from './control-routes.ts'
import { dispatcher } from './dispatch.ts'
import { createHangs } from './hangs.ts'
import type { Identity } from './identity.ts'
import { createIdentity, identityPattern } from './identity.ts'
import { referencesMaxDefault } from './ledger.ts'
import { registerMetrics } from './metrics.ts'
import type { Random } from './randomness.ts'
import type { WaitingAnswer } from './submit.ts'
import { createTimerWheel } from './timer-wheel.ts'

export const identitiesDefault: readonly string[] = ['primary', 'secondary', 'backup']

/** How long `stop` goes on delivering pending reports, which it sends without waiting for their time. */
export const flushMsDefault = 1_000

/** Answers come this late at most, on top of the latency that was drawn. */
const answerTickMs = 1

/** Paths of the operator's own. */
const reservedNames: ReadonlySet<string> = new Set(['control', 'health', 'metrics'])

export interface OperatorOptions {
  readonly hostname: string
  /** 0 takes any free one. */
  readonly port: number
  /** By identity: the bearer token of its delivery reports. One without is reported without a token. */
  readonly reportSecrets: Readonly<Record<string, string>>
  /** `[a-z0-9_-]{1,32}` each; see `identitiesDefault`. */
  readonly identities?: readonly string[]
  readonly logger?: Logger
  /** Gets the operator's metrics and is served at `/metrics`. */
  readonly registry?: Registry
  /** Chance, where no seed is set; `Math.random`. */
  readonly random?: Random
  readonly clock?: Clock
  /** References remembered per identity; see `referencesMaxDefault`. */
  readonly referencesMax?: number
  /** See `flushMsDefault`; requests in work have as long to end. */
  readonly flushMs?: number
}

export interface Operator extends Service {
  /** The port that is listened on; 0 when it does not run. */
  readonly port: number
}

/** @throws RangeError for an identity's name that cannot be one, or a name given twice */
export function createOperator(options: OperatorOptions): Operator {
  const { hostname, logger, registry, clock = systemClock } = options
  const hangs = createHangs()
  const answers = createTimerWheel<WaitingAnswer>({ tickMs: answerTickMs, clock, onDue: giveOut })
  const identities = identitiesOf(options, clock)
  const epochMs = epochClock(clock)
  let server: ReturnType<typeof Bun.serve> | undefined
  let isTurningAway = false
  let unregister: (() => void) | undefined

  const control = controlRoutes({
    identities,
    hangs,
    registry: registry ?? null,
    isReady: () => server !== undefined,
  })
  const dispatch = dispatcher({ answers, hangs, epochMs }, identities, control.fetch)

  async function start() {
    if (server !== undefined) return
    isTurningAway = false
    server = Bun.serve({
      hostname,
      port: options.port,
      // Two on one port would each have half of the evidence.
      reusePort: false,
      fetch: (request) => (isTurningAway ? stoppingAnswer() : dispatch(request)),
      // A hang lasts until the client gives up, not until the server does.
      idleTimeout: 0,
      maxRequestBodySize: referencesBytesMax,
      // Without it every reset would print an error page's worth of text.
      development: false,
      error: (error) => internalError(error, logger),
    })
    if (registry !== undefined) unregister = registerMetrics(registry, [...identities.values()])
    logger?.info(
      { hostname, port: server.port, identities: [...identities.keys()] },
      'operator runs',
    )
  }

  async function stop() {
    const running = server
    server = undefined
    if (running === undefined) return
    unregister?.()
    hangs.release()
    isTurningAway = true
    await Bun.sleep(turnAwayMs)
    giveOut(answers.drain())
    const flushMs = options.flushMs ?? flushMsDefault
    await stopServer(running, flushMs)
    const flushes = [...identities.values()].map(({ reports }) => reports.flush(flushMs))
    const lost = (await Promise.all(flushes)).reduce((sum, left) => sum + left, 0)
    logger?.info({ reportsLost: lost }, 'operator stopped')
  }

  return {
    name: 'operator',
    get port() {
      return server?.port ?? 0
    },
    start,
    stop,
  }
}

function giveOut(answers: WaitingAnswer[]) {
  for (const { resolve, response } of answers) resolve(response)
}

function identitiesOf(options: OperatorOptions, clock: Clock): ReadonlyMap<string, Identity> {
  const identities = new Map<string, Identity>()
  for (const name of options.identities ?? identitiesDefault) {
    if (!identityPattern.test(name) || reservedNames.has(name) || identities.has(name)) {
      throw new RangeError(`cannot be an identity of the operator: ${name}`)
    }
    const identity = createIdentity({
      name,
      secret: options.reportSecrets[name] ?? null,
      random: options.random ?? Math.random,
      clock,
      referencesMax: options.referencesMax ?? referencesMaxDefault,
      onGivenUp: (_callbackUrl, reports) =>
        options.logger?.warn({ identity: name, reports }, 'delivery reports given up'),
    })
    identities.set(name, identity)
  }
  return identities
}

/** The clock's epoch time, with the fraction that its monotonic side has. */
function epochClock(clock: Clock): () => number {
  const originMs = clock.now() - clock.monotonicMs()
  return () => originMs + clock.monotonicMs()
}

function stoppingAnswer(): Response {
  const headers = { 'retry-after': '1', connection: 'close' }
  return errorAnswer(503, 'stopping', 'the operator is stopping', headers)
}

function internalError(error: Error, logger: Logger | undefined): Response {
  logger?.error({ err: error }, 'operator failed to answer')
  return errorAnswer(500, 'internal_error', 'the operator failed; its log tells why')
}

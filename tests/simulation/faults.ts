/** What goes wrong in a simulation, each for a while that chance decides. */
import { settings } from './simulated-gateway.ts'
import type { SimulatedProvider } from './simulated-provider.ts'
import type { QueueServer } from './simulated-queue.ts'
import type { DatabaseServer } from './simulated-store.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface FaultOptions {
  readonly time: VirtualTime
  readonly say: (line: string) => void
  readonly databaseServer: DatabaseServer
  readonly queueServer: QueueServer
  readonly providers: readonly SimulatedProvider[]
  readonly killApi: () => void
  readonly killProcessor: () => void
  readonly stopProcessor: () => void
}

export type Fault = () => void

/** How long a call to a database that is well is on its way, at most. */
export const databaseDelayMsMax = 20

/** By far more than the grace of the sweep. */
const queueAheadMsMax = 60_000

/** One of them is picked at each moment of trouble; what is there twice comes twice as often. */
export function createFaults(options: FaultOptions): readonly Fault[] {
  const { time, say, databaseServer, queueServer } = options
  const { random } = time

  /** Bad for a while, then well again. */
  function spell(what: string, lastsMsMax: number, begin: () => void, end: () => void): void {
    const lastsMs = random() * lastsMsMax
    say(`${what} for ${(lastsMs / 1_000).toFixed(1)} s`)
    begin()
    time.after(lastsMs, end)
  }

  function away(): void {
    spell(
      'the database is away',
      random() * 60_000,
      () => (databaseServer.up = false),
      () => (databaseServer.up = true),
    )
  }

  function queueAway(): void {
    spell(
      'the queue is away',
      10_000,
      () => (queueServer.up = false),
      () => (queueServer.up = true),
    )
  }

  function queueEmptied(): void {
    say('the queue is emptied')
    queueServer.empty()
  }

  function queueClockSet(): void {
    queueServer.aheadMs = Math.round((random() * 2 - 1) * queueAheadMsMax)
    say(`the queue's clock is set to ${(queueServer.aheadMs / 1_000).toFixed(1)} s ahead`)
  }

  function answersLost(): void {
    spell(
      'answers are lost',
      8_000,
      () => (databaseServer.lostAnswers = queueServer.lostAnswers = 0.2),
      () => (databaseServer.lostAnswers = queueServer.lostAnswers = 0),
    )
  }

  function callsRefused(): void {
    spell(
      'calls are refused',
      8_000,
      () => (databaseServer.refused = queueServer.refused = 0.3),
      () => (databaseServer.refused = queueServer.refused = 0),
    )
  }

  function slow(): void {
    spell(
      'the database is slow',
      8_000,
      () => (databaseServer.delayMsMax = settings.statementTimeoutMs / 2),
      () => (databaseServer.delayMsMax = databaseDelayMsMax),
    )
  }

  function commitsStall(): void {
    spell(
      'commits stall',
      8_000,
      () => (databaseServer.stalls = 0.5),
      () => (databaseServer.stalls = 0),
    )
  }

  function providerRefuses(): void {
    const provider = time.pick(options.providers)
    spell(
      `${provider.name} refuses`,
      15_000,
      () => (provider.refuses = 1),
      () => (provider.refuses = 0),
    )
  }

  function providerHangs(): void {
    const provider = time.pick(options.providers)
    spell(
      `${provider.name} hangs`,
      15_000,
      () => (provider.hangs = 0.7),
      () => (provider.hangs = 0),
    )
  }

  return [
    options.killProcessor,
    options.killProcessor,
    options.killApi,
    options.stopProcessor,
    queueEmptied,
    queueAway,
    queueClockSet,
    away,
    answersLost,
    callsRefused,
    slow,
    commitsStall,
    providerRefuses,
    providerHangs,
  ]
}

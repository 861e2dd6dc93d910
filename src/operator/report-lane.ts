/**
 * The reports of one identity to one address: gathered into batches, a few flights at once. A flight keeps
 * its place until its batch is settled, so a dead receiver is knocked at by so many and no more.
 */
import type { Behaviour } from './behaviour.ts'
import type { Report } from './report.ts'

export interface ReportLane {
  /** Reports waiting or in flight. */
  readonly size: number
  /** `urgent` does not wait for company. */
  add(report: Report, urgent: boolean): void
  /** From now on nothing lingers. */
  hurry(): void
  /** Forgets what waits; flights are the sender's to abort. */
  clear(): void
}

export interface ReportLaneOptions {
  readonly behaviour: () => Behaviour
  /** Returns once the batch is settled, either way. Must not reject. */
  readonly deliver: (reports: Report[]) => Promise<void>
  /** Called when nothing waits and nothing flies. */
  readonly onIdle: () => void
}

export function createReportLane(options: ReportLaneOptions): ReportLane {
  const { behaviour, deliver, onIdle } = options
  let open: Report[] = []
  let full: Report[][] = []
  let waiting = 0
  let flying = 0
  let flights = 0
  /** The open batch has waited long enough and leaves with the next free flight. */
  let ripe = false
  let hurried = false
  let lingerTimer: ReturnType<typeof setTimeout> | undefined

  function add(report: Report, urgent: boolean) {
    open.push(report)
    waiting++
    if (open.length >= behaviour().report_batch_max) close()
    if (urgent || hurried) return ripen()
    if (full.length > 0) pump()
    if (open.length > 0 && !ripe) lingerTimer ??= setTimeout(ripen, behaviour().report_linger_ms)
  }

  function close() {
    full.push(open)
    open = []
    stopLingering()
  }

  function ripen() {
    stopLingering()
    ripe = open.length > 0
    pump()
  }

  function stopLingering() {
    clearTimeout(lingerTimer)
    lingerTimer = undefined
    ripe = false
  }

  function pump() {
    while (flights < behaviour().report_flights_max) {
      const batch = nextBatch()
      if (batch === undefined) return
      void fly(batch)
    }
  }

  function nextBatch(): Report[] | undefined {
    const batch = full.shift()
    if (batch !== undefined || open.length === 0 || !(ripe || hurried)) return batch
    close()
    return full.shift()
  }

  async function fly(batch: Report[]) {
    flights++
    waiting -= batch.length
    flying += batch.length
    await deliver(batch)
    flights--
    flying -= batch.length
    pump()
    if (waiting === 0 && flights === 0) onIdle()
  }

  function hurry() {
    hurried = true
    ripen()
  }

  function clear() {
    stopLingering()
    open = []
    full = []
    waiting = 0
  }

  return {
    get size() {
      return waiting + flying
    },
    add,
    hurry,
    clear,
  }
}

/** What must hold at every moment, whatever failed: looked at after every statement that may have changed something. */
import { canTransition, isFinal, type MessageState } from '../../src/domain/message-state.ts'
import type { SimulatedDatabase } from './simulated-database.ts'
import type { SimulatedProcess } from './simulated-network.ts'
import type { VirtualTime } from './virtual-time.ts'

export class InvariantViolated extends Error {
  override readonly name = 'InvariantViolated'
}

/** One submit, as the process that made it sees it. */
export interface Submit {
  readonly process: SimulatedProcess
  readonly provider: string
  /** `untaken`: the process knows for certain that the provider has not taken it. */
  answer: 'none' | 'taken' | 'untaken' | 'in doubt'
}

export interface Invariants {
  /** A client got a 202 for it. */
  accepted(id: string): void
  /** A provider is given the message: it must not be known by now that one has it. */
  submitted(id: string, submit: Submit): void
  taken(id: string): void
  /** The database has given it to a process, which may not live to hear of it. */
  claimedBy(process: SimulatedProcess, id: string): void
  /** A process knows that it has claimed it, or that what became of it is recorded. */
  claimed(process: SimulatedProcess, id: string): void
  settled(process: SimulatedProcess, id: string): void
  /** A process got an entry of this id from the queue (from itself, if it held it for long), or removes one. */
  delivered(process: SimulatedProcess, id: string): void
  acknowledged(process: SimulatedProcess, id: string): void
  /** The rows as they are now. */
  check(): Promise<void>
  /** A process was asked to stop. */
  stopped(): void
  /** What did not hold, as soon as it did not: who is told of it by an error may swallow it. */
  violation(): InvariantViolated | null
  /** Everything that was accepted is final. */
  isDone(): boolean
  /** What the run came to. */
  summary(): Summary
}

export interface Summary {
  readonly accepted: number
  readonly states: Readonly<Record<string, number>>
  readonly takenTwice: number
}

interface Row {
  id: string
  lane: string
  status: MessageState
  attempts: number
  due: boolean
  above: boolean
  reason: string | null
}

export interface InvariantOptions {
  readonly database: SimulatedDatabase
  readonly time: VirtualTime
  readonly policy: 'resend' | 'unknown'
  readonly attemptsMax: number
  /** A claim that is not settled for so long is nobody's any more. */
  readonly claimLeaseMs: number
}

/** What one process holds of one message. */
interface Held {
  entries: number
  claimedAtMs: number | null
}

export function createInvariants(options: InvariantOptions): Invariants {
  const { database, time, policy } = options
  const accepted = new Set<string>()
  const states = new Map<string, MessageState>()
  const submits = new Map<string, Submit[]>()
  const takings = new Map<string, number>()
  const claimants = new Map<string, Set<SimulatedProcess>>()
  const held = new Map<string, Held>()
  /** A stop may end a claim before its submit, and start the next one: that is no attempt at a provider. */
  let stops = 0
  let violated: InvariantViolated | null = null

  function fail(sentence: string): never {
    violated ??= new InvariantViolated(sentence)
    throw violated
  }

  function holding({ name }: SimulatedProcess, id: string): Held {
    const key = `${name} ${id}`
    const own = held.get(key) ?? { entries: 0, claimedAtMs: null }
    held.set(key, own)
    return own
  }

  function checkRow({ id, status, attempts, due, above, reason }: Row): void {
    const before = states.get(id)
    if (before !== undefined && before !== status && !canTransition(before, status)) {
      fail(`${id} went from ${before} to ${status}`)
    }
    states.set(id, status)
    if (!isFinal(status) && !due && !above) {
      fail(`${id} is ${status} below the watermark, without a due time: nobody looks at it again`)
    }
    if (attempts > options.attemptsMax + stops) fail(`${id} was claimed ${attempts} times`)
    if (status === 'unknown' && before !== 'unknown' && reason === 'in_doubt') checkDoubt(id)
  }

  /** In doubt is what was under way in a process that ended, and what a provider answered to unclearly or not at all. */
  function checkDoubt(id: string): void {
    const claimed = [...(claimants.get(id) ?? [])]
    const known = (submits.get(id) ?? []).every(({ answer }) => answer === 'untaken')
    if (known && claimed.every(({ alive }) => alive)) {
      fail(
        `${id} is unknown, and everybody who ever claimed it lives and knows that nobody took it`,
      )
    }
  }

  return {
    accepted: (id) => void accepted.add(id),
    submitted(id, submit) {
      const all = submits.get(id) ?? []
      const known = all.find(({ answer, process }) => answer === 'taken' && process.alive)
      if (known !== undefined) {
        fail(`${id} is submitted again, and a living process knows that ${known.provider} has it`)
      }
      if (states.get(id) === 'sent') fail(`${id} is submitted after it was recorded as sent`)
      submits.set(id, [...all, submit])
    },
    taken(id) {
      const times = (takings.get(id) ?? 0) + 1
      takings.set(id, times)
      if (policy === 'unknown' && times > 1) fail(`${id} was sent twice, by policy unknown`)
    },
    claimed(process, id) {
      holding(process, id).claimedAtMs = time.clock.now()
    },
    claimedBy(process, id) {
      claimants.set(id, (claimants.get(id) ?? new Set()).add(process))
    },
    settled(process, id) {
      holding(process, id).claimedAtMs = null
    },
    delivered(process, id) {
      holding(process, id).entries++
    },
    acknowledged(process, id) {
      const own = holding(process, id)
      own.entries--
      // An id may be at hand twice: the entry that claims nothing is acknowledged, the other one not yet.
      if (own.claimedAtMs === null || own.entries > 0) return
      if (time.clock.now() - own.claimedAtMs < options.claimLeaseMs) {
        fail(`${process.name} acknowledged ${id} before it recorded what became of it`)
      }
    },
    async check() {
      const rows = await database.sql<Row[]>`
        SELECT m.id, m.lane, m.status, m.attempts, m.due_at IS NOT NULL AS due, m.id > w.watermark AS above,
          (SELECT error_code FROM delivery_reports r WHERE r.message_id = m.id AND r.status = 'unknown' LIMIT 1) AS reason
        FROM messages m JOIN sweep_watermarks w ON w.lane = m.lane`
      for (const row of rows) checkRow(row)
      for (const id of accepted) if (!states.has(id)) fail(`${id} was accepted and is not there`)
    },
    violation: () => violated,
    isDone: () => [...states.values()].every(isFinal),
    summary() {
      const counts: Record<string, number> = {}
      for (const status of states.values()) counts[status] = (counts[status] ?? 0) + 1
      const takenTwice = [...takings.values()].filter((times) => times > 1).length
      return { accepted: accepted.size, states: counts, takenTwice }
    },
    stopped: () => void stops++,
  }
}

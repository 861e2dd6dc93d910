/**
 * How far the replica is behind, measured by positions in the write-ahead log: the primary's position is noted with its
 * time, and the replica's lag is the age of the newest note that it has replayed. Unlike the age of the last replayed
 * transaction this is right on an idle server, with replay paused, and with a broken connection between the two.
 */
import type { Sql } from 'postgres'
import type { Clock } from '../runtime/clock.ts'
import type { Database } from './database.ts'
import { defineStatement } from './statement.ts'

const primaryPosition = defineStatement<{ position: string }>(
  'replica_lag.primary',
  `SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::text AS position`,
)

const replicaPosition = defineStatement<{ position: string }>(
  'replica_lag.replica',
  `SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END - '0/0'::pg_lsn)::text AS position`,
)

interface Note {
  readonly atMs: number
  readonly position: bigint
}

/** A measurement older than this says nothing: the replica, or the primary, owes an answer. */
const measurementAgeMsMax = 2_000
/** Notes kept; at four a second this is more than a minute. */
const notesMax = 300

export interface ReplicaLag {
  /** Measures once; never throws. */
  measure(): Promise<void>
  /**
   * Milliseconds behind, or null when the replica (or the primary) did not answer. While the replica has replayed none of
   * the notes it is at least this much: the time since the first of them, or since it was last known to be fresh.
   */
  readonly lagMs: number | null
  /** Everything committed before this moment (milliseconds since the epoch) is on the replica. */
  readonly freshUntilMs: number
  /** Whether reads may go there now. */
  readonly usable: boolean
  /** A read failed there: do not use it until a measurement says that it answers. */
  markDown(): void
}

export function createReplicaLag(database: Database, lagMsMax: number, clock: Clock): ReplicaLag {
  let notes: Note[] = []
  let lagMs: number | null = null
  let freshUntilMs = 0
  let firstNoteMs: number | null = null
  let measuredAtMs = Number.NEGATIVE_INFINITY

  async function measure(): Promise<void> {
    try {
      const atMs = clock.now()
      const position = await askPosition(primaryPosition, database.write)
      firstNoteMs ??= atMs
      notes.push({ atMs, position })
      if (notes.length > notesMax) notes = notes.slice(-notesMax)
      const replayed = await askPosition(replicaPosition, database.read)
      const replayedNote = notes.findLast((note) => note.position <= replayed)
      if (replayedNote !== undefined) freshUntilMs = replayedNote.atMs
      const caughtUp = replayedNote === notes.at(-1)
      lagMs = caughtUp ? 0 : clock.now() - Math.max(freshUntilMs, firstNoteMs)
      measuredAtMs = clock.monotonicMs()
    } catch {
      lagMs = null
    }
  }

  return {
    measure,
    get lagMs() {
      return lagMs
    },
    get freshUntilMs() {
      return freshUntilMs
    },
    get usable() {
      if (clock.monotonicMs() - measuredAtMs > measurementAgeMsMax) return false
      return freshUntilMs > 0 && lagMs !== null && lagMs <= lagMsMax
    },
    markDown() {
      lagMs = null
    },
  }
}

async function askPosition(statement: typeof primaryPosition, sql: Sql): Promise<bigint> {
  const rows = await statement(sql, [])
  return BigInt(rows[0]?.position ?? 0)
}

/**
 * What a server's background processes do and a single session has nobody for: checkpoints (without them the
 * log is never cut), vacuum and analyze, and freezing before transaction ids run out.
 * Each statement is one turn at the session, during which every client waits.
 */
import type { Engine } from './engine.ts'
import type { SessionGate } from './session-gate.ts'

/** Even when the log is short, so that a crash has little to replay. */
const CHECKPOINT_EVERY_MS = 5 * 60_000
/** Log to replay after a crash, at most; a checkpoint of this much takes a fraction of a second. */
const LOG_BYTES_MAX = 64 * 1024 * 1024
/** Transactions after which a table is frozen; the server stops at two billion. */
const FREEZE_AGE = 200_000_000

const LOG_BYTES = `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn) FROM pg_control_checkpoint()`

/** Autovacuum's own rules and defaults; the table that needs it most comes first. */
const TABLE_TO_VACUUM = `
  SELECT s.relid::regclass::text
  FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
  WHERE s.n_dead_tup > 50 + 0.2 * greatest(c.reltuples, 0)
     OR s.n_mod_since_analyze > 50 + 0.1 * greatest(c.reltuples, 0)
  ORDER BY greatest(s.n_dead_tup, s.n_mod_since_analyze) DESC LIMIT 1`

const TABLE_TO_FREEZE = `
  SELECT oid::regclass::text FROM pg_class
  WHERE relkind IN ('r', 'm') AND greatest(age(relfrozenxid), mxid_age(relminmxid)) > ${FREEZE_AGE}
  ORDER BY age(relfrozenxid) DESC LIMIT 1`

export interface HousekeepingOptions {
  readonly engine: Engine
  readonly gate: SessionGate
  /** How often it looks at the log. */
  readonly checkEveryMs: number
  /** How often it looks for one table to vacuum. */
  readonly vacuumEveryMs: number
  readonly onError: (error: unknown) => void
}

export class Housekeeping {
  readonly #options: HousekeepingOptions
  #timer: ReturnType<typeof setTimeout> | undefined
  #checkpointAt = performance.now()
  #vacuumAt = performance.now()

  constructor(options: HousekeepingOptions) {
    this.#options = options
  }

  start(): void {
    this.#timer = setTimeout(() => void this.#tick(), this.#options.checkEveryMs)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  async #tick(): Promise<void> {
    try {
      await this.#checkpoint()
      await this.#vacuum()
    } catch (error) {
      this.#options.onError(error)
    }
    if (this.#timer !== undefined) this.start()
  }

  async #checkpoint(): Promise<void> {
    const logBytes = Number(await this.#value(LOG_BYTES))
    const isDue = performance.now() - this.#checkpointAt > CHECKPOINT_EVERY_MS
    if (logBytes < LOG_BYTES_MAX && !isDue) return
    await this.#value('CHECKPOINT')
    this.#checkpointAt = performance.now()
  }

  async #vacuum(): Promise<void> {
    if (performance.now() - this.#vacuumAt < this.#options.vacuumEveryMs) return
    this.#vacuumAt = performance.now()
    const frozen = await this.#value(TABLE_TO_FREEZE)
    if (frozen !== null) await this.#value(`VACUUM (FREEZE) ${frozen}`)
    const crowded = await this.#value(TABLE_TO_VACUUM)
    // Truncation would scan the end of the table for nothing: what is freed is filled again.
    if (crowded !== null) await this.#value(`VACUUM (ANALYZE, TRUNCATE false) ${crowded}`)
  }

  /** First value of the first row, in a turn of its own. */
  async #value(statement: string): Promise<string | null> {
    const rows = await this.#options.gate.exclusive(() => this.#options.engine.rows(statement))
    return rows[0]?.[0] ?? null
  }
}

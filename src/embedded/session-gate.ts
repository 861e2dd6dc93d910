/**
 * Turns at the one backend session.
 *
 * All clients share one session, whose unnamed statement, portal and transaction belong to whoever used them
 * last. So a client owns the session from the first message of a request to the ReadyForQuery that says idle:
 * over Flush, and over a whole transaction. Then the next in line has its turn.
 */

export interface Work {
  run(): Promise<void>
  /** False when the client owns the session beyond it: the rest of its request is still to come. */
  readonly endsTurn: boolean
}

/** One party that takes turns. */
export interface GateClient {
  readonly pending: Work[]
  /** It owns the session and has been silent for too long; abandon it. */
  onOverdue(): void
}

export interface SessionGateOptions {
  readonly isInTransaction: () => boolean
  /** How long an owner may be silent, with its transaction open, before it loses the session. */
  readonly ownerIdleMsMax: number
  /** A run that throws means that the engine is gone; nothing runs after it. */
  readonly onFailure: (error: unknown) => void
}

export class SessionGate {
  readonly #options: SessionGateOptions
  readonly #waiting: Set<GateClient> = new Set()
  #owner: GateClient | undefined
  #watch: ReturnType<typeof setTimeout> | undefined
  #isRunning = false
  #isClosed = false

  constructor(options: SessionGateOptions) {
    this.#options = options
  }

  submit(client: GateClient, work: Work): void {
    if (this.#isClosed) return
    client.pending.push(work)
    this.#waiting.add(client)
    void this.#run()
  }

  /** Forgets what the client has waiting; `cleanup` runs in its place, at once when it owns the session. */
  abandon(client: GateClient, cleanup: Work | undefined): void {
    client.pending.length = 0
    this.#waiting.delete(client)
    if (cleanup !== undefined) this.submit(client, cleanup)
  }

  owns(client: GateClient): boolean {
    return client === this.#owner
  }

  /** One turn of one's own. @throws what `work` throws */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = () => work().then(resolve, reject)
      this.submit({ pending: [], onOverdue: () => undefined }, { run, endsTurn: true })
    })
  }

  /** Nothing starts after this; what runs has run when it resolves, for the engine never waits. */
  close(): void {
    this.#isClosed = true
    this.#stopWatch()
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    try {
      for (let work = this.#take(); work !== undefined; work = this.#take()) {
        await work.run()
        if (work.endsTurn && !this.#options.isInTransaction()) this.#endTurn()
        await socketsHaveBeenRead()
      }
    } catch (error) {
      this.#isClosed = true
      this.#options.onFailure(error)
    }
    this.#isRunning = false
    this.#watchOwner()
  }

  #take(): Work | undefined {
    if (this.#isClosed) return undefined
    this.#owner ??= this.#waiting.values().next().value
    const work = this.#owner?.pending.shift()
    if (work !== undefined) this.#stopWatch()
    return work
  }

  #endTurn(): void {
    const owner = this.#owner
    this.#owner = undefined
    if (owner === undefined) return
    // To the end of the line, so that nobody with much to say keeps the others out.
    this.#waiting.delete(owner)
    if (owner.pending.length > 0) this.#waiting.add(owner)
  }

  /** The watch runs from the owner's last work on; what others submit meanwhile does not restart it. */
  #watchOwner(): void {
    const owner = this.#owner
    if (owner === undefined || this.#isClosed || this.#watch !== undefined) return
    this.#watch = setTimeout(() => owner.onOverdue(), this.#options.ownerIdleMsMax)
  }

  #stopWatch(): void {
    clearTimeout(this.#watch)
    this.#watch = undefined
  }
}

/** The engine runs on this thread: between two turns let the loop read what clients have sent meanwhile. */
function socketsHaveBeenRead(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

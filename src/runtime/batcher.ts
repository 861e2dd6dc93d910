/**
 * Groups work that arrives at about the same time into one operation: one statement, one commit, one round trip.
 *
 * Batches are formed by arrival. An idle batcher sends what it gets at the end of the current turn of the event loop,
 * so a single item waits for nothing. While as many batches as allowed are under way, arrivals gather, and leave when
 * one comes back. Under load (the last batch had `lingerFromSize` items or more) the next one leaves `lingerMs` after
 * that one came back, or full, because a statement costs more than an item in it; an idle moment ends that.
 *
 * An item's promise settles with its batch. When the batch fails with an error that `isItemFault` blames on an item,
 * the batch is halved and tried again, until the fault hits nobody but the item that has it.
 */

export interface BatcherOptions<Item, Result> {
  /** For error messages. */
  readonly name: string
  /** Items in one batch; a single group may be larger. */
  readonly batchMax: number
  /**
   * While so many items are waiting or under way, more are refused with `BatcherFullError`. A group is taken whole, so the last
   * one may go beyond it.
   */
  readonly pendingMax: number
  /** They are refused, too, while they would wait longer than this at the pace of the last batch. */
  readonly waitMsMax?: number
  /** Batches under way at once. */
  readonly flightsMax: number
  readonly lingerMs: number
  readonly lingerFromSize?: number
  /** Does the work for all items; answers one result an item, in order. */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>
  readonly isItemFault?: (error: unknown) => boolean
  readonly onBatch?: (size: number, durationMs: number) => void
}

export interface Batcher<Item, Result> {
  add(item: Item): Promise<Result>
  /** Items that stay together in one batch; one promise for all of them. */
  addGroup(items: readonly Item[]): Promise<readonly Result[]>
  /** Items waiting or under way. */
  readonly pending: number
  /** Whether an item added now would be refused. */
  readonly isFull: boolean
  /** Refuses new items and resolves when all that were taken have been settled. */
  close(): Promise<void>
}

export class BatcherFullError extends Error {
  override readonly name = 'BatcherFullError'
}

export class BatcherClosedError extends Error {
  override readonly name = 'BatcherClosedError'
}

interface Group<Item, Result> {
  readonly items: readonly Item[]
  readonly resolve: (results: readonly Result[]) => void
  readonly reject: (error: unknown) => void
}

const lingerFromSizeDefault = 8

export function createBatcher<Item, Result>(
  options: BatcherOptions<Item, Result>,
): Batcher<Item, Result> {
  const { name, batchMax, pendingMax, flightsMax, lingerMs, run, isItemFault, onBatch } = options
  const { waitMsMax = Number.POSITIVE_INFINITY, lingerFromSize = lingerFromSizeDefault } = options
  let waiting: Group<Item, Result>[] = []
  let waitingItems = 0
  let flyingItems = 0
  let flights = 0
  let lastSize = 0
  let lastEndedAt = 0
  let lastDurationMs = 0
  /** When a batch last came back, or the first one left an idle batcher. */
  let progressAt = 0
  let scheduled: NodeJS.Immediate | undefined
  let lingering: NodeJS.Timeout | undefined
  let closed = false
  let onDrained: (() => void) | undefined

  function addGroup(items: readonly Item[]): Promise<readonly Result[]> {
    if (closed) return Promise.reject(new BatcherClosedError(`${name} is closed`))
    if (items.length === 0) return Promise.resolve([])
    if (isFull()) {
      const pending = waitingItems + flyingItems
      return Promise.reject(new BatcherFullError(`${name} is full with ${pending} items`))
    }
    return new Promise((resolve, reject) => {
      waiting.push({ items, resolve, reject })
      waitingItems += items.length
      schedule()
    })
  }

  function isFull(): boolean {
    return waitingItems + flyingItems >= pendingMax || expectedMs() > waitMsMax
  }

  /** Until an item added now is done: a batch takes as long as the last one, or as the one that does not come back. */
  function expectedMs(): number {
    if (flights < flightsMax) return 0
    const batchMs = Math.max(lastDurationMs, performance.now() - progressAt)
    return (1 + waitingItems / batchMax) * batchMs
  }

  function schedule(): void {
    if (waitingItems === 0 || flights >= flightsMax || scheduled !== undefined) return
    const loaded = lingerMs > 0 && lastSize >= lingerFromSize && waitingItems < batchMax && !closed
    const lingerLeftMs = loaded ? lastEndedAt + lingerMs - performance.now() : 0
    if (lingerLeftMs <= 0) {
      clearTimeout(lingering)
      lingering = undefined
      scheduled = setImmediate(send)
    } else if (lingering === undefined) {
      lingering = setTimeout(endLinger, lingerLeftMs)
    }
  }

  function endLinger(): void {
    lingering = undefined
    if (waitingItems > 0 && flights < flightsMax && scheduled === undefined) send()
  }

  function send(): void {
    scheduled = undefined
    if (waitingItems === 0 || flights >= flightsMax) return
    const groups = takeGroups()
    const size = groups.reduce((sum, group) => sum + group.items.length, 0)
    waitingItems -= size
    flyingItems += size
    lastSize = size
    const startedAt = performance.now()
    if (flights === 0) progressAt = startedAt
    flights++
    void fly(groups, size).finally(() => {
      flights--
      flyingItems -= size
      lastEndedAt = performance.now()
      lastDurationMs = lastEndedAt - startedAt
      progressAt = lastEndedAt
      schedule()
      if (onDrained !== undefined && waitingItems + flyingItems === 0) onDrained()
    })
    schedule()
  }

  function takeGroups(): Group<Item, Result>[] {
    let count = 0
    let size = 0
    for (const group of waiting) {
      if (count > 0 && size + group.items.length > batchMax) break
      size += group.items.length
      count++
    }
    if (count === waiting.length) {
      const all = waiting
      waiting = []
      return all
    }
    return waiting.splice(0, count)
  }

  async function fly(groups: readonly Group<Item, Result>[], size: number): Promise<void> {
    const first = groups[0]
    if (first === undefined) return
    const items = groups.length === 1 ? first.items : groups.flatMap((group) => group.items)
    const startedAt = performance.now()
    try {
      const results = await run(items)
      if (results.length !== size) {
        throw new Error(`${name}: ${results.length} results for ${size} items`)
      }
      onBatch?.(size, performance.now() - startedAt)
      let start = 0
      for (const group of groups) {
        group.resolve(results.slice(start, start + group.items.length))
        start += group.items.length
      }
    } catch (error) {
      if (groups.length > 1 && isItemFault?.(error)) {
        const half = groups.length >> 1
        const firstHalf = groups.slice(0, half)
        const firstSize = firstHalf.reduce((sum, group) => sum + group.items.length, 0)
        await fly(firstHalf, firstSize)
        await fly(groups.slice(half), size - firstSize)
      } else {
        for (const group of groups) group.reject(error)
      }
    }
  }

  return {
    addGroup,
    async add(item) {
      const results = await addGroup([item])
      return results[0] as Result
    },
    get pending() {
      return waitingItems + flyingItems
    },
    get isFull() {
      return isFull()
    },
    async close() {
      closed = true
      if (waitingItems + flyingItems === 0) return
      await new Promise<void>((resolve) => {
        onDrained = resolve
        schedule()
        endLinger()
      })
    },
  }
}

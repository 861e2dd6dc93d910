/** Reads one lane for one consumer, over a connection of its own: a blocking read holds it while it waits. */
import type { QueueEntry, QueueReader } from '../queue.ts'
import { createRedisConnection, type RedisConnection, type RedisEndpoint } from './connection.ts'
import { itemsByStream, newestOf, type ShareItems } from './entries.ts'
import { RedisQueueError } from './errors.ts'
import { type StreamGroup, withGroups } from './group.ts'

export interface RedisReaderOptions {
  readonly endpoint: RedisEndpoint
  readonly group: string
  /** One a share, in order. */
  readonly sources: readonly StreamGroup[]
  readonly consumer: string
  /** Another connection, over which a read that waits is woken. */
  readonly control: RedisConnection
  /** Turns what was delivered of a share into entries, and sets aside the corrupt ones. */
  readonly accept: (part: ShareItems) => Promise<QueueEntry[]>
  /** Puts entries back for others. */
  readonly handBack: (entries: readonly QueueEntry[]) => Promise<void>
}

/** Longest single wait in the server. Longer ones are repeated, so that a dead connection is noticed. */
const blockMsMax = 1_000
/** An abort can overtake the read it is for on its way to the server: it is then repeated after this. */
const wakeIntervalMs = 5
/** If a wait has not ended this long after an abort, its connection is broken. */
const wakeMsMax = 500

export function createRedisReader(options: RedisReaderOptions): QueueReader {
  const { endpoint, group, sources, consumer, control, accept } = options
  const connection = createRedisConnection({ endpoint, name: 'sms-gateway-reader', blockMsMax })
  const { client } = connection
  let closed = false
  /** The server's number for this connection: what CLIENT UNBLOCK wants. */
  let clientId: Promise<number> | undefined
  client.on('close', () => {
    clientId = undefined
  })

  /** The newest entry that came of each share: the consumer's pending entries after it are those whose answer got lost. */
  const newest = sources.map(() => '0-0')
  let mayHaveLost = false
  /** The share that comes first where a count does not go round evenly. */
  let first = 0

  function seen(parts: readonly ShareItems[]): readonly ShareItems[] {
    for (const { share, items } of parts) newest[share] = newestOf(items) ?? newest[share] ?? '0-0'
    return parts
  }

  /** What is there, or the first that comes within `blockMs`. `isWanted` is called just before each question to the server. */
  async function ask(
    countMax: number,
    blockMs: number,
    isWanted: () => boolean = () => true,
  ): Promise<readonly ShareItems[]> {
    if (countMax >= sources.length) return await askFairly(countMax, blockMs, isWanted)
    const parts = await askFairly(countMax, 0, isWanted)
    if (parts.length > 0 || blockMs <= 0) return parts
    return await askShares([...sources.keys()], 1, blockMs, isWanted)
  }

  /**
   * An equal part of each share, and of those that had so many an equal part of what is left: the server takes its count of each
   * stream. With one busy share these are two round trips; with a `countMax` below the number of shares they may be more. May wait
   * for the first only, and only when each share is asked.
   */
  async function askFairly(
    countMax: number,
    blockMs: number,
    isWanted: () => boolean,
  ): Promise<readonly ShareItems[]> {
    const parts: ShareItems[] = []
    let left = countMax
    let reading = sources.map((_, place) => (first + place) % sources.length)
    first = (first + 1) % sources.length
    try {
      while (left > 0 && reading.length > 0) {
        const asked = reading.slice(0, left)
        const count = Math.floor(left / asked.length)
        const found = await askShares(asked, count, left === countMax ? blockMs : 0, isWanted)
        parts.push(...found)
        left -= countOf(found)
        const full = found.filter(({ items }) => items.length === count)
        reading = [...reading.slice(asked.length), ...full.map(({ share }) => share)]
      }
    } catch (error) {
      // What came before it broke off is here.
      if (parts.length === 0) throw error
      mayHaveLost = true
    }
    return parts
  }

  /** Up to `count` of each of the shares. */
  async function askShares(
    shares: readonly number[],
    count: number,
    blockMs: number,
    isWanted: () => boolean,
  ): Promise<readonly ShareItems[]> {
    const asked = shares.flatMap((share) => sources[share] ?? [])
    const streams = asked.map(({ stream }) => stream)
    const block = blockMs > 0 ? ['BLOCK', Math.ceil(blockMs)] : []
    const from = ['STREAMS', ...streams, ...streams.map(() => '>')]
    const reply = await withGroups(connection, asked, async () =>
      isWanted()
        ? client.call('xreadgroup', 'GROUP', group, consumer, 'COUNT', count, ...block, ...from)
        : null,
    )
    return seen(
      itemsByStream(reply).map(([stream, items]) => ({
        share: shares[streams.indexOf(stream)] ?? 0,
        items,
      })),
    )
  }

  /**
   * A read that broke off may have been delivered all the same: its entries would be pending until the reclaim, and keep the
   * sweep from whatever is younger. Looks through the shares until one has such entries.
   */
  async function askForLost(countMax: number): Promise<readonly ShareItems[]> {
    for (const [share, source] of sources.entries()) {
      const from = ['GROUP', group, consumer, 'COUNT', Math.floor(countMax), 'STREAMS']
      const reply = await withGroups(connection, [source], () =>
        client.call('xreadgroup', ...from, source.stream, newest[share] ?? '0-0'),
      )
      const items = itemsByStream(reply)[0]?.[1] ?? []
      if (items.length > 0) return seen([{ share, items }])
    }
    mayHaveLost = false
    return []
  }

  /**
   * A blocking read that an abort ends by CLIENT UNBLOCK: the server then answers it either with nothing or with the
   * entries it has just delivered, so none is lost and the connection lives. If that fails, the connection is broken;
   * whatever was delivered over it stays pending.
   */
  async function askUntilAborted(
    countMax: number,
    blockMs: number,
    signal: AbortSignal,
  ): Promise<readonly ShareItems[]> {
    let asking = true
    let sent = false
    let waking: Promise<void> | undefined
    let timer: NodeJS.Timeout | undefined
    let giveUp: (nothing: readonly ShareItems[]) => void = () => undefined
    const givenUp = new Promise<readonly ShareItems[]>((resolve) => {
      giveUp = resolve
    })

    function isWanted(): boolean {
      const wanted = asking && !signal.aborted
      sent ||= wanted
      return wanted
    }

    async function wake(): Promise<void> {
      const id = await clientId
      while (asking && id !== undefined) {
        const woken = await control.run(() => control.client.client('UNBLOCK', id))
        if (woken === 1) return
        await Bun.sleep(wakeIntervalMs)
      }
    }

    function breakOff(): void {
      if (!asking) return
      asking = false
      mayHaveLost = true
      connection.reset()
      giveUp([])
    }

    function onAbort(): void {
      if (sent) {
        timer = setTimeout(breakOff, wakeMsMax)
        waking = wake().catch(breakOff)
      } else {
        asking = false
        giveUp([])
      }
    }

    clientId ??= askClientId()
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await Promise.race([ask(countMax, blockMs, isWanted), givenUp])
    } finally {
      signal.removeEventListener('abort', onAbort)
      clearTimeout(timer)
      if (asking) {
        asking = false
        // A late wake-up must not hit the next read.
        await waking
      }
    }
  }

  function askClientId(): Promise<number> {
    const asked = connection.run(() => client.client('ID'))
    asked.catch(() => {
      if (clientId === asked) clientId = undefined
    })
    return asked
  }

  async function acceptAll(parts: readonly ShareItems[], countMax: number): Promise<QueueEntry[]> {
    const accepted = await Promise.all(parts.map(accept))
    const entries = accepted.flat()
    // Only a read of fewer than one of each share can be woken by several at once.
    const tooMany = entries.splice(countMax)
    if (tooMany.length > 0) await options.handBack(tooMany)
    return entries
  }

  return {
    async read(countMax, blockMs, signal) {
      if (closed) throw new RedisQueueError('the reader has been closed')
      if (countMax < 1) return []
      const count = Math.floor(countMax)
      const deadlineMs = performance.now() + blockMs
      while (!signal.aborted && !closed) {
        const leftMs = Math.min(deadlineMs - performance.now(), blockMsMax)
        try {
          const parts = mayHaveLost
            ? await askForLost(count)
            : leftMs > 0
              ? await askUntilAborted(count, leftMs, signal)
              : await ask(count, leftMs)
          const entries = await acceptAll(parts, count)
          if (entries.length > 0 || performance.now() >= deadlineMs) return entries
        } catch (error) {
          mayHaveLost = true
          if (!closed && !signal.aborted) throw error
        }
      }
      return []
    },
    async close() {
      closed = true
      await connection.close()
    },
  }
}

function countOf(parts: readonly ShareItems[]): number {
  return parts.reduce((count, { items }) => count + items.length, 0)
}

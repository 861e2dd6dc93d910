/** Reads one stream for one consumer, over a connection of its own: a blocking read holds it while it waits. */
import type { QueueEntry, QueueReader } from '../queue.ts'
import { createRedisConnection, type RedisConnection, type RedisEndpoint } from './connection.ts'
import { itemsOfRead, newestOf } from './entries.ts'
import { RedisQueueError } from './errors.ts'
import { type StreamGroup, withGroup } from './group.ts'

export interface RedisReaderOptions {
  readonly endpoint: RedisEndpoint
  readonly source: StreamGroup
  readonly consumer: string
  /** Another connection, over which a read that waits is woken. */
  readonly control: RedisConnection
  /** Turns a reply's items into entries, and sets aside the corrupt ones. */
  readonly accept: (items: unknown) => Promise<QueueEntry[]>
}

/** Longest single wait in the server. Longer ones are repeated, so that a dead connection is noticed. */
const blockMsMax = 1_000
/** An abort can overtake the read it is for on its way to the server: it is then repeated after this. */
const wakeIntervalMs = 5
/** If a wait has not ended this long after an abort, its connection is broken. */
const wakeMsMax = 500

export function createRedisReader(options: RedisReaderOptions): QueueReader {
  const { endpoint, source, consumer, control, accept } = options
  const connection = createRedisConnection({ endpoint, name: 'sms-gateway-reader', blockMsMax })
  const { client } = connection
  let closed = false
  /** The server's number for this connection: what CLIENT UNBLOCK wants. */
  let clientId: Promise<number> | undefined
  client.on('close', () => {
    clientId = undefined
  })

  /** The newest entry that came: the consumer's pending entries after it are those whose answer got lost. */
  let newestReceipt = '0-0'
  let mayHaveLost = false

  /** Asks the server for new entries, or for those after `from` that it has delivered; `isWanted` is called just before that. */
  async function ask(
    countMax: number,
    blockMs: number,
    isWanted: () => boolean = () => true,
    from = '>',
  ): Promise<unknown> {
    const count = ['COUNT', Math.floor(countMax)]
    const block = blockMs > 0 ? ['BLOCK', Math.ceil(blockMs)] : []
    const { stream, group } = source
    const reply = await withGroup(connection, source, async () =>
      isWanted()
        ? client.call(
            'xreadgroup',
            'GROUP',
            group,
            consumer,
            ...count,
            ...block,
            'STREAMS',
            stream,
            from,
          )
        : null,
    )
    const items = itemsOfRead(reply)
    newestReceipt = newestOf(items) ?? newestReceipt
    return items
  }

  /**
   * A read that broke off may have been delivered all the same: its entries would be pending until the reclaim, and keep the
   * sweep from whatever is younger.
   */
  async function askForLost(countMax: number): Promise<unknown> {
    const items = await ask(countMax, 0, () => true, newestReceipt)
    mayHaveLost = Array.isArray(items) && items.length > 0
    return items
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
  ): Promise<unknown> {
    let asking = true
    let sent = false
    let waking: Promise<void> | undefined
    let timer: NodeJS.Timeout | undefined
    let giveUp: (nothing: null) => void = () => undefined
    const givenUp = new Promise<null>((resolve) => {
      giveUp = resolve
    })

    function isWanted(): boolean {
      sent = asking
      return asking
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
      giveUp(null)
    }

    function onAbort(): void {
      if (sent) {
        timer = setTimeout(breakOff, wakeMsMax)
        waking = wake().catch(breakOff)
      } else {
        asking = false
        giveUp(null)
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

  return {
    async read(countMax, blockMs, signal) {
      if (closed) throw new RedisQueueError('the reader has been closed')
      if (countMax < 1) return []
      const deadlineMs = performance.now() + blockMs
      while (!signal.aborted && !closed) {
        const leftMs = Math.min(deadlineMs - performance.now(), blockMsMax)
        try {
          const items = mayHaveLost
            ? await askForLost(countMax)
            : leftMs > 0
              ? await askUntilAborted(countMax, leftMs, signal)
              : await ask(countMax, leftMs)
          const entries = items === null ? [] : await accept(items)
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

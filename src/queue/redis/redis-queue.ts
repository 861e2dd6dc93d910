/**
 * The queue on Redis Streams (6.2 or later): one stream a lane, one consumer group for all processors. An entry is one
 * field, `id`. Redis may be flushed, restarted empty or away: groups are made again, and connections come back.
 *
 * A work stream is never trimmed, because trimming drops what nobody has read; an acknowledged entry is deleted, because
 * XACK alone frees nothing.
 */
import { type Lane, lanes } from '../../domain/message.ts'
import type { CorruptEntryListener, Queue, QueueDepth, QueueEntry, QueueReader } from '../queue.ts'
import { createRedisConnection, type RedisEndpoint } from './connection.ts'
import { setAside } from './corrupt-entries.ts'
import { idField, parseEntries } from './entries.ts'
import { evictingPolicy } from './eviction-policy.ts'
import { type StreamGroup, withGroup } from './group.ts'
import { forgetIdleConsumers } from './idle-consumers.ts'
import { pipelined, type RedisCommand } from './pipeline.ts'
import { createRedisReader } from './reader.ts'

export interface RedisQueueOptions extends RedisEndpoint {
  /** The key of each lane's stream. */
  readonly streams: Record<Lane, string>
  /** Name of the consumer group; `processors` unless given. */
  readonly group?: string
  readonly onCorrupt: CorruptEntryListener
  /** Called when the connection is made, and when it is lost or cannot be made; once for each change. */
  readonly onConnectionChange?: (up: boolean, error?: Error) => void
  /** Called after each connecting to a server that may drop the streams when its memory is full. */
  readonly onEvictingPolicy?: (policy: string) => void
}

/** Ids that travel in one write. */
const appendChunkMax = 1_000
/** Receipts in one XACK and XDEL. */
const acknowledgeChunkMax = 1_000
/** Parts of the pending list that one `reclaim` looks through before it reports that it found nothing. */
const reclaimScansMax = 20
const reclaimStart = '0-0'
/**
 * Both or none: an entry that is acknowledged but not deleted would stay for ever. Not a transaction, because Redis without
 * memory takes no command into one; and acknowledging is what gives it memory again.
 */
const acknowledgeScript = `
  redis.call('XACK', KEYS[1], ARGV[1], unpack(ARGV, 2))
  return redis.call('XDEL', KEYS[1], unpack(ARGV, 2))`
const groupDefault = 'processors'

/** Starts to connect at once, and returns without waiting for it. */
export function createRedisQueue(options: RedisQueueOptions): Queue {
  const { streams, group = groupDefault, onCorrupt } = options
  const main = createRedisConnection({
    endpoint: options,
    name: 'sms-gateway-queue',
    blockMsMax: 0,
    onChange(up, error) {
      options.onConnectionChange?.(up, error)
      if (!up) return
      void tellOfEviction()
      for (const lane of lanes) void forgetIdleConsumers(main, streams[lane], group)
    },
  })
  const { client } = main
  const readers = new Set<QueueReader>()
  /** Where the next `reclaim` of a lane goes on. */
  const reclaimCursors: Record<Lane, string> = { normal: reclaimStart, express: reclaimStart }

  function source(lane: Lane): StreamGroup {
    return {
      stream: streams[lane],
      group,
      onKeySetAside: (place) => onCorrupt(lane, place, 'the key was not a stream'),
    }
  }

  async function tellOfEviction(): Promise<void> {
    const policy = await evictingPolicy(main)
    if (policy !== null) options.onEvictingPolicy?.(policy)
  }

  async function accept(lane: Lane, items: unknown): Promise<QueueEntry[]> {
    const { entries, corrupt } = parseEntries(items)
    if (corrupt.length > 0 && (await setAside(main, source(lane), corrupt))) {
      for (const { receipt, reason } of corrupt) onCorrupt(lane, receipt, reason)
    }
    return entries
  }

  async function append(lane: Lane, ids: readonly string[]): Promise<void> {
    const stream = streams[lane]
    for (let start = 0; start < ids.length; start += appendChunkMax) {
      const chunk = ids.slice(start, start + appendChunkMax)
      const commands = chunk.map((id): RedisCommand => ['xadd', stream, '*', idField, id])
      await withGroup(main, source(lane), () => pipelined(client, commands))
    }
  }

  async function acknowledge(lane: Lane, receipts: readonly string[]): Promise<void> {
    const stream = streams[lane]
    for (let start = 0; start < receipts.length; start += acknowledgeChunkMax) {
      const chunk = receipts.slice(start, start + acknowledgeChunkMax)
      await withGroup(main, source(lane), () =>
        client.eval(acknowledgeScript, 1, stream, group, ...chunk),
      )
    }
  }

  async function reclaim(
    lane: Lane,
    consumer: string,
    idleMsMin: number,
    countMax: number,
  ): Promise<QueueEntry[]> {
    if (countMax < 1) return []
    const count = Math.floor(countMax)
    for (let scans = 0; scans < reclaimScansMax; scans++) {
      const [cursor, items] = await withGroup(main, source(lane), () =>
        client.xautoclaim(
          streams[lane],
          group,
          consumer,
          Math.ceil(idleMsMin),
          reclaimCursors[lane],
          'COUNT',
          count,
        ),
      )
      reclaimCursors[lane] = String(cursor)
      const entries = await accept(lane, items)
      if (entries.length > 0 || cursor === reclaimStart) return entries
    }
    return []
  }

  async function depth(lane: Lane): Promise<QueueDepth> {
    const stream = streams[lane]
    const [length, pending, oldest, time] = await withGroup(main, source(lane), () =>
      pipelined(client, [
        ['xlen', stream],
        ['xpending', stream, group],
        ['xrange', stream, '-', '+', 'COUNT', 1],
        ['time'],
      ]),
    )
    return {
      total: Number(length),
      pending: Array.isArray(pending) ? Number(pending[0]) : 0,
      oldestAgeMs: entryAgeMs(oldest, time),
    }
  }

  return {
    append,
    reader(lane, consumer) {
      const reader = createRedisReader({
        endpoint: options,
        source: source(lane),
        consumer,
        control: main,
        accept: (items) => accept(lane, items),
      })
      readers.add(reader)
      return {
        read: reader.read,
        async close() {
          readers.delete(reader)
          await reader.close()
        },
      }
    },
    acknowledge,
    reclaim,
    depth,
    async ping() {
      await main.run(() => client.ping())
    },
    async close() {
      await Promise.all([...readers].map((reader) => reader.close()))
      readers.clear()
      await main.close()
    },
  }
}

/**
 * An entry's receipt begins with the server's time in milliseconds.
 *
 * @param time the answer to TIME: seconds and microseconds
 */
function entryAgeMs(range: unknown, time: unknown): number | null {
  const first: unknown = Array.isArray(range) ? range[0] : undefined
  const receipt: unknown = Array.isArray(first) ? first[0] : undefined
  if (typeof receipt !== 'string') return null
  const [seconds, microseconds] = Array.isArray(time) ? time.map(Number) : []
  return (
    (seconds ?? 0) * 1_000 + Math.floor((microseconds ?? 0) / 1_000) - Number.parseInt(receipt, 10)
  )
}

/**
 * The queue on Redis Streams (6.2 or later): one stream for each share of a lane, one consumer group for all processors. An
 * entry is one field, `id`. Redis may be flushed, restarted empty or away: groups are made again, and connections come back.
 *
 * A work stream is never trimmed, because trimming drops what nobody has read; an acknowledged entry is deleted, because
 * XACK alone frees nothing.
 */
import { shareCounts } from '../../domain/fair-share.ts'
import { type Lane, lanes } from '../../domain/message.ts'
import {
  type CorruptEntryListener,
  oldestOf,
  type Queue,
  type QueueDepth,
  type QueueEntry,
  type QueueReader,
} from '../queue.ts'
import { createRedisConnection, type RedisEndpoint } from './connection.ts'
import { setAside } from './corrupt-entries.ts'
import { idField, parseEntries, type ShareItems } from './entries.ts'
import { evictingPolicy } from './eviction-policy.ts'
import { type StreamGroup, withGroups } from './group.ts'
import { forgetIdleConsumers } from './idle-consumers.ts'
import { pipelined, type RedisCommand } from './pipeline.ts'
import { createRedisReader } from './reader.ts'
import { entryIdsByShare, receiptOf, shareStream } from './share-streams.ts'

export interface RedisQueueOptions extends RedisEndpoint {
  /** The key of the stream of each lane's first share; those of the others begin with it. */
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
  const sources: Record<Lane, readonly StreamGroup[]> = {
    normal: sourcesOf('normal'),
    express: sourcesOf('express'),
  }
  const main = createRedisConnection({
    endpoint: options,
    name: 'sms-gateway-queue',
    blockMsMax: 0,
    onChange(up, error) {
      options.onConnectionChange?.(up, error)
      if (!up) return
      void tellOfEviction()
      for (const lane of lanes) {
        for (const { stream } of sources[lane]) void forgetIdleConsumers(main, stream, group)
      }
    },
  })
  const { client } = main
  const readers = new Set<QueueReader>()
  /** Where the next `reclaim` of a lane goes on: in which share, and where in each. */
  const reclaims: Record<Lane, { share: number; readonly cursors: string[] }> = {
    normal: { share: 0, cursors: sources.normal.map(() => reclaimStart) },
    express: { share: 0, cursors: sources.express.map(() => reclaimStart) },
  }

  async function tellOfEviction(): Promise<void> {
    const policy = await evictingPolicy(main)
    if (policy !== null) options.onEvictingPolicy?.(policy)
  }

  function sourcesOf(lane: Lane): StreamGroup[] {
    return Array.from({ length: shareCounts[lane] }, (_, share) => ({
      stream: shareStream(streams[lane], share),
      group,
      onKeySetAside: (place) => onCorrupt(lane, place, 'the key was not a stream'),
    }))
  }

  function sourceOf(lane: Lane, share: number): StreamGroup {
    const source = sources[lane][share]
    if (source === undefined) throw new Error(`the ${lane} lane has no share ${share}`)
    return source
  }

  async function accept(lane: Lane, { share, items }: ShareItems): Promise<QueueEntry[]> {
    const { entries, corrupt } = parseEntries(items, share)
    if (corrupt.length > 0 && (await setAside(main, sourceOf(lane, share), corrupt))) {
      for (const { entryId, reason } of corrupt) onCorrupt(lane, receiptOf(share, entryId), reason)
    }
    return entries
  }

  async function append(
    lane: Lane,
    ids: readonly string[],
    shares: readonly number[] = [],
  ): Promise<void> {
    for (let start = 0; start < ids.length; start += appendChunkMax) {
      const commands = ids.slice(start, start + appendChunkMax).map((id, place): RedisCommand => {
        const { stream } = sourceOf(lane, shares[start + place] ?? 0)
        return ['xadd', stream, '*', idField, id]
      })
      await withGroups(main, sources[lane], () => pipelined(client, commands))
    }
  }

  async function acknowledge(lane: Lane, receipts: readonly string[]): Promise<void> {
    const byShare = entryIdsByShare(receipts, sources[lane].length)
    await Promise.all(
      sources[lane].map((source, share) => acknowledgeIn(source, byShare[share] ?? [])),
    )
  }

  /** Appended first: what cannot be is left pending, for the reclaim. */
  async function handBack(lane: Lane, entries: readonly QueueEntry[]): Promise<void> {
    try {
      await append(
        lane,
        entries.map(({ id }) => id),
        entries.map(({ share }) => share),
      )
      await acknowledge(
        lane,
        entries.map(({ receipt }) => receipt),
      )
    } catch {
      // It comes up again when it is reclaimed.
    }
  }

  async function acknowledgeIn(source: StreamGroup, entryIds: readonly string[]): Promise<void> {
    for (let start = 0; start < entryIds.length; start += acknowledgeChunkMax) {
      const chunk = entryIds.slice(start, start + acknowledgeChunkMax)
      await withGroups(main, [source], () =>
        client.eval(acknowledgeScript, 1, source.stream, group, ...chunk),
      )
    }
  }

  async function reclaim(
    lane: Lane,
    consumer: string,
    idleMsMin: number,
    countMax: number,
  ): Promise<QueueEntry[]> {
    const taken: QueueEntry[] = []
    const { share: first } = reclaims[lane]
    for (let place = 0; place < sources[lane].length; place++) {
      const left = Math.floor(countMax) - taken.length
      if (left < 1) break
      const share = (first + place) % sources[lane].length
      reclaims[lane].share = share
      taken.push(...(await reclaimIn(lane, share, consumer, idleMsMin, left)))
    }
    return taken
  }

  async function reclaimIn(
    lane: Lane,
    share: number,
    consumer: string,
    idleMsMin: number,
    count: number,
  ): Promise<QueueEntry[]> {
    const source = sourceOf(lane, share)
    const { cursors } = reclaims[lane]
    const idleMs = Math.ceil(idleMsMin)
    for (let scans = 0; scans < reclaimScansMax; scans++) {
      const from = cursors[share] ?? reclaimStart
      const [cursor, items] = await withGroups(main, [source], () =>
        client.xautoclaim(source.stream, group, consumer, idleMs, from, 'COUNT', count),
      )
      cursors[share] = String(cursor)
      const entries = await accept(lane, { share, items: Array.isArray(items) ? items : [] })
      if (entries.length > 0 || cursor === reclaimStart) return entries
    }
    return []
  }

  async function depth(lane: Lane): Promise<QueueDepth> {
    const commands = sources[lane].flatMap(({ stream }): RedisCommand[] => [
      ['xlen', stream],
      ['xpending', stream, group],
      ['xrange', stream, '-', '+', 'COUNT', 1],
    ])
    const replies = await withGroups(main, sources[lane], () =>
      pipelined(client, [...commands, ['time']]),
    )
    return depthOf(replies)
  }

  return {
    append,
    reader(lane, consumer) {
      const reader = createRedisReader({
        endpoint: options,
        group,
        sources: sources[lane],
        consumer,
        control: main,
        accept: (part) => accept(lane, part),
        handBack: (entries) => handBack(lane, entries),
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

/** @param replies XLEN, XPENDING and XRANGE of each share, then TIME */
function depthOf(replies: readonly unknown[]): QueueDepth {
  const time = replies.at(-1)
  let total = 0
  let pending = 0
  const shareAgesMs: (number | null)[] = []
  for (let place = 0; place + 3 < replies.length; place += 3) {
    const [length, waiting, oldest] = replies.slice(place, place + 3)
    total += Number(length)
    pending += Array.isArray(waiting) ? Number(waiting[0]) : 0
    shareAgesMs.push(entryAgeMs(oldest, time))
  }
  return { total, pending, oldestAgeMs: oldestOf(shareAgesMs), shareAgesMs }
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

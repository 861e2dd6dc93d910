/** The consumer groups of streams, made when they are found missing. */
import type { RedisConnection } from './connection.ts'
import { setKeyAside } from './corrupt-key.ts'
import { isGroupMissing, isGroupPresent, isWrongType } from './errors.ts'

export interface StreamGroup {
  readonly stream: string
  readonly group: string
  /** Called when the key was no stream, and has been moved to `place`. */
  readonly onKeySetAside: (place: string) => void
}

/** Times that one operation may find its group missing. More than one, because Redis may be flushed again meanwhile. */
const groupMissingMax = 5

/**
 * Does the work; when a stream or its group is missing, makes those that are and does the work again. A new group starts at
 * the stream's first entry, so what was appended before it existed is delivered too. A key that is no stream is set aside.
 * @throws RedisQueueError
 */
export function withGroups<Result>(
  connection: RedisConnection,
  sources: readonly StreamGroup[],
  work: () => Promise<Result>,
): Promise<Result> {
  async function workOrMakeGroups(): Promise<Result> {
    for (let missing = 0; ; missing++) {
      try {
        return await work()
      } catch (error) {
        const mayBeMended = isGroupMissing(error) || isWrongType(error)
        if (!mayBeMended || missing === groupMissingMax) throw error
      }
      await Promise.all(sources.map((source) => makeGroup(connection, source)))
    }
  }
  return connection.run(workOrMakeGroups, sources[0]?.stream)
}

/** An error of it names the stream. */
function makeGroup({ client, run }: RedisConnection, source: StreamGroup): Promise<void> {
  const { stream, group, onKeySetAside } = source
  async function create(): Promise<void> {
    try {
      await client.xgroup('CREATE', stream, group, '0', 'MKSTREAM')
    } catch (error) {
      // Another consumer was faster.
      if (!isGroupPresent(error)) throw error
    }
  }
  async function createOrMoveKey(): Promise<void> {
    try {
      return await create()
    } catch (error) {
      if (!isWrongType(error)) throw error
    }
    const place = await setKeyAside(client, stream)
    if (place !== null) onKeySetAside(place)
    await create()
  }
  return run(createOrMoveKey, stream)
}

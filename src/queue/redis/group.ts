/** The consumer group of a stream, made when it is found missing. */
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
 * Does the work; when the stream or the group is missing, makes it and does the work again. The new group starts at
 * the stream's first entry, so what was appended before it existed is delivered too. A key that is no stream is set aside.
 * @throws RedisQueueError
 */
export function withGroup<Result>(
  connection: RedisConnection,
  source: StreamGroup,
  work: () => Promise<Result>,
): Promise<Result> {
  async function workOrMakeGroup(): Promise<Result> {
    for (let missing = 0; ; missing++) {
      try {
        return await work()
      } catch (error) {
        if (missing === groupMissingMax) throw error
        if (isWrongType(error)) await moveKeyAside()
        else if (!isGroupMissing(error)) throw error
      }
      await makeGroup(connection, source)
    }
  }
  async function moveKeyAside(): Promise<void> {
    const place = await setKeyAside(connection.client, source.stream)
    if (place !== null) source.onKeySetAside(place)
  }
  return connection.run(workOrMakeGroup, source.stream)
}

async function makeGroup(
  { client }: RedisConnection,
  { stream, group }: StreamGroup,
): Promise<void> {
  try {
    await client.xgroup('CREATE', stream, group, '0', 'MKSTREAM')
  } catch (error) {
    // Another consumer was faster.
    if (!isGroupPresent(error)) throw error
  }
}

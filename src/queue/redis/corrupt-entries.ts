/** Entries without a message id are moved out of the way, to `<stream>:corrupt`, where an operator can look at them. */
import type { RedisConnection } from './connection.ts'
import type { CorruptEntry } from './entries.ts'
import type { StreamGroup } from './group.ts'
import { type RedisCommand, transaction } from './pipeline.ts'

/** About how many of a stream's corrupt entries are kept; the oldest go first. */
export const corruptKeptMax = 1_000

/**
 * Moves the entries. Never rejects: what could not be moved stays pending, and comes up again when it is reclaimed.
 * @returns whether they were moved
 */
export async function setAside(
  connection: RedisConnection,
  { stream, group }: StreamGroup,
  corrupt: readonly CorruptEntry[],
): Promise<boolean> {
  const entryIds = corrupt.map((entry) => entry.entryId)
  const commands = corrupt.map((entry) => keep(stream, entry))
  commands.push(['xack', stream, group, ...entryIds], ['xdel', stream, ...entryIds])
  try {
    await connection.run(() => transaction(connection.client, commands), stream)
    return true
  } catch {
    return false
  }
}

function keep(stream: string, { entryId, reason, value }: CorruptEntry): RedisCommand {
  const fields = ['entry', entryId, 'reason', reason, 'value', value]
  return ['xadd', `${stream}:corrupt`, 'MAXLEN', '~', corruptKeptMax, '*', ...fields]
}

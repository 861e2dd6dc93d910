/** Many commands in one write and one read. */
import type { Redis } from 'ioredis'

/** The command's name, then its arguments. */
export type RedisCommand = [name: string, ...args: (string | number)[]]

/**
 * Sends the commands together; answers their replies in order.
 * @throws the first error among them; the other commands may have been carried out
 */
export async function pipelined(client: Redis, commands: RedisCommand[]): Promise<unknown[]> {
  const results = (await client.pipeline(commands).exec()) ?? []
  return results.map(([error, reply]) => {
    if (error !== null) throw error
    return reply
  })
}

/**
 * Sends the commands together, as one transaction: either all are carried out or none. Answers their replies in
 * order; a command that the server refused while the others went on has its error as reply.
 */
export async function transaction(client: Redis, commands: RedisCommand[]): Promise<unknown[]> {
  const replies = await pipelined(client, [['multi'], ...commands, ['exec']])
  const executed = replies[replies.length - 1]
  return Array.isArray(executed) ? executed : []
}

/** What is done to the cluster, one a round. */
import type { Cluster, Member } from './cluster.ts'

export interface Strike {
  readonly name: string
  /** Resolves when what was struck is up again. Answers how many messages it may have put in doubt, at most. */
  readonly run: (cluster: Cluster) => Promise<number>
}

/** Messages that somebody has claimed at this moment; those of a process that has just died are in doubt. */
async function claimedNow({ database }: Cluster): Promise<number> {
  const [row] = await database.sql<{ count: number }[]>`
    SELECT count(*)::int AS count FROM messages WHERE status = 'sending'`
  return row?.count ?? 0
}

async function kill(member: Member | undefined): Promise<void> {
  await member?.running.kill()
}

function apiStrike(index: number): Strike {
  return {
    name: `kill API ${index + 1}`,
    async run({ apis }) {
      await kill(apis[index])
      await apis[index]?.restart()
      return 0
    },
  }
}

function processorStrike(index: number): Strike {
  return {
    name: `kill processor ${index + 1}`,
    async run(cluster) {
      const member = cluster.processors[index]
      await kill(member)
      const inDoubtMax = await claimedNow(cluster)
      await member?.restart()
      return inDoubtMax
    },
  }
}

const flushAll: Strike = {
  name: 'FLUSHALL',
  async run({ redis }) {
    await redis.flushAll()
    return 0
  },
}

const emptyRedis: Strike = {
  name: 'kill Redis, empty',
  async run({ redis }) {
    await redis.kill()
    redis.forget()
    await redis.start()
    return 0
  },
}

const killRedis: Strike = {
  name: 'kill Redis, kept',
  async run({ redis }) {
    await redis.kill()
    await redis.start()
    return 0
  },
}

const crashPostgres: Strike = {
  name: 'crash PostgreSQL',
  async run({ postgres }) {
    await postgres.stop('immediate')
    await postgres.start()
    return 0
  },
}

/** In this order, again and again. */
export const strikes: readonly Strike[] = [
  processorStrike(0),
  flushAll,
  apiStrike(0),
  crashPostgres,
  processorStrike(1),
  emptyRedis,
  apiStrike(1),
  killRedis,
]

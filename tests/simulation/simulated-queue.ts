/** The queue as one process reaches it: the product's driver in memory, in a server that can be emptied. */
import type { Lane } from '../../src/domain/message.ts'
import { createMemoryQueue } from '../../src/queue/memory/memory-queue.ts'
import type { Queue, QueueEntry } from '../../src/queue/queue.ts'
import type { Clock } from '../../src/runtime/clock.ts'
import { call, type SimulatedProcess, type SimulatedServer } from './simulated-network.ts'
import type { ServerOptions } from './simulated-store.ts'
import type { VirtualTime } from './virtual-time.ts'

/** The queue's server: it can be emptied, and has a clock of its own. */
export interface QueueServer extends SimulatedServer {
  /** How much its clock is ahead of the others. */
  aheadMs: number
  readonly current: () => { readonly queue: Queue; readonly generation: number }
  empty(): void
}

export function createQueueServer(time: VirtualTime): QueueServer {
  const clock: Clock = { ...time.clock, now: () => time.clock.now() + server.aheadMs }
  const make = (generation: number) => ({ queue: createMemoryQueue({ clock }), generation })
  let current = make(1)
  const server: QueueServer = {
    aheadMs: 0,
    up: true,
    lostAnswers: 0,
    refused: 0,
    delayMsMax: 5,
    current: () => current,
    empty() {
      void current.queue.close()
      current = make(current.generation + 1)
    },
  }
  return server
}

/** The queue of one process. */
export function queueFor(
  process: SimulatedProcess,
  server: QueueServer,
  { time, invariants, mutant }: Pick<ServerOptions, 'time' | 'invariants' | 'mutant'>,
): Queue {
  const ids = new Map<string, string>()
  function run<T>(ask: (queue: Queue, generation: number) => Promise<T>): Promise<T> {
    return call(
      time,
      process,
      {
        server,
        what: 'the queue is asked',
        run: () => ask(server.current().queue, server.current().generation),
        refusal: () => new Error('Redis does not answer'),
        breakOff: () => new Error('Redis broke off'),
      },
      () => undefined,
    )
  }

  /** A receipt of a queue that is gone acknowledges nothing in the one that followed, as with Redis. */
  function delivered(entries: readonly QueueEntry[], lane: Lane, generation: number) {
    return entries.map(({ id, receipt, share }) => {
      const unique = `${generation} ${receipt}`
      invariants.delivered(process, id)
      ids.set(`${lane} ${unique}`, id)
      return { id, receipt: unique, share }
    })
  }

  function acknowledge(lane: Lane, receipts: readonly string[]): Promise<void> {
    return run(async (queue, generation) => {
      const own: string[] = []
      for (const receipt of receipts) {
        const id = ids.get(`${lane} ${receipt}`)
        // Acknowledged again when the answer got lost: once is what counts.
        if (ids.delete(`${lane} ${receipt}`) && id !== undefined) {
          invariants.acknowledged(process, id)
        }
        const [from, number = ''] = receipt.split(' ')
        if (Number(from) === generation) own.push(number)
      }
      await queue.acknowledge(lane, own)
    })
  }

  return {
    append: (lane, added, shares) => run((queue) => queue.append(lane, added, shares)),
    reader: (lane, consumer) => ({
      async read(countMax, blockMs, signal) {
        const entries = await run(async (queue, generation) =>
          delivered(
            await queue.reader(lane, consumer).read(countMax, blockMs, signal),
            lane,
            generation,
          ),
        )
        if (mutant === 'acknowledge before settle') {
          const early = entries.map(({ receipt }) => receipt)
          time.after(500, () => void acknowledge(lane, early).catch(() => undefined))
        }
        return entries
      },
      close: () => Promise.resolve(),
    }),
    acknowledge,
    reclaim: (lane, consumer, idleMsMin, countMax) =>
      run(async (queue, generation) =>
        delivered(await queue.reclaim(lane, consumer, idleMsMin, countMax), lane, generation),
      ),
    depth: (lane) => run((queue) => queue.depth(lane)),
    ping: () => run((queue) => queue.ping()),
    close: () => Promise.resolve(),
  }
}

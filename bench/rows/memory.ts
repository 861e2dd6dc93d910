/** Whether api and processor grow with the messages that pass through them. */
import { eventually } from '../../tests/support/eventually.ts'
import { deliveredAt, follow, underWayMax } from '../follow.ts'
import { planOf, startLoad } from '../load/load.ts'
import type { LoadResult } from '../load/load-plan.ts'
import { perMessage } from '../measure.ts'
import { batchBody, batchPath } from '../messages.ts'
import { residentBytes, startCpuMeter } from '../processes.ts'
import { atMost, type Bench, type Figure, failuresOf, type Row } from '../row.ts'

const firstMessages = 100_000
const allMessages = 1_000_000
const batchSize = 100
const mebibyte = 1_048_576

export const memory: Row = {
  name: 'memory',
  summary: 'memory of api and processor after 1,000,000 messages over that after 100,000',
  async run(bench) {
    const servers = await bench.servers()
    await servers.start('operator')
    const api = await servers.start('api')
    const processor = await servers.start('processor')
    const delivered = () => deliveredAt([api.url, processor.url])
    const residents = () => ({
      api: residentBytes(api.pid),
      processor: residentBytes(processor.pid),
    })
    const url = `${servers.apiUrl}${batchPath}`
    const read = startCpuMeter(servers.processes())
    const faults: string[] = []
    const pass = async (total: number) => {
      faults.push(...(await passThrough(bench, url, delivered, Math.round(total * bench.scale))))
      return residents()
    }
    const first = await pass(firstMessages)
    const last = await pass(allMessages)
    const cpuMicroseconds = perMessage(read(), allMessages * bench.scale)
    const growth = (name: 'api' | 'processor'): Figure => ({
      what: `${name}: ${Math.round(first[name] / mebibyte)} → ${Math.round(last[name] / mebibyte)} MiB`,
      unit: '×',
      value: last[name] / first[name],
      target: atMost(1.2),
    })
    return {
      figures: [growth('api'), growth('processor')],
      floor: null,
      cpuMicroseconds,
      faults,
    }
  },
}

/** Until `total` messages in all are delivered. Answers what failed. */
async function passThrough(
  bench: Bench,
  url: string,
  delivered: () => Promise<number>,
  total: number,
): Promise<string[]> {
  const before = await delivered()
  const requests = Math.ceil((total - before) / batchSize)
  const load = startLoad(
    planOf({
      url,
      body: batchBody(batchSize),
      connections: 8,
      requestsMax: requests,
      requestsGranted: underWayMax / batchSize,
    }),
  )
  let result: LoadResult
  try {
    await follow(load, {
      delivered,
      deliveredBefore: before,
      messagesPerRequest: batchSize,
      isOver: (count) => count >= total - before - underWayMax,
      signal: bench.signal,
    })
    load.grant(requests)
    result = await load.done
  } finally {
    load.close()
  }
  const accepted = before + result.answered * batchSize
  await eventually(async () => (await delivered()) === accepted, {
    what: `${accepted} messages are delivered`,
    timeoutMs: 60_000,
    intervalMs: 200,
  })
  return failuresOf(result)
}

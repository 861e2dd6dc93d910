/** A backlog that is sent: queue, claim, submit, settle. The operator sends no delivery reports, so nothing else is measured. */
import { eventually } from '../../tests/support/eventually.ts'
import { behave, metric, metricSum, statusCounts } from '../../tests/support/gateway-fixture.ts'
import { acceptBacklog } from '../backlog.ts'
import { bareSubmitsPerSecond } from '../floors/http-floor.ts'
import { perMessage } from '../measure.ts'
import { startCpuMeter } from '../processes.ts'
import { atLeast, type Row } from '../row.ts'

const backlog = 200_000
const floorRequests = 50_000

export const drain: Row = {
  name: 'drain',
  summary: 'drain of a 200,000 backlog through the HTTP operator, reports off',
  async run(bench) {
    const servers = await bench.servers()
    await servers.start('operator')
    for (const identity of ['primary', 'secondary', 'backup']) {
      await behave(servers.operatorUrl, identity, { reports_enabled: false })
    }
    const api = await servers.start('api')
    const { messages, faults } = await acceptBacklog(servers, backlog, bench)
    await eventually(async () => (await metric(api.url, 'sms_accepted_total')) === messages, {
      what: 'the backlog is accepted',
    })
    const processor = await servers.start('processor')
    const read = startCpuMeter(servers.processes())
    const sent = () => metricSum(processor.url, ['sms_settled_total'])
    const before = await sent()
    const startedMs = performance.now()
    await eventually(async () => (await sent()) >= messages, {
      what: 'the backlog is sent',
      timeoutMs: 300_000,
      intervalMs: 100,
    })
    const elapsedMs = performance.now() - startedMs
    const cpu = read()
    const counts = await statusCounts(servers.database)
    const rate = ((messages - before) * 1_000) / elapsedMs
    return {
      figures: [{ what: 'sent', unit: 'messages/s', value: rate, target: atLeast(10_000) }],
      floor: {
        what: 'bare fetch to an empty HTTP server, 256 at once',
        unit: 'requests/s',
        value: await bareSubmitsPerSecond(Math.round(floorRequests * bench.scale)),
        target: null,
      },
      cpuMicroseconds: perMessage(cpu, messages - before),
      faults: [
        ...faults,
        ...(counts.sent === messages ? [] : [`by status: ${JSON.stringify(counts)}`]),
      ],
    }
  },
}

/** The whole life with tracing, at one message in a hundred and at all of them, each between two without. */
import type { Environment } from '../../tests/support/gateway.ts'
import { atLeast, atMost, type Bench, type Row } from '../row.ts'
import { type Life, measureLife } from './whole-life.ts'

const measuredMs = 15_000

/** With one message in a hundred traced, so much of the throughput stays. */
const shareMin = 0.97

/** Takes spans on the same machine, and forgets them. */
function startCollector() {
  return Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      await request.arrayBuffer()
      return Response.json({})
    },
  })
}

export const tracing: Row = {
  name: 'tracing',
  summary: 'whole life for 15 s with tracing of 1 % (twice) and of all messages; beside it without',
  async run(bench: Bench) {
    const collector = startCollector()
    const life = async (ratio: number | null) => {
      const environment: Environment =
        ratio === null
          ? {}
          : {
              OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.port}`,
              OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
              OTEL_TRACES_SAMPLER_ARG: String(ratio),
            }
      return await measureLife(bench, await bench.servers(), measuredMs, environment)
    }
    // Each between two without: a machine is seldom as fast for two minutes as it is in one.
    const lives: Life[] = []
    for (const ratio of [null, 0.01, null, 0.01, null, 1, null]) lives.push(await life(ratio))
    await collector.stop(true)
    const rateOf = (place: number): number => lives[place]?.rate ?? Number.NaN
    const share = (place: number): number =>
      rateOf(place) / ((rateOf(place - 1) + rateOf(place + 1)) / 2)
    const without = [0, 2, 4, 6].map(rateOf)
    /** Of the gateway alone; it is steadier than the rate, which is that of everything on the machine. */
    const cpuOf = (place: number): number =>
      (lives[place]?.cpuMicroseconds.api ?? Number.NaN) +
      (lives[place]?.cpuMicroseconds.processor ?? Number.NaN)
    const cpuShare = (place: number): number =>
      cpuOf(place) / ((cpuOf(place - 1) + cpuOf(place + 1)) / 2)
    return {
      figures: [
        { what: 'delivered with 1 % traced', unit: 'messages/s', value: rateOf(3), target: null },
        {
          what: 'of what is delivered without, 1 % traced',
          unit: 'times',
          value: (share(1) + share(3)) / 2,
          target: atLeast(shareMin),
        },
        {
          what: 'of the CPU time of api and processor without, 1 % traced',
          unit: 'times',
          value: (cpuShare(1) + cpuShare(3)) / 2,
          target: atMost(1 / shareMin),
        },
        {
          what: 'of the CPU time of api and processor without, all traced',
          unit: 'times',
          value: cpuShare(5),
          target: null,
        },
        {
          what: 'of what is delivered without, all traced',
          unit: 'times',
          value: share(5),
          target: null,
        },
      ],
      floor: {
        what: 'the same without',
        unit: 'messages/s',
        value: without.reduce((sum, rate) => sum + rate, 0) / without.length,
        target: null,
      },
      cpuMicroseconds: lives[3]?.cpuMicroseconds ?? {},
      faults: lives.flatMap(({ faults }) => faults),
    }
  },
}

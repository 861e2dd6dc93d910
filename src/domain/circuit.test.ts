import { describe, expect, test } from 'bun:test'
import { createCircuit } from './circuit.ts'

const options = {
  windowMs: 10_000,
  failureRatio: 0.5,
  samplesMin: 10,
  openMs: 1_000,
  openMsMax: 8_000,
}

function setup() {
  const circuit = createCircuit(options, () => 0.5)
  const run = (succeeded: boolean, nowMs: number, times = 1): void => {
    for (let time = 0; time < times; time++) {
      circuit.ended(succeeded, circuit.began(nowMs), nowMs)
    }
  }
  return { circuit, run }
}

describe('circuit', () => {
  test('stays closed below the least number of samples', () => {
    const { circuit, run } = setup()
    run(false, 0, 9)
    expect(circuit.state).toBe('closed')
    expect(circuit.allows(0)).toBe(true)
  })

  test('opens when the newest outcomes all failed, however many succeeded before', () => {
    const { circuit, run } = setup()
    run(true, 0, 1_000)
    run(false, 10, 10)
    expect(circuit.state).toBe('open')
    expect(circuit.allows(10)).toBe(false)
  })

  test('opens when half of the window failed', () => {
    const { circuit, run } = setup()
    for (let pair = 0; pair < 5; pair++) {
      run(true, pair)
      run(false, pair)
    }
    expect(circuit.state).toBe('open')
  })

  test('forgets what left the window', () => {
    const { circuit, run } = setup()
    run(false, 0, 9)
    run(true, 1)
    run(true, 20_000, 5)
    run(false, 20_001, 4)
    expect(circuit.state).toBe('closed')
    run(true, 20_002)
    run(false, 20_003)
    expect(circuit.state).toBe('closed')
  })

  test('probes one at a time when the pause is over, and closes after three', () => {
    const { circuit, run } = setup()
    run(false, 0, 10)
    expect(circuit.probeAtMs).toBe(1_000)
    expect(circuit.allows(999)).toBe(false)
    for (let probe = 0; probe < 3; probe++) {
      expect(circuit.allows(1_000)).toBe(true)
      circuit.began(1_000)
      expect(circuit.state).toBe('half_open')
      expect(circuit.allows(1_000)).toBe(false)
      circuit.ended(true, true, 1_001)
    }
    expect(circuit.state).toBe('closed')
  })

  test('a failed probe doubles the pause, up to its limit', () => {
    const { circuit, run } = setup()
    run(false, 0, 10)
    const pauses: number[] = []
    let nowMs = 0
    for (let probe = 0; probe < 5; probe++) {
      pauses.push(circuit.probeAtMs - nowMs)
      nowMs = circuit.probeAtMs
      run(false, nowMs)
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 8_000])
  })

  test('a probe that was never sent leaves the place to the next', () => {
    const { circuit, run } = setup()
    run(false, 0, 10)
    circuit.began(1_000)
    circuit.ended(null, true, 1_000)
    expect(circuit.allows(1_000)).toBe(true)
    expect(circuit.state).toBe('half_open')
  })

  test('a probe that never comes back does not keep the circuit open for ever', () => {
    const { circuit, run } = setup()
    run(false, 0, 10)
    circuit.began(1_000)
    expect(circuit.allows(30_000)).toBe(false)
    expect(circuit.allows(61_001)).toBe(true)
  })

  test('late outcomes of earlier submits change nothing while it is open', () => {
    const { circuit, run } = setup()
    run(false, 0, 10)
    circuit.ended(true, false, 5)
    circuit.ended(false, false, 5)
    expect(circuit.state).toBe('open')
    expect(circuit.probeAtMs).toBe(1_000)
    circuit.began(1_000)
    circuit.ended(false, false, 1_001)
    expect(circuit.state).toBe('half_open')
  })
})

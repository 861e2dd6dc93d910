import { expect, test } from 'bun:test'
import type { LiveFigures } from '../console/live-figures.ts'
import { liveLines, sparkline, troubles } from './live-text.ts'

const figures: LiveFigures = {
  at: '2026-01-31T12:00:00.000Z',
  processes: [
    { instance: 'a:1:x', role: 'processor', version: '1.0.0', memoryBytes: 1.5e8, cpu: 0.25 },
  ],
  lanes: [
    {
      lane: 'normal',
      acceptedPerSecond: 1_040,
      submittedPerSecond: 12.3,
      finalPerSecond: 0,
      backlog: 76,
      oldestAgeSeconds: 0.049,
      queueWait: { p50: 0.01, p95: 0.044, p99: 0.05 },
    },
    {
      lane: 'express',
      acceptedPerSecond: 0,
      submittedPerSecond: 0,
      finalPerSecond: 0,
      backlog: null,
      oldestAgeSeconds: null,
      queueWait: null,
    },
  ],
  providers: [
    {
      name: 'primary',
      circuits: { closed: 1, half_open: 0, open: 1 },
      inFlight: 3,
      submittedPerSecond: 12.3,
      takenRatio: 0.5,
      deliveredRatio: null,
      submit: null,
    },
  ],
  refusedPerSecond: 0,
  failedPerSecond: 0,
  accept: null,
  acceptedToFinal: null,
  deadLetters: 3,
  deadLettersOldestAgeSeconds: 0,
  parkedReports: 0,
  webhooksWaiting: 0,
  webhooksOverdueSeconds: 0,
  webhooksPerSecond: 0,
  replicaLagSeconds: 0,
}

test('figures are lines in columns', () => {
  const lines = liveLines(figures, [{ name: 'primary', mode: 'enabled', weight: 100 }])
  expect(lines).toContain('normal    1,040       12.3         0         76         49 ms    44 ms')
  expect(lines).toContain('express   0           0            0         away       -        -')
  expect(lines).toContain(
    'primary       enabled   100     OPEN 1 of 2    12.3         50 %     -          -',
  )
  expect(lines.join('\n')).toContain('dead letters 3 ·')
  expect(lines.at(-1)).toBe('processor   1.0.0     150 MB    25 %    a:1:x')
})

test('what needs somebody is said', () => {
  expect(troubles(figures)).toEqual([
    'the circuit of primary is open',
    'the queue of the express lane cannot be asked',
  ])
  expect(troubles({ ...figures, processes: [], providers: [], lanes: [] })).toEqual([
    'no processor tells of itself: nothing is sent',
  ])
})

test('a sparkline has its highest as a full bar', () => {
  expect(sparkline([0, 1, 2, 4, 8], 4)).toBe('▂▃▅█')
  expect(sparkline([0, 0], 10)).toBe('▁▁')
  expect(sparkline([], 10)).toBe('')
})

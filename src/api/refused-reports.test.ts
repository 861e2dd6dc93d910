import { expect, test } from 'bun:test'
import { Registry } from 'prom-client'
import { createLogger } from '../runtime/logger.ts'
import { createApiMetrics } from './api-metrics.ts'
import { createRefusedReports } from './refused-reports.ts'

test('each provider has its own line, and the next one has the number of those since', async () => {
  const metrics = createApiMetrics(new Registry())
  let nowMs = 0
  const clock = { now: () => nowMs, monotonicMs: () => nowMs }
  const lines: unknown[] = []
  const { logger } = createLogger('silent', 'test')
  logger.warn = (line: unknown) => void lines.push(line)
  const refused = createRefusedReports(metrics, logger, clock, ['primary', 'backup'])
  for (let count = 0; count < 3; count++) refused('primary', 'wrong_secret')
  refused('backup', 'wrong_secret')
  refused('n'.repeat(100), 'unknown_provider')
  refused('another', 'unknown_provider')
  nowMs += 10_000
  refused('primary', 'wrong_secret')
  const line = (provider: string, reason: string, count: number) => ({
    event: 'reports.unauthorized',
    provider,
    reason,
    count,
  })
  expect(lines).toEqual([
    line('primary', 'wrong_secret', 1),
    line('backup', 'wrong_secret', 1),
    line('n'.repeat(40), 'unknown_provider', 1),
    line('primary', 'wrong_secret', 3),
  ])
  expect((await metrics.reportsUnauthorized.get()).values).toEqual([
    { labels: { provider: '', reason: 'unknown_provider' }, value: 2 },
    { labels: { provider: 'primary', reason: 'provider_without_secret' }, value: 0 },
    { labels: { provider: 'primary', reason: 'wrong_secret' }, value: 4 },
    { labels: { provider: 'backup', reason: 'provider_without_secret' }, value: 0 },
    { labels: { provider: 'backup', reason: 'wrong_secret' }, value: 1 },
  ])
})

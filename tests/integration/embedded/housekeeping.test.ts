import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { openEngine } from '../../../src/embedded/engine.ts'
import { Housekeeping } from '../../../src/embedded/housekeeping.ts'
import { SessionGate } from '../../../src/embedded/session-gate.ts'
import { eventually } from '../../support/eventually.ts'
import { madeDirectory, removeDirectories } from './made-directory.ts'

afterAll(removeDirectories)

test('the log is cut and crowded tables are vacuumed', async () => {
  const problems: unknown[] = []
  const report = (problem: unknown) => problems.push(problem)
  const engine = await openEngine(join(await madeDirectory(), 'postgres'), report)
  const gate = new SessionGate({
    isInTransaction: engine.isInTransaction,
    ownerIdleMsMax: 10_000,
    onFailure: report,
  })
  const value = async (statement: string) =>
    (await gate.exclusive(() => engine.rows(statement)))[0]?.[0]
  const redoAt = () => value('SELECT redo_lsn FROM pg_control_checkpoint()')

  await value(
    `CREATE TABLE "Crowded" AS SELECT n, repeat('x', 700) FROM generate_series(1, 60000) n`,
  )
  await value('UPDATE "Crowded" SET n = n + 1')
  const before = await redoAt()
  const options = { engine, gate, checkEveryMs: 20, vacuumEveryMs: 20, onError: report }
  const housekeeping = new Housekeeping(options)
  housekeeping.start()
  await eventually(async () => (await redoAt()) !== before, { what: 'a checkpoint' })
  const dead = `SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'Crowded'`
  await eventually(async () => (await value(dead)) === '0', { what: 'a vacuum' })
  housekeeping.stop()
  gate.close()
  await engine.close()
  expect(problems).toEqual([])
})

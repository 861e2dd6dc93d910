import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '../../../src/embedded/embedded-postgres.ts'
import { connect, madeDirectory, removeDirectories, silent } from './made-directory.ts'

afterAll(removeDirectories)

/** Runs the writer, kills it once it has acknowledged `countMin` numbers, and answers all it acknowledged. */
async function killedWriter(dataDir: string, countMin: number): Promise<number[]> {
  const script = join(import.meta.dir, 'kill-writer.ts')
  const child = Bun.spawn([process.execPath, script, dataDir], { stderr: 'inherit' })
  let output = ''
  const decoder = new TextDecoder()
  for await (const chunk of child.stdout) {
    output += decoder.decode(chunk, { stream: true })
    if (!child.killed && output.split('\n').length > countMin) child.kill('SIGKILL')
  }
  await child.exited
  // The last line may have been cut short by the kill.
  return output.split('\n').slice(0, -1).map(Number)
}

test('kill -9 during commits loses nothing that was acknowledged, and leaves no lock', async () => {
  const dataDir = await madeDirectory()
  const acknowledged: number[] = []
  for (const countMin of [500, 1500, 40]) {
    acknowledged.push(...(await killedWriter(dataDir, countMin)))
  }
  const database = await startEmbeddedPostgres({ dataDir, logger: silent })
  const sql = connect(database)
  const rows = await sql<{ n: number }[]>`SELECT n FROM numbers`
  const stored = new Set(rows.map((row) => row.n))
  expect(acknowledged.length).toBeGreaterThanOrEqual(2040)
  expect(acknowledged.filter((n) => !stored.has(n))).toEqual([])
  // Whole batches only: each was one commit.
  expect(stored.size % 20).toBe(0)
  await sql.end()
  await database.stop()
})

test('another process is refused while one has the directory', async () => {
  const dataDir = await madeDirectory()
  const database = await startEmbeddedPostgres({ dataDir, logger: silent })
  const script = join(import.meta.dir, 'kill-writer.ts')
  const child = Bun.spawn([process.execPath, script, dataDir], { stdout: 'pipe', stderr: 'pipe' })
  const errors = await new Response(child.stderr).text()
  expect(await child.exited).not.toBe(0)
  expect(errors).toContain(`is in use by another sms-gateway (process ${process.pid})`)
  await database.stop()
})

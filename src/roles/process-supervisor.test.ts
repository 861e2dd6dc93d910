import { afterEach, beforeEach, expect, test } from 'bun:test'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { createSupervisor } from './process-supervisor.ts'
import { exitCodes } from './run-until-stopped.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sms-gateway-supervisor-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

test('a place whose process cannot be started is filled when it can', async () => {
  const program = join(directory, 'program')
  const hopeless = Promise.withResolvers<number>()
  const log = {
    write(line: string) {
      if (!line.includes('child.not_started')) return
      writeFileSync(program, `#!/bin/sh\nexit ${exitCodes.configuration}\n`)
      chmodSync(program, 0o700)
    },
  }
  const supervisor = createSupervisor({
    count: 1,
    command: [program],
    env: process.env,
    stopMsMax: 1_000,
    logger: pino({}, log),
    onHopeless: hopeless.resolve,
  })
  await supervisor.start()
  expect(await hopeless.promise).toBe(exitCodes.configuration)
  await supervisor.stop()
})

/**
 * Requests made from the OpenAPI document, valid and broken, by Schemathesis: no answer of 5xx but those that say to come back, and none
 * that the document has not. `FUZZ_EXAMPLES` is how many are tried of each operation.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from '../support/gateway.ts'
import { type Gateway, startGateway } from '../support/gateway-fixture.ts'
import { fuzzerProgram } from '../support/packages.ts'

const examples = process.env.FUZZ_EXAMPLES ?? '50'
const seed = process.env.FUZZ_SEED ?? '1'
const fuzzMsMax = 3_600_000
const adminToken = 'an-admin-token'

const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'unsupported_method',
]

/** A faulty body may be too large as well: 413 refuses it, which the fuzzer does not know by itself. */
const configuration = `[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429]
`

let gateway: Gateway
let directory: string
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sms-gateway-fuzz-'))
  writeFileSync(join(directory, 'schemathesis.toml'), configuration)
  gateway = await startGateway({ environment: { ADMIN_TOKEN: adminToken } })
  const made = await runCommand(['customers', 'create', 'A', '--id', '1'], gateway.environment)
  expect(made.exitCode).toBe(0)
}, fuzzMsMax)
afterAll(async () => {
  await gateway.close()
  rmSync(directory, { recursive: true, force: true })
})

async function keyOf(...args: string[]): Promise<string> {
  const made = await runCommand(['keys', 'create', ...args], gateway.environment)
  expect(made.exitCode).toBe(0)
  return made.stdout.trim()
}

/** What it says, and whether it found nothing. */
async function fuzz(credential: string) {
  const command = [
    fuzzerProgram(),
    'run',
    `${gateway.api.url}/openapi.json`,
    ...['--header', `Authorization: Bearer ${credential}`],
    ...['--checks', checks.join(',')],
    ...['--max-examples', examples, '--seed', seed, '--workers', '1'],
    ...['--suppress-health-check', 'all', '--warnings', 'off', '--continue-on-failure'],
  ]
  const run = Bun.spawn(command, {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, HYPOTHESIS_STORAGE_DIRECTORY: join(directory, 'hypothesis') },
  })
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(run.stdout).text(),
    new Response(run.stderr).text(),
    run.exited,
  ])
  return { exitCode, said: `${stdout}\n${stderr}` }
}

test.each(['of staff', 'of a customer'])(
  'with a key %s',
  async (whose) => {
    const key =
      whose === 'of staff' ? adminToken : await keyOf('--customer', '1', '--scope', 'send', 'read')
    const { exitCode, said } = await fuzz(key)
    process.stdout.write(said)
    expect(exitCode).toBe(0)
  },
  fuzzMsMax,
)

/**
 * The commands in README and docs/, run in their order against a gateway of their own for each document. A block that is not run
 * says so, and what does instead, in a comment before it.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../support/free-port.ts'
import { binaryPath, runCommand } from '../support/gateway.ts'
import { type Gateway, startGateway } from '../support/gateway-fixture.ts'
import { serverPrograms } from '../support/packages.ts'
import { createTestDatabase } from '../support/test-database.ts'

const root = join(import.meta.dir, '..', '..')
const documents = ['README.md', ...new Bun.Glob('docs/*.md').scanSync({ cwd: root })].sort()
const runMsMax = 60_000
const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g

interface Block {
  readonly line: number
  readonly commands: string
  /** Why it is not run; null: it is. */
  readonly notRun: string | null
}

function blocksOf(text: string): Block[] {
  return [...text.matchAll(/(?:^<!-- not run: (.*) -->\n)?^```bash\n([\s\S]*?)^```$/gm)].map(
    ({ index, 1: notRun = null, 2: commands = '' }) => ({
      line: text.slice(0, index).split('\n').length,
      commands,
      notRun,
    }),
  )
}

const textOf = (path: string): Promise<string> => Bun.file(join(root, path)).text()

test('what is not run says what does it instead', async () => {
  const reasons = (await Promise.all(documents.map(textOf))).flatMap((text) =>
    blocksOf(text).flatMap(({ notRun }) => notRun ?? []),
  )
  expect(reasons.length).toBeLessThan(8)
  for (const reason of reasons) {
    const [path] = /tests\/[\w/.-]+\.ts/.exec(reason) ?? []
    if (path === undefined) expect(reason).toContain('tried as told below')
    else expect([path, existsSync(join(root, path))]).toEqual([path, true])
  }
})

describe.each(documents)('%s', async (path) => {
  const text = await textOf(path)
  const blocks = blocksOf(text).filter(({ notRun }) => notRun === null)
  if (blocks.length === 0) {
    test('has nothing to run', () => expect(text.length).toBeGreaterThan(0))
    return
  }

  let gateway: Gateway
  let folder: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'docs-'))
    mkdirSync(join(folder, 'dist'))
    for (const name of ['dist/sms-gateway', 'sms-gateway']) {
      symlinkSync(binaryPath(), join(folder, name))
    }
    gateway = await startGateway({ environment: { ADMIN_TOKEN: 'the-admin-token' } })
    if (!text.includes('<!-- run with a customer -->')) return
    const run = async (...args: string[]) => (await runCommand(args, gateway.environment)).stdout
    await run('customers', 'create', 'Acme')
    await Bun.write(join(folder, 'acme.key'), await run('keys', 'create', '--customer', '1'))
  }, 60_000)
  afterAll(async () => {
    await gateway.close()
    rmSync(folder, { recursive: true })
  })

  test('does what its commands say', async () => {
    let lastId = ''
    for (const { line, commands } of blocks) {
      const isSetUp = commands.includes('sudo -u postgres')
      const script = isSetUp ? commands : placed(commands, gateway, lastId)
      const { exitCode, output } = isSetUp
        ? await setUp(script, folder)
        : await run(script, folder, gateway.environment)
      expect([`${path}:${line}`, exitCode, exitCode === 0 ? '' : output]).toEqual([
        `${path}:${line}`,
        0,
        '',
      ])
      lastId = output.match(uuid)?.at(-1) ?? lastId
    }
  }, 90_000)
})

/** With the addresses of this gateway, and the id of what came before in place of an example's. */
function placed(commands: string, gateway: Gateway, lastId: string): string {
  const hostOf = (url: string): string => new URL(url).host
  return commands
    .replaceAll(/(127\.0\.0\.1|localhost):8080/g, hostOf(gateway.api.url))
    .replaceAll(/(127\.0\.0\.1|localhost):8081/g, hostOf(gateway.operatorUrl))
    .replaceAll(uuid, lastId)
    .replaceAll('<id>', lastId)
}

/** An answer that is no success is a failure, and so is any command of it. */
const prelude = `set -euo pipefail
curl() { command curl -sS --fail-with-body "$@"; echo; }
`

async function run(script: string, cwd: string, environment: Readonly<Record<string, string>>) {
  const child = Bun.spawn(['bash', '-c', prelude + script], {
    cwd,
    env: { PATH: `${cwd}:${serverPrograms().postgresBin}:${process.env.PATH}`, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: runMsMax,
  })
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ])
  return { exitCode: await child.exited, output: stdout + stderr }
}

/** "Run it for real": with the test's own servers, the executable that is built, and until a message is delivered. */
async function setUp(script: string, cwd: string) {
  const database = await createTestDatabase(undefined, { migrate: false })
  const name = `role_${crypto.randomUUID().slice(0, 8)}`
  const ports = { app: await freePort(), metrics: await freePort(), operator: await freePort() }
  const { environment } = database
  const settings = {
    POSTGRES_WRITE_HOST: environment.POSTGRES_WRITE_HOST ?? '',
    POSTGRES_WRITE_PORT: environment.POSTGRES_WRITE_PORT ?? '',
    POSTGRES_USER: name,
    POSTGRES_DB: name,
    REDIS_HOST: process.env.TEST_REDIS_HOST ?? '',
    QUEUE_NAME: name,
    QUEUE_EXPRESS_NAME: `${name}-express`,
    APP_ADDR: `127.0.0.1:${ports.app}`,
    METRICS_ADDR: `127.0.0.1:${ports.metrics}`,
    OPERATOR_ADDR: `127.0.0.1:${ports.operator}`,
    PGHOST: environment.POSTGRES_WRITE_HOST ?? '',
    PGPORT: environment.POSTGRES_WRITE_PORT ?? '',
    PGUSER: environment.POSTGRES_USER ?? '',
    PGPASSWORD: environment.POSTGRES_PASSWORD ?? '',
    PGDATABASE: 'postgres',
  }
  const commands = `
sudo() { shift 2; "$@"; }
npm() { test -x dist/sms-gateway; }
trap 'kill $(jobs -p); wait' EXIT
${script.replaceAll('sms_gateway', name).replaceAll('localhost:8081', `127.0.0.1:${ports.operator}`)}
for try in $(seq 100); do dist/sms-gateway healthcheck && break; sleep 0.1; done
dist/sms-gateway doctor
dist/sms-gateway send +1234567890 "Hello" --customer 1
for try in $(seq 50); do dist/sms-gateway status > /dev/null 2>&1 && break; sleep 0.2; done
dist/sms-gateway status
`
  try {
    return await run(commands, cwd, settings)
  } finally {
    await database.sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${name}`
    await database.sql.unsafe(`DROP DATABASE IF EXISTS ${name}`)
    await database.sql.unsafe(`DROP ROLE IF EXISTS ${name}`)
    await database.drop()
  }
}

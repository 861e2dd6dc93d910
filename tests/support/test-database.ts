/** A database of its own on the test server, migrated by the binary. */
import postgres, { type Sql } from 'postgres'
import { type Environment, runCommand } from './gateway.ts'

export interface TestDatabase {
  readonly name: string
  /** For roles: where it is. */
  readonly environment: Environment
  /** For looking into it. */
  readonly sql: Sql
  drop(): Promise<void>
}

export interface ServerSettings {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
}

export function testServer(): ServerSettings {
  const { TEST_POSTGRES_HOST, TEST_POSTGRES_PORT, TEST_POSTGRES_USER, TEST_POSTGRES_PASSWORD } =
    process.env
  if (TEST_POSTGRES_HOST === undefined || TEST_POSTGRES_PORT === undefined) {
    throw new Error('TEST_POSTGRES_HOST and TEST_POSTGRES_PORT name the test server: run npm test')
  }
  return {
    host: TEST_POSTGRES_HOST,
    port: Number(TEST_POSTGRES_PORT),
    user: TEST_POSTGRES_USER ?? 'postgres',
    password: TEST_POSTGRES_PASSWORD ?? '',
  }
}

export async function createTestDatabase(
  server: ServerSettings = testServer(),
  { migrate = true }: { migrate?: boolean } = {},
): Promise<TestDatabase> {
  const name = `gateway_${crypto.randomUUID().replaceAll('-', '')}`
  const connection = { ...server, fetch_types: false, onnotice: () => undefined }
  const admin = postgres({ ...connection, database: 'postgres', max: 1 })
  await admin.unsafe(`CREATE DATABASE ${name}`)
  const environment = {
    POSTGRES_WRITE_HOST: server.host,
    POSTGRES_WRITE_PORT: String(server.port),
    POSTGRES_USER: server.user,
    POSTGRES_PASSWORD: server.password,
    POSTGRES_DB: name,
  }
  if (migrate) {
    const migrated = await runCommand(['migrate'], environment)
    if (migrated.exitCode !== 0) throw new Error(`migrate failed: ${migrated.stderr}`)
  }
  const sql = postgres({ ...connection, database: name, max: 2 })
  return {
    name,
    environment,
    sql,
    async drop() {
      await sql.end({ timeout: 1 })
      await admin.unsafe(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
      await admin.end({ timeout: 1 })
    },
  }
}

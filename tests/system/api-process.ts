/** The compiled binary, serving the API with nothing else installed, for tests that look at its edge. */
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'

export interface ApiProcess {
  readonly url: string
  readonly port: number
  /** Sends bytes as they are; answers what came back until the server closed, or `enough` was in it. */
  raw(bytes: string | Uint8Array, enough?: string): Promise<string>
  stop(): Promise<void>
}

export const reportSecret = 'the-secret-of-primary'

const startMsMax = 60_000
const rawMsMax = 10_000

/** Starts it and resolves when it is ready. Its only provider refuses every connection. */
export async function startApiProcess(
  environment: Readonly<Record<string, string>> = {},
): Promise<ApiProcess> {
  const binary = process.env.SMS_GATEWAY_BINARY
  if (binary === undefined) {
    throw new Error('SMS_GATEWAY_BINARY names the compiled binary: run npm test')
  }
  const directory = await mkdtemp(join(tmpdir(), 'sms-gateway-api-'))
  const port = freePort()
  const child = Bun.spawn([binary, 'standalone'], {
    cwd: directory,
    env: {
      APP_ADDR: `127.0.0.1:${port}`,
      METRICS_ADDR: `127.0.0.1:${freePort()}`,
      DATA_DIR: join(directory, 'data'),
      PROVIDER_PRIMARY_URL: `http://127.0.0.1:${freePort()}/`,
      PROVIDER_PRIMARY_SECRET: reportSecret,
      LOG_LEVEL: 'error',
      ...environment,
    },
    stdout: 'ignore',
    stderr: 'inherit',
  })
  const url = `http://127.0.0.1:${port}`

  async function stop(): Promise<void> {
    child.kill('SIGTERM')
    await child.exited
    await rm(directory, { recursive: true, force: true })
  }

  try {
    await eventually(async () => child.exitCode !== null || (await isReady(url)), {
      what: 'the API is ready',
      timeoutMs: startMsMax,
    })
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
  } catch (error) {
    await stop()
    throw error
  }
  return { url, port, raw: (bytes, enough) => exchange(port, bytes, enough), stop }
}

async function isReady(url: string): Promise<boolean> {
  return (await fetch(`${url}/health/ready`)).ok
}

function freePort(): number {
  const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = server
  server.stop(true)
  return port
}

function exchange(port: number, bytes: string | Uint8Array, enough?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = ''
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(bytes))
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error(`no end within ${rawMsMax} ms, but: ${received}`))
    }, rawMsMax)
    socket.on('data', (data) => {
      received += data.toString('latin1')
      if (enough !== undefined && received.includes(enough)) socket.end()
    })
    // A reset after the answer is an end like any other.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(received)
    })
  })
}

/** The compiled binary, as tests run it: with the given environment only, on free ports, ended with the test process. */
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'

export type Environment = Readonly<Record<string, string>>

export interface RunningRole {
  /** Of the API, the operator, or a processor's metrics. */
  readonly url: string
  readonly pid: number
  /** What it has written to stdout and stderr so far. */
  logs(): string
  /** SIGTERM; answers the exit code. */
  stop(): Promise<number>
  kill(): Promise<void>
  /** Resolves with the exit code when it ends by itself. */
  readonly exited: Promise<number>
  signal(signal: NodeJS.Signals): void
}

export interface CommandResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

const addressNames = {
  api: 'APP_ADDR',
  standalone: 'APP_ADDR',
  processor: 'METRICS_ADDR',
  operator: 'OPERATOR_ADDR',
} as const

export type LongRunningRole = keyof typeof addressNames

export function binaryPath(): string {
  const path = process.env.SMS_GATEWAY_BINARY
  if (path === undefined) throw new Error('SMS_GATEWAY_BINARY names the binary: run npm test')
  return path
}

/** Starts a role and waits until it is ready. @throws with its output when it ends before */
export async function startRole(
  role: LongRunningRole,
  environment: Environment,
  args: readonly string[] = [],
): Promise<RunningRole> {
  const name = addressNames[role]
  const address = environment[name] ?? `127.0.0.1:${await freePort()}`
  const running = spawnRole(role, { ...environment, [name]: address }, args)
  const url = `http://${address}`
  const ready = eventually(async () => (await fetch(`${url}/health/ready`)).ok, {
    what: `${role} is ready`,
    timeoutMs: 30_000,
  })
  const ended = running.exited.then((exitCode) => {
    throw new Error(`it ended with ${exitCode}`)
  })
  try {
    await Promise.race([ready, ended])
  } catch (error) {
    await running.kill()
    throw new Error(`${role} did not start:\n${running.logs()}`, { cause: error })
  } finally {
    // Whichever comes later is nobody's failure any more.
    ended.catch(() => undefined)
    ready.catch(() => undefined)
  }
  return { ...running, url }
}

/** Starts a role without waiting for anything. */
export function spawnRole(
  role: string,
  environment: Environment,
  args: readonly string[] = [],
): Omit<RunningRole, 'url'> {
  const started = Bun.spawn(['setpriv', '--pdeathsig=KILL', '--', binaryPath(), role, ...args], {
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const collect = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder()
    for await (const chunk of stream) output += decoder.decode(chunk, { stream: true })
  }
  const collected = Promise.all([collect(started.stdout), collect(started.stderr)])
  const exited = started.exited.then(async (exitCode) => {
    await collected
    return exitCode
  })
  return {
    pid: started.pid,
    logs: () => output,
    exited,
    signal: (signal) => started.kill(signal),
    async stop() {
      started.kill('SIGTERM')
      return await exited
    },
    async kill() {
      started.kill('SIGKILL')
      await exited
    },
  }
}

/** Runs a command of the binary to its end. */
export async function runCommand(
  args: readonly string[],
  environment: Environment = {},
): Promise<CommandResult> {
  const started = Bun.spawn([binaryPath(), ...args], {
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(started.stdout).text(),
    new Response(started.stderr).text(),
    started.exited,
  ])
  return { exitCode, stdout, stderr }
}

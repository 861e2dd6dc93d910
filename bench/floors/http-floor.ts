/** What HTTP alone costs here: the same load on a server that does nothing, and bare submits to it. */
import { join } from 'node:path'
import { runLoad } from '../load/load.ts'
import type { LoadPlan, LoadResult } from '../load/load-plan.ts'

interface EmptyServer {
  readonly url: string
  stop(): void
}

/** Runs `plan` on the empty server instead of where it points to. */
export async function loadEmptyServer(plan: LoadPlan): Promise<LoadResult> {
  const server = await startEmptyServer()
  try {
    return await runLoad({ ...plan, url: server.url, idsPath: null })
  } finally {
    server.stop()
  }
}

/** Requests a second of the runtime's own client, one process, 256 at once, to the empty server. */
export async function bareSubmitsPerSecond(requests: number): Promise<number> {
  const server = await startEmptyServer()
  try {
    const program = join(import.meta.dir, 'submit-process.ts')
    const child = Bun.spawn([process.execPath, program, server.url, String(requests)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    return Number(await new Response(child.stdout).text())
  } finally {
    server.stop()
  }
}

async function startEmptyServer(): Promise<EmptyServer> {
  const { promise: listening, resolve, reject } = Promise.withResolvers<number>()
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'empty-server.ts')], {
    stdio: ['ignore', 'inherit', 'inherit'],
    serialization: 'json',
    ipc: ({ port }: { port: number }) => resolve(port),
    onExit: () => reject(new Error('the empty server ended')),
  })
  return { url: `http://127.0.0.1:${await listening}/`, stop: () => child.kill() }
}

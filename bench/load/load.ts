/** Starting a load generator and talking to it. */
import { join } from 'node:path'
import type { FromGenerator, LoadPlan, LoadResult, ToGenerator } from './load-plan.ts'

export interface Load {
  readonly pid: number
  /** @throws when the generator ends without a result */
  readonly done: Promise<LoadResult>
  /** @see LoadPlan.requestsGranted */
  grant(requests: number): void
  /** Sends nothing more; `done` follows when the last answer is in. */
  end(): void
  /** Its process ends. */
  close(): void
}

const program = join(import.meta.dir, 'load-process.ts')

/** Fills in what most plans leave open. */
export function planOf(plan: Pick<LoadPlan, 'url' | 'body'> & Partial<LoadPlan>): LoadPlan {
  return {
    headers: [],
    isKeyed: false,
    connections: 64,
    requestsMax: null,
    durationMs: null,
    requestsPerSecond: null,
    requestsGranted: null,
    idsPath: null,
    ...plan,
  }
}

/** From start to end, with nothing to do meanwhile. */
export async function runLoad(plan: LoadPlan): Promise<LoadResult> {
  const load = startLoad(plan)
  try {
    return await load.done
  } finally {
    load.close()
  }
}

/** To be closed when it is done. */
export function startLoad(plan: LoadPlan): Load {
  const { promise: done, resolve, reject } = Promise.withResolvers<LoadResult>()
  const child = Bun.spawn([process.execPath, program], {
    stdio: ['ignore', 'inherit', 'inherit'],
    serialization: 'json',
    ipc(message: FromGenerator) {
      if (message.kind === 'ready') tell({ kind: 'start', plan })
      else resolve(message.result)
    },
    onExit: (_, exitCode) => reject(new Error(`the load generator ended with ${exitCode}`)),
  })
  const tell = (message: ToGenerator): void => {
    child.send(message)
  }
  return {
    pid: child.pid,
    done,
    grant: (requests) => tell({ kind: 'grant', requests }),
    end: () => tell({ kind: 'end' }),
    close: () => child.disconnect(),
  }
}

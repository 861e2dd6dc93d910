/**
 * Entry point of the engine's thread, a second entry point of the executable. The engine runs a statement
 * to its end without yielding, so it must not share the main loop.
 */
import { createCluster, openEngine } from './engine.ts'
import { Housekeeping } from './housekeeping.ts'
import { SessionGate } from './session-gate.ts'
import { SessionServer } from './session-server.ts'
import type { WorkerCommand, WorkerEvent } from './worker-messages.ts'

declare const self: Worker

/** An open transaction keeps everybody out: whoever leaves one idle for this long loses it and its connection. */
const OWNER_IDLE_MS_MAX = 10_000
const CHECK_EVERY_MS = 5_000
const VACUUM_EVERY_MS = 60_000

let stop: (() => Promise<void>) | undefined

function say(event: WorkerEvent): void {
  self.postMessage(event)
}

function fail(error: unknown): void {
  say({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
}

async function serve(directory: string, socketFile: string): Promise<void> {
  const engine = await openEngine(directory, fail)
  const gate = new SessionGate({
    isInTransaction: engine.isInTransaction,
    ownerIdleMsMax: OWNER_IDLE_MS_MAX,
    onFailure: fail,
  })
  const server = new SessionServer(engine, gate)
  const housekeeping = new Housekeeping({
    engine,
    gate,
    checkEveryMs: CHECK_EVERY_MS,
    vacuumEveryMs: VACUUM_EVERY_MS,
    onError: (error) => say({ kind: 'warning', message: `housekeeping: ${error}` }),
  })
  await server.listen(socketFile)
  housekeeping.start()
  stop = async () => {
    housekeeping.stop()
    gate.close()
    server.close()
    await engine.close()
  }
}

async function obey(command: WorkerCommand): Promise<void> {
  switch (command.kind) {
    case 'create':
      await createCluster(command.directory, fail)
      return say({ kind: 'created' })
    case 'serve':
      await serve(command.directory, command.socketFile)
      return say({ kind: 'serving' })
    case 'stop':
      await stop?.()
      return say({ kind: 'stopped' })
    default:
      command satisfies never
  }
}

self.onmessage = ({ data }: MessageEvent<WorkerCommand>) => {
  obey(data).catch(fail)
}

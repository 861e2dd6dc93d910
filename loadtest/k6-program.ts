/** The k6 executable: the one on PATH, or one of our own, installed with Go once. */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { CannotRunError, runTool } from './tool-process.ts'

export const k6Version = 'v1.8.1'

const binDir = join(import.meta.dir, '.bin')

/** @throws CannotRunError when there is none and none can be installed */
export async function k6Program(signal: AbortSignal): Promise<string> {
  const own = join(binDir, 'k6')
  const onPath = Bun.which('k6')
  if (onPath !== null) return onPath
  if (existsSync(own)) return own
  const go = Bun.which('go')
  if (go === null) {
    throw new CannotRunError(
      `k6 is not on PATH: install it from https://grafana.com/docs/k6/latest/set-up/install-k6/, ` +
        `or install Go and run this again (the npm package k6 is empty)`,
    )
  }
  const source = `go.k6.io/k6@${k6Version}`
  process.stderr.write(`Installing ${source} into loadtest/.bin (once, some minutes) …\n`)
  mkdirSync(binDir, { recursive: true })
  const command = [go, 'install', source]
  const { exitCode } = await runTool(command, { signal, show: true, env: { GOBIN: binDir } })
  if (exitCode !== 0) throw new CannotRunError(`"go install ${source}" failed`)
  return own
}

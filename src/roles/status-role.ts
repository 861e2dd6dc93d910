/** `sms-gateway status`: how a running gateway does, on one screen. */
import type { Environment } from '../config/config.ts'
import type { LiveFigures } from '../console/live-figures.ts'
import { printLine } from './admin-store.ts'
import { apiUrlOf, type ConsoleClient, consoleClient } from './console-client.ts'
import { liveLines, type ShownProvider, troubles } from './live-text.ts'
import { say } from './role-context.ts'
import { exitCodes } from './run-until-stopped.ts'

export interface StatusOptions {
  readonly url?: string
  readonly json: boolean
}

interface Readiness {
  readonly status: string
  readonly checks: Readonly<Record<string, string>>
}

const answerMsMax = 5_000

/** Answers 0 when it is ready, and nothing that it shows needs somebody. */
export async function runStatus(
  environment: Environment,
  { url: given, json }: StatusOptions,
): Promise<number> {
  const url = apiUrlOf(environment, given)
  const readiness = await readinessOf(url)
  if (typeof readiness === 'string') {
    say(`${url} does not answer: ${readiness}`)
    return exitCodes.failure
  }
  const live = await liveOf(environment, given)
  const isReady = readiness.status === 'ok'
  const found = typeof live === 'string' ? [live] : troubles(live.figures)
  if (json) {
    const { figures = null, providers = [] } = typeof live === 'string' ? {} : live
    printLine(
      JSON.stringify({ url, ready: isReady, ...readiness, figures, providers, troubles: found }),
    )
  } else {
    const checks = Object.entries(readiness.checks).map(([name, state]) => `${name} ${state}`)
    printLine(`${url} is ${isReady ? 'ready' : 'not ready'}: ${checks.join(', ')}`)
    if (typeof live !== 'string') {
      printLine('')
      for (const line of liveLines(live.figures, live.providers)) printLine(line)
    }
    for (const trouble of found) say(trouble)
  }
  return isReady && found.length === 0 ? exitCodes.ok : exitCodes.failure
}

/** Or why it cannot be told. */
async function readinessOf(url: string): Promise<Readiness | string> {
  try {
    const response = await fetch(`${url}/health/ready`, {
      signal: AbortSignal.timeout(answerMsMax),
    })
    return (await response.json()) as Readiness
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

interface Live {
  readonly figures: LiveFigures
  readonly providers: readonly ShownProvider[]
}

async function liveOf(environment: Environment, given: string | undefined): Promise<Live | string> {
  try {
    const client = consoleClient(environment, given)
    const figures = await firstFigures(client)
    if (figures === null) return 'it has no figures yet'
    return { figures, providers: await client.providers() }
  } catch (error) {
    return `live figures: ${error instanceof Error ? error.message : String(error)}`
  }
}

async function firstFigures(client: ConsoleClient): Promise<LiveFigures | null> {
  for await (const figures of client.figures(AbortSignal.timeout(answerMsMax))) return figures
  return null
}

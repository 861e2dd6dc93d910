/** The command line of a load test. */
import { parseArgs } from 'node:util'
import { type LoadSize, type Scenario, scenarios } from './scenarios.ts'

export interface Options {
  readonly scenario: Scenario
  readonly size: LoadSize
  /** Servers that exist; null starts private ones. */
  readonly servers: { readonly apiUrl: string; readonly operatorUrl: string | null } | null
  /** Verifying gives up when no message became final for this long. */
  readonly settleMs: number
}

/** Largest number any option takes. */
const numberMax = 10_000_000

export const usage = `usage: npm run loadtest -- <scenario> [options]

${Object.entries(scenarios)
  .map(([name, { summary, size }]) => `  ${name.padEnd(11)}${summary}\n${sizeLine(size)}`)
  .join('\n')}

  --url <http://…>           the API of servers that exist; without it, private ones are started and stopped
  --operator-url <http://…>  with --url: their mock operator, to check what came to it
  --settle-seconds <30>      give up verifying when no message became final for this long

Exit codes: 0 everything held, 1 something did not, 2 usage, 3 could not run, 130 interrupted.
`

function sizeLine(size: LoadSize): string {
  const flags = Object.entries(size).map(([name, value]) => `--${name} ${value}`)
  return `${' '.repeat(13)}${flags.join(' ')}`
}

/** @throws UsageError with a sentence */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parsed(args)
  const [name = '', ...others] = positionals
  const scenario = Object.hasOwn(scenarios, name) ? scenarios[name] : undefined
  if (scenario === undefined) {
    throw new UsageError(name === '' ? 'name a scenario' : `there is no scenario ${name}`)
  }
  if (others.length > 0) throw new UsageError(`one scenario at a time: ${others.join(' ')}`)
  const size: Record<string, number> = { ...scenario.size }
  for (const flag of ['rate', 'seconds', 'messages', 'connections'] as const) {
    const value = values[flag]
    if (value === undefined) continue
    if (!(flag in size)) throw new UsageError(`${name} takes no --${flag}`)
    size[flag] = wholeNumber(flag, value)
  }
  if (values['operator-url'] !== undefined && values.url === undefined) {
    throw new UsageError('--operator-url goes with --url')
  }
  return {
    scenario,
    size,
    servers:
      values.url === undefined
        ? null
        : {
            apiUrl: httpUrl('url', values.url),
            operatorUrl:
              values['operator-url'] === undefined
                ? null
                : httpUrl('operator-url', values['operator-url']),
          },
    settleMs: wholeNumber('settle-seconds', values['settle-seconds'] ?? '30') * 1_000,
  }
}

export class UsageError extends Error {}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        url: text,
        'operator-url': text,
        rate: text,
        seconds: text,
        messages: text,
        connections: text,
        'settle-seconds': text,
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function wholeNumber(flag: string, value: string): number {
  const number = Number(value)
  if (/^[1-9]\d*$/.test(value) && number <= numberMax) return number
  throw new UsageError(`--${flag} must be a whole number from 1 to ${numberMax}`)
}

/** Without a slash at its end. */
function httpUrl(flag: string, value: string): string {
  const url = URL.parse(value)
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new UsageError(`--${flag} must be an http:// or https:// URL without query or fragment`)
  }
  return url.href.replace(/\/+$/, '')
}

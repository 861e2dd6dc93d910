/** `sms-gateway top`: the same live, until it is ended. */
import type { Environment } from '../config/config.ts'
import type { LiveFigures } from '../console/live-figures.ts'
import { pause } from '../runtime/notifier.ts'
import { apiUrlOf, consoleClient } from './console-client.ts'
import { liveLines, type ShownProvider, sparkline, troubles } from './live-text.ts'
import { say } from './role-context.ts'
import { exitCodes } from './run-until-stopped.ts'

export interface TopOptions {
  readonly url?: string
}

const reconnectMs = 2_000
/** Values kept for the sparkline. */
const valuesMax = 500

const enterScreen = '\x1b[?1049h\x1b[?25l'
const leaveScreen = '\x1b[?25h\x1b[?1049l'

export async function runTop(
  environment: Environment,
  { url: given }: TopOptions,
): Promise<number> {
  const { stdin, stdout } = process
  if (!stdout.isTTY || !stdin.isTTY) {
    say('top needs a terminal; "sms-gateway status" prints the same once')
    return exitCodes.configuration
  }
  const url = apiUrlOf(environment, given)
  const ending = new AbortController()
  const screen = createScreen(url, (environment.NO_COLOR ?? '') === '')
  const onKey = (bytes: Buffer): void => {
    const key = bytes.toString()
    if (key === 'q' || key === '\x03') ending.abort()
    if (key === 'p' || key === ' ') screen.pause()
  }
  const end = (): void => ending.abort()
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
  stdout.on('resize', screen.draw)
  stdin.setRawMode(true)
  stdin.on('data', onKey)
  stdout.write(enterScreen)
  try {
    while (!ending.signal.aborted) {
      await watch(environment, given, screen, ending.signal)
      await pause(reconnectMs, ending.signal)
    }
  } finally {
    stdout.off('resize', screen.draw)
    stdin.off('data', onKey)
    stdin.setRawMode(false)
    stdin.pause()
    stdout.write(leaveScreen)
  }
  return exitCodes.ok
}

type Screen = ReturnType<typeof createScreen>

/** Until the connection ends, which is said. */
async function watch(
  environment: Environment,
  given: string | undefined,
  screen: Screen,
  signal: AbortSignal,
): Promise<void> {
  try {
    const client = consoleClient(environment, given)
    for await (const figures of client.figures(signal)) {
      screen.show(figures, await client.providers())
    }
    screen.say('the connection ended; trying again')
  } catch (error) {
    screen.say(error instanceof Error ? error.message : String(error))
  }
}

function createScreen(url: string, hasColor: boolean) {
  let latest: { figures: LiveFigures; providers: readonly ShownProvider[] } | null = null
  let accepted: readonly number[] = []
  let word = 'connecting …'
  let isPaused = false
  const bold = (text: string): string => (hasColor ? `\x1b[1m${text}\x1b[0m` : text)
  const red = (text: string): string => (hasColor ? `\x1b[31m${text}\x1b[0m` : text)

  function draw(): void {
    const { columns = 80, rows = 24 } = process.stdout
    const state = isPaused ? 'paused' : word
    const head = `sms-gateway at ${url}  ${state}  (q ends, p pauses)`
    const lines = [bold(head.slice(0, columns))]
    if (latest !== null) {
      const label = 'accepted/s '
      lines.push('', `${label}${sparkline(accepted, columns - label.length)}`, '')
      lines.push(
        ...liveLines(latest.figures, latest.providers).map((line) => line.slice(0, columns)),
      )
      for (const trouble of troubles(latest.figures)) lines.push(red(trouble.slice(0, columns)))
    }
    const shown = lines.slice(0, rows).map((line) => `${line}\x1b[K`)
    process.stdout.write(`\x1b[H${shown.join('\r\n')}\x1b[J`)
  }

  return {
    draw,
    pause() {
      isPaused = !isPaused
      draw()
    },
    say(text: string) {
      word = text
      draw()
    },
    show(figures: LiveFigures, providers: readonly ShownProvider[]) {
      const sum = figures.lanes.reduce((total, lane) => total + lane.acceptedPerSecond, 0)
      accepted = [...accepted, sum].slice(-valuesMax)
      if (isPaused) return
      latest = { figures, providers }
      word = figures.at.slice(11, 19)
      draw()
    },
  }
}

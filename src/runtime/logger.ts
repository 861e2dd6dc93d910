/**
 * Structured logs: one JSON object a line on stdout, times in RFC 3339 UTC. Whoever logs passes fields, never a
 * sentence with values in it. Secrets never reach a log; recipients do so only through `maskRecipient`.
 */
import { type Logger, pino } from 'pino'

export type { Logger } from 'pino'

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** Log lines are gathered up to this size before they are written, and at the latest after the flush interval. */
const bufferBytesMin = 4_096
const flushIntervalMs = 500
/** While nobody reads stdout, lines beyond this are dropped: a process must not grow with what it cannot say. */
const bufferBytesMax = 16_777_216

export interface ProcessLogger {
  readonly logger: Logger
  /** Writes what is gathered; the last thing before the process ends. */
  flush(): void
}

/** @param descriptor 1 is stdout; a command whose answer is on stdout logs to 2, stderr */
export function createLogger(level: LogLevel, role: string, descriptor: 1 | 2 = 1): ProcessLogger {
  const destination = pino.destination({
    dest: descriptor,
    sync: false,
    minLength: bufferBytesMin,
    maxLength: bufferBytesMax,
  })
  let droppedLines = 0
  destination.on('drop', () => droppedLines++)
  const logger = pino(
    {
      level,
      base: { role, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: serializeError },
    },
    destination,
  )
  const timer = setInterval(() => {
    destination.flush()
    if (droppedLines === 0) return
    const lines = droppedLines
    droppedLines = 0
    // Dropped like the others while stdout is still blocked, and counted with them.
    logger.warn({ event: 'log.dropped', lines })
  }, flushIntervalMs)
  timer.unref()
  return {
    logger,
    flush() {
      clearInterval(timer)
      try {
        destination.flushSync()
      } catch {
        // stdout is gone, or was not opened yet: there is nobody to tell.
      }
    },
  }
}

/** `+491701234567` becomes `+4917*****567`: enough to recognise, too little to call. */
export function maskRecipient(recipient: string): string {
  if (recipient.length <= 8) return '*'.repeat(recipient.length)
  return recipient.slice(0, 5) + '*'.repeat(recipient.length - 8) + recipient.slice(-3)
}

/** A provider's words, which often repeat the number, with or without its plus sign. */
export function maskRecipientIn(text: string, recipient: string): string {
  const digits = recipient.slice(1)
  return text.replaceAll(digits, maskRecipient(recipient).slice(1))
}

/**
 * An error without what libraries hang on it: a database error carries the failing row, a client error the whole command,
 * and either may hold a message's text or a password.
 */
export function serializeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) }
  const { name, message, stack } = error
  const code = (error as { code?: unknown }).code
  return {
    type: name,
    message,
    ...(code === undefined ? {} : { code }),
    stack,
    ...(error.cause === undefined ? {} : { cause: serializeError(error.cause) }),
  }
}

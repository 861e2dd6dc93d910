/**
 * The bodies being read. A client decides how large its body is and how slowly it comes: bytes and time are bounded here,
 * whatever the number of clients.
 */
import { createPermits } from '../runtime/permits.ts'

export interface BodyReadsOptions {
  /** Bytes of all bodies being read at once. */
  readonly bytesMax: number
  /** Of these, what is kept for bodies of up to `smallBytesMax`: a few large ones must not keep the small ones out. */
  readonly smallReserveBytes: number
  readonly smallBytesMax: number
  /** From the head of a request to the end of its body. */
  readonly readMsMax: number
}

export const bodyReadsDefault: BodyReadsOptions = {
  bytesMax: 64 * 1_048_576,
  smallReserveBytes: 16 * 1_048_576,
  smallBytesMax: 64 * 1_024,
  readMsMax: 10_000,
}

/** Asks for room for so many more bytes of a body: false when there is none, and then the body is to be left. */
export type TakeBytes = (bytes: number) => boolean

export interface BodyReads {
  /**
   * What `read` answers; 'full' without calling it when there is no room for `bytes`, which are 0 when nobody has told how
   * many will come: then `read` asks for each part of them. 'late' when it takes too long, and then what it comes to is
   * nobody's concern; its bytes are held until it ends. @throws what `read` throws
   */
  run<T>(bytes: number, read: (take: TakeBytes) => Promise<T>): Promise<T | 'full' | 'late'>
}

interface Reading {
  readonly endsAtMs: number
  readonly onLate: () => void
}

/** One timer looks after all bodies, so that a request pays for none of its own; they may be late by so much more. */
const checkIntervalMs = 1_000

export function createBodyReads(options: BodyReadsOptions): BodyReads {
  const { bytesMax, smallReserveBytes, smallBytesMax, readMsMax } = options
  const permits = createPermits({ max: bytesMax, reservedMax: smallReserveBytes })
  /** In the order in which they end. */
  const readings = new Set<Reading>()
  let checking: NodeJS.Timeout | undefined

  function check(): void {
    const nowMs = performance.now()
    for (const reading of readings) {
      if (reading.endsAtMs > nowMs) break
      reading.onLate()
    }
    checking = undefined
    checkLater()
  }

  function checkLater(): void {
    if (readings.size === 0 || checking !== undefined) return
    checking = setTimeout(check, Math.min(checkIntervalMs, readMsMax))
  }

  return {
    async run<T>(bytes: number, read: (take: TakeBytes) => Promise<T>) {
      const held = { small: 0, large: 0 }

      function take(more: number): boolean {
        const isSmall = held.small + held.large + more <= smallBytesMax
        if (more > permits.free(isSmall)) return false
        permits.take(isSmall, more)
        held[isSmall ? 'small' : 'large'] += more
        return true
      }

      if (!take(bytes)) return 'full'
      let onLate = (): void => undefined
      const late = new Promise<'late'>((resolve) => {
        onLate = () => resolve('late')
      })
      const reading = { endsAtMs: performance.now() + readMsMax, onLate }
      readings.add(reading)
      checkLater()
      // A late body may go on coming until its connection is closed, which ends the read.
      const whole = read(take).finally(() => {
        permits.give(true, held.small)
        permits.give(false, held.large)
      })
      try {
        return await Promise.race([whole, late])
      } finally {
        readings.delete(reading)
      }
    },
  }
}

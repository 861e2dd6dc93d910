/** When a customer's quiet hours end. Time zones by the runtime's own data (ECMA-402), which follow the IANA database. */
import type { QuietHours } from './customer-settings.ts'

export const timeOfDayPattern = /^([01]\d|2[0-3]):[0-5]\d$/

const minuteMs = 60_000
const dayMinutes = 1_440
/** A day on which clocks change has one hour more. */
const minutesLookedAtMax = dayMinutes + 60

/** Time zones whose clocks are remembered; the world has about 400. */
const clocksMax = 600
const clocks = new Map<string, Intl.DateTimeFormat>()

export function isTimeZone(name: string): boolean {
  try {
    return clockOf(name) !== undefined
  } catch {
    return false
  }
}

/**
 * The time itself, when it is outside of the quiet hours; else their end.
 *
 * @param timeMs since the Unix epoch
 */
export function afterQuietHours(timeMs: number, { from, to, time_zone }: QuietHours): number {
  const [begin, end] = [minuteOf(from), minuteOf(to)]
  if (begin === end) return timeMs
  const isQuiet = (minute: number) =>
    begin < end ? minute >= begin && minute < end : minute >= begin || minute < end
  const clock = clockOf(time_zone)
  let atMs = timeMs
  // More than once where clocks are set back into the quiet hours.
  for (let looked = 0; looked < minutesLookedAtMax; ) {
    const minute = minuteAt(clock, atMs)
    if (!isQuiet(minute)) return atMs
    const minutes = Math.min(
      (end - minute + dayMinutes) % dayMinutes,
      stepAt(clock, atMs, end, minute),
    )
    atMs = Math.floor(atMs / minuteMs) * minuteMs + minutes * minuteMs
    looked += minutes
  }
  return atMs
}

/** Minutes until the end; where clocks change before it, only until they have changed. */
function stepAt(clock: Intl.DateTimeFormat, atMs: number, end: number, minute: number): number {
  const until = (end - minute + dayMinutes) % dayMinutes
  const arrived = minuteAt(clock, atMs + until * minuteMs)
  return arrived === end ? until : 1
}

function minuteOf(time: string): number {
  const [hours = '0', minutes = '0'] = time.split(':')
  return Number(hours) * 60 + Number(minutes)
}

function minuteAt(clock: Intl.DateTimeFormat, timeMs: number): number {
  return minuteOf(clock.format(timeMs))
}

function clockOf(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone)
  if (known !== undefined) return known
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  if (clocks.size >= clocksMax) clocks.clear()
  clocks.set(timeZone, clock)
  return clock
}

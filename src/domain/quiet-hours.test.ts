import { describe, expect, test } from 'bun:test'
import { afterQuietHours, isTimeZone, timeOfDayPattern } from './quiet-hours.ts'

const night = { from: '22:00', to: '08:00', time_zone: 'Europe/Berlin' }

function after(time: string, hours = night): string {
  return new Date(afterQuietHours(Date.parse(time), hours)).toISOString()
}

describe('quiet hours', () => {
  test.each([
    ['before them', '2026-01-15T20:59:59.999Z', '2026-01-15T20:59:59.999Z'],
    ['at their beginning', '2026-01-15T21:00:00.000Z', '2026-01-16T07:00:00.000Z'],
    ['after midnight', '2026-01-16T02:34:56.789Z', '2026-01-16T07:00:00.000Z'],
    ['at their end', '2026-01-16T07:00:00.000Z', '2026-01-16T07:00:00.000Z'],
    ['in summer', '2026-07-16T02:00:00.000Z', '2026-07-16T06:00:00.000Z'],
    ['when clocks are put forward', '2026-03-28T23:30:00.000Z', '2026-03-29T06:00:00.000Z'],
    ['when clocks are put back', '2026-10-24T22:30:00.000Z', '2026-10-25T07:00:00.000Z'],
  ])('%s', (_, time, expected) => {
    expect(after(time)).toBe(expected)
  })

  test('of one day', () => {
    const lunch = { from: '12:00', to: '13:30', time_zone: 'Asia/Kathmandu' }
    expect(after('2026-01-15T06:15:00.000Z', lunch)).toBe('2026-01-15T07:45:00.000Z')
    expect(after('2026-01-15T07:45:00.000Z', lunch)).toBe('2026-01-15T07:45:00.000Z')
  })

  test('that are none', () => {
    const none = { from: '00:00', to: '00:00', time_zone: 'UTC' }
    expect(after('2026-01-15T00:00:00.000Z', none)).toBe('2026-01-15T00:00:00.000Z')
  })

  test('that end in an hour that clocks leave out', () => {
    const early = { from: '01:00', to: '02:30', time_zone: 'Europe/Berlin' }
    expect(after('2026-03-29T00:30:00.000Z', early)).toBe('2026-03-29T01:00:00.000Z')
  })
})

test('a time zone is one of the database', () => {
  expect(['UTC', 'Europe/Berlin', 'America/New_York'].every(isTimeZone)).toBe(true)
  expect(['', 'Berlin', 'Mars/Olympus'].some(isTimeZone)).toBe(false)
})

test('a time of the day has two digits for the hour and the minute', () => {
  expect(['00:00', '23:59'].every((time) => timeOfDayPattern.test(time))).toBe(true)
  expect(['24:00', '7:00', '12:60', '12:00:00'].some((time) => timeOfDayPattern.test(time))).toBe(
    false,
  )
})

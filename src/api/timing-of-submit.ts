/** When a submitted message may be sent. */
import { type MessageTiming, scheduleAheadMsMax } from '../domain/message.ts'
import { afterQuietHours } from '../domain/quiet-hours.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Submit } from './message-schemas.ts'
import type { Fault } from './problems.ts'
import type { SubmitCheck } from './submit-candidate.ts'

export interface TimingRules {
  /** The longest validity, and that of messages that say nothing of it. */
  readonly validityMs: number
}

type TimingFields = Pick<Submit, 'schedule_at' | 'expires_at' | 'valid_for_s'>

/**
 * Undefined for a message that says nothing of its time. What is wrong goes into `faults`.
 *
 * @param base pointer to the message
 */
export function timingOf(
  { schedule_at, expires_at, valid_for_s }: TimingFields,
  { validityMs }: TimingRules,
  nowMs: number,
  faults: Fault[],
  base = '',
): MessageTiming | undefined {
  if (schedule_at === undefined && expires_at === undefined && valid_for_s === undefined) {
    return undefined
  }
  const scheduleAtMs = schedule_at === undefined ? null : Date.parse(schedule_at)
  const expiresAtMs = expires_at === undefined ? null : Date.parse(expires_at)
  const beginMs = Math.max(nowMs, scheduleAtMs ?? nowMs)
  const blame = (field: string, detail: string) =>
    faults.push({ pointer: `${base}/${field}`, detail })

  if (beginMs > nowMs + scheduleAheadMsMax) {
    blame('schedule_at', `must be at most ${scheduleAheadMsMax / 86_400_000} days ahead`)
  }
  if (expiresAtMs !== null && valid_for_s !== undefined) {
    blame('valid_for_s', 'says the same as expires_at: give one of them')
  }
  if (expiresAtMs !== null && expiresAtMs <= beginMs) {
    blame('expires_at', 'must be in the future, and after schedule_at')
  }
  const longest = `must be at most ${validityMs / 1_000} s after the message may be sent`
  if (expiresAtMs !== null && expiresAtMs > beginMs + validityMs) blame('expires_at', longest)
  if (valid_for_s !== undefined && valid_for_s * 1_000 > validityMs) blame('valid_for_s', longest)
  const validForMs = valid_for_s === undefined ? null : valid_for_s * 1_000
  return { scheduleAtMs, expiresAtMs, validForMs }
}

/** Puts the times into the message; a normal one of the customer's quiet hours is for their end. */
export function timingCheck(rules: TimingRules, clock: Pick<Clock, 'now'>): SubmitCheck {
  return ({ submit, lane, profile, pointer }, faults) => {
    const nowMs = clock.now()
    const timing = timingOf(submit, rules, nowMs, faults, pointer)
    const { quiet_hours } = profile.settings
    const waiting = quiet_hours === undefined || lane === 'express' ? timing : quietly(timing)
    if (waiting !== undefined) submit.timing = waiting

    function quietly(given: MessageTiming | undefined): MessageTiming | undefined {
      if (quiet_hours === undefined) return given
      const beginMs = Math.max(nowMs, given?.scheduleAtMs ?? nowMs)
      const scheduleAtMs = afterQuietHours(beginMs, quiet_hours)
      if (scheduleAtMs === beginMs) return given
      return {
        scheduleAtMs,
        expiresAtMs: given?.expiresAtMs ?? null,
        validForMs: given?.validForMs ?? null,
      }
    }
  }
}

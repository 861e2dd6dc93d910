import { describe, expect, test } from 'bun:test'
import {
  message,
  round,
  taken,
  timeout,
  unavailable,
} from '../../tests/support/submission-round.ts'
import type { SubmitOutcome } from '../domain/submit-outcome.ts'

describe('a round', () => {
  test('taken at the first provider', async () => {
    const { result, moves } = await round({ outcomes: { a: taken } })
    expect(result).toMatchObject({ kind: 'sent', settlement: { provider: 'a', failures: [] } })
    expect(moves).toEqual([])
  })

  test('fails over at once, writing the move down first, and keeps the failure', async () => {
    const { result, submitted, moves } = await round({ outcomes: { a: unavailable, b: taken } })
    expect(submitted).toEqual(['a', 'b'])
    expect(moves).toEqual([{ id: message.id, claimToken: '1', from: 'a', provider: 'b' }])
    expect(result).toMatchObject({
      kind: 'sent',
      settlement: { provider: 'b', failures: [{ provider: 'a', code: 'http_status_503' }] },
    })
  })

  test('does not submit a message that somebody else has taken over', async () => {
    const { result, submitted } = await round({
      outcomes: { a: unavailable, b: taken },
      ours: false,
    })
    expect(result.kind).toBe('lost')
    expect(submitted).toEqual(['a'])
  })

  test('with all providers spent it is tried later, and after the last attempt it has failed', async () => {
    const outcomes = { a: unavailable, b: unavailable }
    const first = await round({ outcomes })
    expect(first.result).toMatchObject({ settlement: { result: 'queued', retryInMs: 500 } })
    const last = await round({ outcomes, changes: { attempt: 3 } })
    expect(last.result).toMatchObject({ settlement: { result: 'failed' } })
    expect(last.result.kind === 'unsent' && last.result.settlement.failures.length).toBe(2)
  })

  test('what a provider says is kept without the number', async () => {
    const detail = '1234567890 (+1234567890) is no subscriber'
    const rejected: SubmitOutcome = { kind: 'rejected', code: 'unknown_1234567890', detail }
    const { result } = await round({ outcomes: { a: rejected } })
    expect(JSON.stringify(result)).toContain('is no subscriber')
    expect(JSON.stringify(result)).not.toContain('1234567890')
  })

  test('a rejection is final and nobody else is asked', async () => {
    const rejected: SubmitOutcome = { kind: 'rejected', code: 'invalid_recipient', detail: '' }
    const { result, submitted } = await round({ outcomes: { a: rejected, b: taken } })
    expect(submitted).toEqual(['a'])
    expect(result).toMatchObject({ settlement: { result: 'rejected', provider: 'a' } })
  })

  test('in doubt: by policy sent again at the same provider, or unknown for good', async () => {
    const resend = await round({ outcomes: { a: timeout, b: taken } })
    expect(resend.submitted).toEqual(['a'])
    expect(resend.result).toMatchObject({ settlement: { result: 'queued', inDoubtProvider: 'a' } })
    const unknown = await round({ outcomes: { a: timeout, b: taken }, inDoubt: 'unknown' })
    expect(unknown.result).toMatchObject({ settlement: { result: 'unknown' } })
  })

  test('in doubt after the last attempt is unknown, never failed', async () => {
    const changes = { attempt: 3 }
    const last = await round({ outcomes: { a: timeout }, changes })
    expect(last.result).toMatchObject({ settlement: { result: 'unknown' } })
    const spent = await round({
      outcomes: { a: unavailable },
      changes: { ...changes, inDoubtProvider: 'a' },
    })
    expect(spent.result).toMatchObject({ settlement: { result: 'unknown' } })
  })

  describe('that begins with a provider that may hold the message', () => {
    const inDoubtAtB = { provider: 'b', inDoubtProvider: 'b' }
    const halfSpent = { ...inDoubtAtB, attempt: 3 }

    test('asks it, and not the one the place was for', async () => {
      const { submitted, moves } = await round({
        outcomes: { a: taken, b: taken },
        changes: inDoubtAtB,
      })
      expect(submitted).toEqual(['b'])
      expect(moves).toEqual([])
    })

    test('waits for it in the first half of its attempts: nobody else would know that it has the message', async () => {
      const away = await round({
        outcomes: { a: taken, b: taken },
        changes: { ...inDoubtAtB, attempt: 2 },
        failing: ['b'],
      })
      expect(away.submitted).toEqual([])
      expect(away.result).toMatchObject({ settlement: { result: 'queued', inDoubtProvider: 'b' } })
      const refusing = await round({ outcomes: { a: taken, b: unavailable }, changes: inDoubtAtB })
      expect(refusing.submitted).toEqual(['b'])
      expect(refusing.result).toMatchObject({
        settlement: { result: 'queued', inDoubtProvider: 'b' },
      })
    })

    test('in the second half of its attempts asks others too: it is better sent twice than not at all', async () => {
      const away = await round({
        outcomes: { a: taken, b: taken },
        changes: halfSpent,
        attemptsMax: 4,
        failing: ['b'],
      })
      expect(away.submitted).toEqual(['a'])
      const refusing = await round({
        outcomes: { a: taken, b: unavailable },
        changes: halfSpent,
        attemptsMax: 4,
      })
      expect(refusing.submitted).toEqual(['b', 'a'])
      expect(refusing.moves).toMatchObject([{ from: 'b', provider: 'a' }])
      expect(refusing.result.kind).toBe('sent')
    })

    test('is unknown when another rejects it: that one may have sent it', async () => {
      const rejected: SubmitOutcome = { kind: 'rejected', code: 'invalid_recipient', detail: '' }
      const options = { changes: halfSpent, attemptsMax: 4 }
      const there = { outcomes: { a: taken, b: rejected }, attemptsMax: 4 }
      const early = await round({ ...there, changes: inDoubtAtB })
      expect(early.result).toMatchObject({ settlement: { result: 'rejected' } })
      // Others may have been asked since.
      const late = await round({ ...there, changes: halfSpent })
      expect(late.result).toMatchObject({ settlement: { result: 'unknown' } })
      const elsewhere = await round({ ...options, outcomes: { a: rejected, b: unavailable } })
      expect(elsewhere.submitted).toEqual(['b', 'a'])
      expect(elsewhere.result).toMatchObject({ settlement: { result: 'unknown' } })
    })

    test('asks any when it is configured no more', async () => {
      const { submitted } = await round({
        outcomes: { a: taken },
        changes: { provider: 'gone', inDoubtProvider: 'gone' },
      })
      expect(submitted).toEqual(['a'])
    })
  })

  describe('when the process has to end', () => {
    test('before the submit, is handed back as it was', async () => {
      const { result, submitted } = await round({
        outcomes: { a: taken },
        inDoubt: 'unknown',
        endsAfter: 0,
      })
      expect(submitted).toEqual([])
      expect(result).toMatchObject({
        settlement: { result: 'released', retryInMs: 0, inDoubtProvider: null, failures: [] },
      })
    })

    test('after a failure, is handed back with it, and nobody else is asked', async () => {
      const { result, submitted } = await round({
        outcomes: { a: unavailable, b: taken },
        endsAfter: 1,
      })
      expect(submitted).toEqual(['a'])
      expect(result).toMatchObject({
        settlement: { result: 'released', failures: [{ provider: 'a' }] },
      })
    })
  })

  test('a throttled provider is left for another, and its wait is kept when there is none', async () => {
    const throttled: SubmitOutcome = {
      kind: 'throttled',
      retryAfterMs: 9_000,
      code: 'x',
      detail: '',
    }
    const moved = await round({ outcomes: { a: throttled, b: taken } })
    expect(moved.result.kind).toBe('sent')
    const alone = await round({ outcomes: { a: throttled } })
    expect(alone.result).toMatchObject({ settlement: { result: 'queued', retryInMs: 9_000 } })
  })
})

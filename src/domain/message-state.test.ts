import { describe, expect, test } from 'bun:test'
import {
  canTransition,
  finalStates,
  isFinal,
  messageStates,
  reportedStates,
  statesBefore,
} from './message-state.ts'

describe('message states', () => {
  test('a delivered, undelivered, expired, rejected or canceled message never moves again', () => {
    for (const from of ['delivered', 'undelivered', 'expired', 'rejected', 'canceled'] as const) {
      for (const to of messageStates) expect(canTransition(from, to)).toBe(false)
    }
  })

  test('every state can reach a final one', () => {
    for (const start of messageStates) {
      const reached = new Set([start])
      for (const from of reached) {
        for (const to of messageStates) if (canTransition(from, to)) reached.add(to)
      }
      expect([...reached].some(isFinal)).toBe(true)
    }
  })

  test('a report applies to whatever may already be at a provider', () => {
    for (const to of reportedStates) {
      expect(statesBefore(to)).toContain('sending')
      expect(statesBefore(to)).toContain('sent')
    }
    expect(statesBefore('delivered')).toContain('unknown')
    expect(statesBefore('unknown')).not.toContain('unknown')
  })

  test('final states are those that wait for nothing of ours', () => {
    expect(messageStates.filter((state) => !isFinal(state))).toEqual([
      'scheduled',
      'queued',
      'sending',
      'sent',
    ])
    expect(finalStates.length).toBe(7)
  })
})

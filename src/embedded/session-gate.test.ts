import { beforeEach, expect, test } from 'bun:test'
import { eventually } from '../../tests/support/eventually.ts'
import { type GateClient, SessionGate } from './session-gate.ts'

let log: string[]
let isInTransaction: boolean
let failures: unknown[]
let gate: SessionGate

beforeEach(() => {
  log = []
  isInTransaction = false
  failures = []
  gate = newGate(60_000)
})

function newGate(ownerIdleMsMax: number): SessionGate {
  return new SessionGate({
    isInTransaction: () => isInTransaction,
    ownerIdleMsMax,
    onFailure: (error) => failures.push(error),
  })
}

function newClient(name: string): GateClient {
  return { pending: [], onOverdue: () => log.push(`${name} overdue`) }
}

function say(client: GateClient, words: string, endsTurn = true, effect = () => {}): void {
  const run = async () => {
    log.push(words)
    effect()
  }
  gate.submit(client, { run, endsTurn })
}

const settled = (count: number) => eventually(() => log.length === count, { what: `${count} said` })

test('clients take turns, one request each', async () => {
  const [a, b] = [newClient('a'), newClient('b')]
  for (const words of ['a1', 'a2', 'a3']) say(a, words)
  for (const words of ['b1', 'b2']) say(b, words)
  await settled(5)
  expect(log).toEqual(['a1', 'b1', 'a2', 'b2', 'a3'])
})

test('a request in parts is not interrupted', async () => {
  const [a, b] = [newClient('a'), newClient('b')]
  say(a, 'a parse', false)
  say(b, 'b')
  await settled(1)
  say(a, 'a execute')
  await settled(3)
  expect(log).toEqual(['a parse', 'a execute', 'b'])
})

test('a transaction is not interrupted', async () => {
  const [a, b] = [newClient('a'), newClient('b')]
  say(a, 'begin', true, () => (isInTransaction = true))
  say(b, 'b')
  const own = gate.exclusive(async () => log.push('own'))
  say(a, 'update')
  await settled(2)
  say(a, 'commit', true, () => (isInTransaction = false))
  await own
  expect(log).toEqual(['begin', 'update', 'commit', 'b', 'own'])
})

test('a client that goes away is cleaned up after, and the next is served', async () => {
  const [a, b] = [newClient('a'), newClient('b')]
  say(a, 'begin', true, () => (isInTransaction = true))
  await settled(1)
  say(b, 'b')
  expect([gate.owns(a), gate.owns(b)]).toEqual([true, false])
  const rollback = async () => {
    log.push('rollback')
    isInTransaction = false
  }
  gate.abandon(a, { run: rollback, endsTurn: true })
  await settled(3)
  expect(log).toEqual(['begin', 'rollback', 'b'])
})

test('what a client that goes away had waiting is not run', async () => {
  const [a, b] = [newClient('a'), newClient('b')]
  say(a, 'a')
  say(b, 'b')
  gate.abandon(b, undefined)
  say(a, 'a again')
  await settled(2)
  expect(log).toEqual(['a', 'a again'])
})

test('an owner that is silent is told, whatever others submit meanwhile', async () => {
  gate = newGate(30)
  const [a, b] = [newClient('a'), newClient('b')]
  say(a, 'begin', true, () => (isInTransaction = true))
  await eventually(
    () => {
      say(b, 'b')
      return log.includes('a overdue')
    },
    { what: 'a is overdue', intervalMs: 5 },
  )
  expect(log).toEqual(['begin', 'a overdue'])
})

test('an engine that fails ends everything', async () => {
  const broken = new Error('broken')
  const a = newClient('a')
  gate.submit(a, { run: () => Promise.reject(broken), endsTurn: true })
  say(a, 'a')
  await eventually(() => failures.length === 1, { what: 'the failure is reported' })
  say(a, 'a again')
  expect(failures).toEqual([broken])
  expect(log).toEqual([])
})

test('an error in a turn of one’s own is its caller’s', async () => {
  const broken = new Error('broken')
  await expect(gate.exclusive(() => Promise.reject(broken))).rejects.toBe(broken)
  expect(failures).toEqual([])
  expect(await gate.exclusive(async () => 'next')).toBe('next')
})

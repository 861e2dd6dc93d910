import { expect, test } from 'bun:test'
import { stopServer } from './stop-server.ts'

test('a server whose requests end is only asked to stop', async () => {
  const asked: unknown[] = []
  await stopServer({ stop: async (force) => void asked.push(force) }, 60_000)
  expect(asked).toEqual([undefined])
})

test('one whose clients hang is cut off when the grace time is over', async () => {
  const asked: unknown[] = []
  const server = {
    stop(force?: boolean) {
      asked.push(force)
      return force === true ? Promise.resolve() : new Promise<void>(() => undefined)
    },
  }
  await stopServer(server, 1)
  expect(asked).toEqual([undefined, true])
})

test('its failure is the failure of stopping', async () => {
  const server = { stop: () => Promise.reject(new Error('no')) }
  await expect(stopServer(server, 60_000)).rejects.toThrow('no')
})

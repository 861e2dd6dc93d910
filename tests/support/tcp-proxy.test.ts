import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { eventually } from './eventually.ts'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'

/** A server that sends back what it gets, and notes it. */
let server: Server
let serverSockets: Socket[]
let arrived: string
let proxy: TcpProxy
let clients: Client[]

interface Client {
  readonly socket: Socket
  received: Buffer
  ended: boolean
  error: string | undefined
}

beforeEach(async () => {
  serverSockets = []
  arrived = ''
  clients = []
  server = createServer((socket) => {
    serverSockets.push(socket)
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      arrived += chunk.toString('latin1')
      socket.write(chunk)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  proxy = await startTcpProxy({ host: '127.0.0.1', port, delayMs: 150, seed: 7 })
})
afterEach(async () => {
  for (const { socket } of clients) socket.destroy()
  await proxy.close()
  for (const socket of serverSockets) socket.destroy()
  server.close()
})

async function open(): Promise<Client> {
  const socket = connect({ host: proxy.host, port: proxy.port })
  const client: Client = { socket, received: Buffer.alloc(0), ended: false, error: undefined }
  clients.push(client)
  socket.on('data', (chunk) => {
    client.received = Buffer.concat([client.received, chunk])
  })
  socket.on('end', () => {
    client.ended = true
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    client.error = error.code
  })
  await eventually(() => socket.readyState === 'open' || client.error !== undefined, {
    what: 'it connects or fails',
  })
  return client
}

async function echoes(client: Client, text: string): Promise<void> {
  const wanted = client.received.length + text.length
  client.socket.write(text)
  await eventually(() => client.received.length >= wanted, { what: `"${text}" comes back` })
  expect(client.received.toString().endsWith(text)).toBe(true)
}

describe('the proxy', () => {
  test('passes bytes and ends', async () => {
    const client = await open()
    await echoes(client, 'hello')
    expect(proxy.open).toBe(1)
    serverSockets[0]?.end()
    await eventually(() => client.ended, { what: 'the end arrives' })
    await eventually(() => proxy.open === 0, { what: 'the client has ended too' })
    expect(proxy.accepted).toBe(1)
  })

  test('cut: resets, refuses, and takes connections again when healed', async () => {
    const client = await open()
    await echoes(client, 'hello')
    await proxy.become('cut')
    await eventually(() => client.error === 'ECONNRESET', { what: 'the reset arrives' })
    expect((await open()).error).toBe('ECONNREFUSED')
    await proxy.become('pass')
    await echoes(await open(), 'again')
  })

  test('stall: nothing moves, and all of it arrives when healed', async () => {
    const client = await open()
    await echoes(client, 'hello')
    await proxy.become('stall')
    client.socket.write(' held')
    const late = await open()
    late.socket.write(' late')
    const witness = await startTcpProxy({ host: '127.0.0.1', port: portOf(server) })
    // As long as this takes elsewhere, nothing has come through.
    const other = connect({ host: witness.host, port: witness.port })
    other.write('witness')
    await eventually(() => arrived.includes('witness'), { what: 'another way is open' })
    other.destroy()
    await witness.close()
    expect(arrived).toBe('hellowitness')
    await proxy.become('pass')
    await eventually(() => client.received.toString() === 'hello held', { what: 'it arrives' })
    await eventually(() => late.received.toString() === ' late', { what: 'the late one too' })
  })

  test('blackhole: connects, swallows, hides ends; healed, only new connections live', async () => {
    const client = await open()
    await echoes(client, 'hello')
    await proxy.become('blackhole')
    client.socket.write(' lost')
    serverSockets[0]?.end('bye')
    const inside = await open()
    inside.socket.write(' lost too')
    await proxy.become('pass')
    client.socket.write(' and lost')
    await echoes(await open(), 'new')
    expect(arrived).toBe('hellonew')
    expect([client.ended, client.error, client.received.toString()]).toEqual([
      false,
      undefined,
      'hello',
    ])
    expect([inside.ended, inside.error, inside.received.length]).toEqual([false, undefined, 0])
  })

  test('half-open: the server is gone, the client never hears of it, new connections pass', async () => {
    const client = await open()
    await echoes(client, 'hello')
    await proxy.become('half-open')
    await eventually(() => serverSockets[0]?.destroyed, { what: 'the server sees the end' })
    client.socket.write(' lost')
    await echoes(await open(), 'new')
    expect([client.ended, client.error]).toEqual([false, undefined])
    expect(arrived).toBe('hellonew')
  })

  test('corrupt: the server hears what was sent, the client hears noise, the same for the same seed', async () => {
    await proxy.become('corrupt')
    const client = await open()
    client.socket.write('hello')
    await eventually(() => client.received.length === 5, { what: 'noise arrives' })
    expect(arrived).toBe('hello')
    expect([...client.received]).toEqual([44, 18, 94, 150, 231])
  })

  test('delay: it all arrives, in order, later', async () => {
    await proxy.become('delay')
    const client = await open()
    client.socket.write('a')
    await eventually(() => proxy.accepted === 1, { what: 'it is on its way' })
    client.socket.write('b')
    await proxy.become('pass')
    client.socket.end('c')
    await eventually(() => client.ended, { what: 'the end arrives' })
    expect(client.received.toString()).toBe('abc')
  })
})

function portOf(listening: Server): number {
  return (listening.address() as { port: number }).port
}

import { afterAll, expect, test } from 'bun:test'
import { readBounded } from './read-bounded.ts'

const bytesMax = 1_000

/** Bodies over a real connection, which is where a length is declared and a compression undone. */
const server = Bun.serve({
  port: 0,
  fetch(request) {
    const { pathname, searchParams } = new URL(request.url)
    const text = 'x'.repeat(Number(searchParams.get('size')))
    if (pathname === '/gzip') {
      return new Response(Bun.gzipSync(text), { headers: { 'content-encoding': 'gzip' } })
    }
    if (pathname === '/chunked') {
      const stream = new ReadableStream({
        start(controller) {
          for (const half of [text.slice(0, text.length / 2), text.slice(text.length / 2)]) {
            controller.enqueue(new TextEncoder().encode(half))
          }
          controller.close()
        },
      })
      return new Response(stream)
    }
    return new Response(text)
  },
})
afterAll(() => server.stop(true))

const read = async (path: string, size: number): Promise<number | null> => {
  const response = await fetch(`${server.url}${path}?size=${size}`)
  return (await readBounded(response, bytesMax))?.length ?? null
}

test.each(['plain', 'chunked', 'gzip'])('a %s body up to the limit is read whole', async (path) => {
  for (const size of [0, 1, bytesMax]) expect(await read(path, size)).toBe(size)
})

test.each(['plain', 'chunked', 'gzip'])('a longer %s body is not', async (path) => {
  for (const size of [bytesMax + 1, 50_000_000]) expect(await read(path, size)).toBeNull()
})

test('what is compressed is told by the size that it has when it is not', async () => {
  const compressed = Bun.gzipSync('x'.repeat(50_000_000)).length
  expect(compressed).toBeLessThan(100_000)
  expect(await read('gzip', 50_000_000)).toBeNull()
})

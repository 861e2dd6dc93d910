/** The documentation in the executable, as it is served and as a browser shows it. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { showPage } from '../support/browser.ts'
import { type ApiProcess, startApiProcess } from './api-process.ts'

let api: ApiProcess
beforeAll(async () => {
  api = await startApiProcess()
}, 90_000)
afterAll(() => api.stop())

describe('documentation', () => {
  test('shows every operation in a browser, with nothing refused and nothing from elsewhere', async () => {
    const document = (await (await fetch(`${api.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { operationId: string; tags: string[] }>>
    }
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
    const page = await showPage(`${api.url}/docs`)
    expect(page.console).toEqual([])
    const shown = [...page.html.matchAll(/id="operations-(\w+-\w+)"/g)].map(([, id]) => id)
    const expected = operations.map(({ operationId, tags }) => `${tags[0]}-${operationId}`)
    expect(expected.length).toBeGreaterThan(10)
    expect(shown).toEqual(expect.arrayContaining(expected))
  })

  test('a page that a browser refuses something of is found', async () => {
    const broken = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: () =>
        new Response('<img src="http://example.com/x.png"><script>alert(1)</script>', {
          headers: { 'content-type': 'text/html', 'content-security-policy': "default-src 'self'" },
        }),
    })
    const page = await showPage(broken.url.href)
    await broken.stop(true)
    expect(page.console).toHaveLength(2)
    expect(page.console.join('\n')).toContain('inline script violates')
    expect(page.console.join('\n')).toContain("'http://example.com/x.png' violates")
  })

  test('is in the executable', async () => {
    const document = (await (await fetch(`${api.url}/openapi.json`)).json()) as { openapi: string }
    expect(document.openapi).toBe('3.1.0')
    const page = await (await fetch(`${api.url}/docs`)).text()
    for (const [, address] of page.matchAll(/(?:src|href)="(\/[^"]*)"/g)) {
      const response = await fetch(api.url + address)
      expect(response.status).toBe(200)
      const again = { 'if-none-match': response.headers.get('etag') ?? '' }
      expect((await fetch(api.url + address, { headers: again })).status).toBe(304)
    }
  })
})

import { afterAll, expect, test } from 'bun:test'
import { createFakeApi } from '../../../tests/support/fake-api.ts'

const api = createFakeApi()
afterAll(() => api.close())

const assets = [
  ['/docs', 'text/html'],
  ['/docs/init.js', 'text/javascript'],
  ['/docs/swagger-ui-bundle.js', 'text/javascript'],
  ['/docs/swagger-ui.css', 'text/css'],
] as const

test.each(assets)('%s is served, once for each cache', async (path, type) => {
  const response = await api.send(path)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toStartWith(type)
  expect((await response.text()).length).toBeGreaterThan(50)
  const etag = response.headers.get('etag') ?? ''
  expect(etag).toMatch(/^"[0-9a-z]+"$/)
  for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const again = await api.send(path, undefined, { 'if-none-match': tag })
    expect(again.status).toBe(304)
    expect(await again.text()).toBe('')
  }
  const changed = await api.send(path, undefined, { 'if-none-match': '"other"' })
  expect(changed.status).toBe(200)
})

test('the page has no inline script and asks nothing of anybody else', async () => {
  const response = await api.send('/docs')
  const html = await response.text()
  expect(html).not.toMatch(/<script(?![^>]* src="\/docs\/)/)
  expect(html).not.toContain('://')
  const policy = response.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("script-src 'self';")
  for (const [, address] of html.matchAll(/(?:src|href)="(\/[^"]*)"/g)) {
    expect((await api.send(address ?? '')).status).toBe(200)
  }
})

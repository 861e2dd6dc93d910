/**
 * The console in Chromium, with live figures under a thousand messages a second. With SCREENSHOTS set to a folder, its pictures
 * are left there: `npm run screenshots` makes those of the documentation.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type ConsoleBrowser, openConsole } from '../support/console-browser.ts'
import { eventually } from '../support/eventually.ts'
import { allAre, behave, metric } from '../support/gateway-fixture.ts'
import {
  type Customer,
  startBatches,
  startWebhookGateway,
  type WebhookGateway,
} from '../support/webhook-gateway.ts'

const adminToken = 'the-admin-token'
const screenshots = process.env.SCREENSHOTS
const ratePerSecond = 1_000
const narrow = { width: 360, height: 740 }

let gateway: WebhookGateway
let browser: ConsoleBrowser
let customer: Customer
/** Of those that died; the others stay dead. */
let deadId: string
const deadCount = 4
beforeAll(async () => {
  gateway = await startWebhookGateway({ ADMIN_TOKEN: adminToken, RETRY_ATTEMPTS_MAX: '1' })
  if (screenshots !== undefined) mkdirSync(screenshots, { recursive: true })
  customer = await gateway.customer()
  await gateway.webhook(customer, '/hook')
  for (const identity of ['primary', 'secondary', 'backup']) {
    await behave(gateway.operatorUrl, identity, { outage: true })
  }
  const [first = ''] = await gateway.submitMany(customer, deadCount)
  deadId = first
  await allAre(gateway.database, 'failed', deadCount)
  for (const identity of ['primary', 'secondary', 'backup']) {
    await behave(gateway.operatorUrl, identity, {
      outage: false,
      report_status: { delivered: 1 },
    })
  }
  browser = await openConsole(gateway.api.url)
  await signInWith(adminToken)
  await browser.page.waitForSelector('.figure')
}, 120_000)
afterAll(async () => {
  await browser.close()
  await gateway.close()
})

async function signInWith(key: string): Promise<void> {
  await browser.show('overview')
  await browser.page.waitForSelector('input[name=key]')
  await browser.page.type('input[name=key]', key)
  await browser.page.keyboard.press('Enter')
}

async function picture(page: ConsoleBrowser['page'], name: string): Promise<void> {
  if (screenshots === undefined) return
  const path = join(screenshots, `console-${name}.webp`) as `${string}.webp`
  await page.screenshot({ path, type: 'webp', quality: 80 })
}

const pages = [
  ['overview', '.chart canvas'],
  ['providers', '.card dl'],
  ['messages', 'tbody tr'],
  ['message', '.timeline li'],
  ['dead-letters', 'tbody tr'],
  ['customers', 'tbody tr'],
  ['customer', '.facts'],
  ['send', 'form textarea'],
  ['settings', 'tbody tr td code'],
] as const

describe('under a thousand messages a second', () => {
  let stop: () => Promise<void>
  beforeAll(async () => {
    stop = startBatches(gateway.api.url, customer, ratePerSecond)
    await browser.show('overview')
    await eventually(
      async () => Number.parseFloat((await browser.textOf('.figure-value')).replace(',', '')) > 800,
      {
        what: 'the console shows the load',
        timeoutMs: 30_000,
      },
    )
  }, 60_000)
  afterAll(() => stop())

  test('every page is shown light, dark and narrow, with no fault of script, policy or accessibility', async () => {
    const { page, faults, inaccessible } = browser
    for (const scheme of ['light', 'dark']) {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }])
      for (const [name, selector] of pages) {
        await browser.show(addressOf(name))
        await page.waitForSelector(selector)
        expect([name, scheme, await inaccessible()]).toEqual([name, scheme, []])
        await picture(page, `${name}-${scheme}`)
      }
    }
    await page.setViewport(narrow)
    for (const [name, selector] of pages) {
      await browser.show(addressOf(name))
      await page.waitForSelector(selector)
      const overflow = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      )
      expect([name, overflow]).toEqual([name, 0])
    }
    await page.setViewport({ width: 1280, height: 900 })
    expect(faults).toEqual([])
  }, 120_000)

  test('figures are live: rates, lanes, percentiles, providers and processes', async () => {
    await browser.show('overview')
    await browser.page.waitForSelector('tbody tr')
    const lanes = await eventually(
      async () => {
        const text = await browser.textOf('section[aria-label=Lanes] tbody')
        return /normal\d/.test(text) && /ms · /.test(text) ? text : null
      },
      { what: 'the lanes have rates and percentiles' },
    )
    expect(lanes).toContain('express')
    const providers = await browser.textOf('section[aria-label="Providers now"] tbody')
    expect(providers).toContain('closed')
    expect(providers).toContain('100 %')
    await browser.show('settings')
    await eventually(
      async () =>
        /api.*processor|processor.*api/.test(
          await browser.textOf('section[aria-label=Processes] tbody'),
        ),
      { what: 'both processes tell of themselves' },
    )
  })
})

function addressOf(name: string): string {
  if (name === 'message') return `messages/${deadId}`
  return name === 'customer' ? `customers/${customer.id}` : name
}

describe('what is done there', () => {
  test('a provider is weighed, drained and put back, in the processor too', async () => {
    await browser.show('providers')
    const card = '.card[aria-label=primary]'
    await browser.page.waitForSelector(`${card} input`)
    await browser.fill(`${card} input`, '7')
    await browser.press('Set', card)
    await browser.says('The weight of primary is 7.')
    await browser.press('Back to 100', card)
    await browser.says('The weight of primary is 100.')
    await browser.press('Drain', card)
    await browser.says('draining', card)
    const mode = (word: string) =>
      metric(gateway.processor.url, 'sms_provider_mode', { provider: 'primary', mode: word })
    await eventually(async () => (await mode('draining')) === 1, { what: 'it is draining' })
    await browser.press('Enable', card)
    await eventually(async () => (await mode('enabled')) === 1, { what: 'it is back' })
  })

  test('a message is sent, and its way is shown to the webhook', async () => {
    await browser.show('send')
    const { page } = browser
    await page.waitForSelector('input[type=tel]')
    await browser.fill('input[type=tel]', '+491701234567')
    await browser.fill('textarea', 'Hello from the console')
    await browser.fill('input[type=number]', String(customer.id))
    await browser.press('Preview')
    await browser.says('1 segment of gsm7')
    await page.click('button[type=submit]')
    await page.locator('a[href^="#/messages/"] code').click()
    await page.waitForSelector('.timeline')
    await eventually(
      async () => {
        await browser.press('Refresh')
        const text = await browser.textOf('.timeline')
        return [
          'Accepted',
          'Sent',
          'Report: delivered',
          'Final: delivered',
          'Webhook message.delivered',
        ].every((word) => text.includes(word))
      },
      { what: 'the timeline is whole', intervalMs: 250 },
    )
  })

  test('what the server refuses is said, and nothing is sent', async () => {
    await browser.show('send')
    const { page } = browser
    await page.waitForSelector('input[type=tel]')
    await page.type('input[type=tel]', '12')
    await page.type('textarea', 'x')
    await page.click('button[type=submit]')
    await page.waitForSelector('[role=alert]')
    expect(await browser.textOf('[role=alert]')).toContain('phone must be an E.164 number')
    // The browser writes each refusal to its console by itself.
    const unexpected = browser.faults.splice(0).filter((fault) => !fault.includes('status of 422'))
    expect(unexpected).toEqual([])
  })

  test('a dead letter is sent again, after it was asked whether', async () => {
    await browser.show('dead-letters')
    await (await browser.page.waitForSelector(`input[aria-label="Choose ${deadId}"]`))?.click()
    await browser.press('Send 1 again')
    await browser.page.waitForSelector('dialog[open]')
    await browser.press('Send again', 'dialog')
    await browser.says('1 of 1 are sent again.')
    await eventually(
      async () => {
        const { body } = await gateway.call(customer, 'GET', `/api/v1/messages/${deadId}`)
        return body.status === 'delivered'
      },
      { what: 'it is delivered' },
    )
  })

  test('with the keyboard alone a page is reached', async () => {
    await browser.show('overview')
    const { page } = browser
    await page.reload()
    await page.waitForSelector('nav a[aria-current=page]')
    for (const _ of 'skip,overview,providers'.split(',')) await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.waitForSelector('.card')
    expect(await page.evaluate('location.hash')).toBe('#/providers')
  })
})

test('a wrong key is refused in words, and a sign-out leaves nothing behind', async () => {
  const other = await openConsole(gateway.api.url)
  try {
    const { page } = other
    await page.goto(`${gateway.api.url}/console`)
    await page.waitForSelector('input[name=key]')
    for (const scheme of ['light', 'dark']) {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }])
      expect([scheme, await other.inaccessible()]).toEqual([scheme, []])
      await picture(page, `sign-in-${scheme}`)
    }
    await page.type('input[name=key]', 'wrong')
    await page.keyboard.press('Enter')
    const alert = await page.waitForSelector('[role=alert]')
    expect(await alert?.evaluate((element) => element.textContent)).toBe(
      'There is no such API key.',
    )
    await other.fill('input[name=key]', adminToken)
    await page.keyboard.press('Enter')
    await page.locator('.who button').click()
    await page.waitForSelector('input[name=key]')
    await page.reload()
    await page.waitForSelector('input[name=key]')
  } finally {
    await other.close()
  }
})

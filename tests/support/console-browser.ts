/** The console in a real browser, with what must not happen there written down. */
import type { Browser, Page } from 'puppeteer-core'
import puppeteer from 'puppeteer-core'
import { eventually } from './eventually.ts'
import { browserProgram } from './packages.ts'

export interface ConsoleBrowser {
  readonly page: Page
  /** Errors and warnings of the console and of the page, and requests to anywhere else. A test that provokes one takes it out. */
  readonly faults: string[]
  /** Opens a page by what follows `#/` in its address. */
  show(address: string): Promise<void>
  textOf(selector: string): Promise<string>
  /** Presses the button in `within` with this text, as soon as it may be pressed. */
  press(text: string, within?: string): Promise<void>
  /** Resolves when this is to be read in `within`. */
  says(text: string, within?: string): Promise<void>
  /** Puts a text in place of what a field holds. */
  fill(selector: string, text: string): Promise<void>
  /** Serious faults of accessibility, as axe-core finds them; each with its place. */
  inaccessible(): Promise<string[]>
  close(): Promise<void>
}

const viewport = { width: 1280, height: 900 }
const launchMsMax = 60_000
const waitMsMax = 10_000

/** No name is resolved, so that nothing could be asked for elsewhere; what is tried is a fault. */
export async function openConsole(apiUrl: string): Promise<ConsoleBrowser> {
  const browser: Browser = await puppeteer.launch({
    executablePath: browserProgram(),
    timeout: launchMsMax,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
  })
  const page = await browser.newPage()
  page.setDefaultTimeout(waitMsMax)
  await page.setViewport(viewport)
  const faults: string[] = []
  page.on('console', (message) => {
    if (['error', 'warn'].includes(message.type())) faults.push(message.text())
  })
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('request', (request) => {
    if (!request.url().startsWith(apiUrl)) faults.push(`asked for ${request.url()}`)
  })
  const axe = await Bun.file(Bun.resolveSync('axe-core/axe.min.js', import.meta.dir)).text()

  const textOf = (selector: string): Promise<string> =>
    page.$eval(selector, (element) => element.textContent ?? '')

  return {
    page,
    faults,
    async show(address) {
      await page.goto(`${apiUrl}/console#/${address}`)
    },
    textOf,
    async press(text, within = 'body') {
      const script = `(() => {
        const button = [...document.querySelectorAll(${JSON.stringify(`${within} button`)})]
          .find((one) => one.textContent.trim() === ${JSON.stringify(text)} && !one.disabled)
        button?.click()
        return button !== undefined
      })()`
      await eventually(() => page.evaluate(script), { what: `a button "${text}"` })
    },
    async says(text, within = 'main') {
      await eventually(async () => (await textOf(within)).includes(text), {
        what: `"${text}" is shown`,
      })
    },
    async fill(selector, text) {
      await page.waitForSelector(selector)
      await page.$eval(selector, (field) => {
        Object.assign(field, { value: '' })
      })
      await page.type(selector, text)
    },
    async inaccessible() {
      // By the debugger, which the page's policy does not bind.
      const client = await page.createCDPSession()
      await client.send('Runtime.evaluate', { expression: axe })
      const { result } = await client.send('Runtime.evaluate', {
        expression: 'axe.run().then(({ violations }) => JSON.stringify(violations))',
        awaitPromise: true,
      })
      await client.detach()
      const violations = JSON.parse(String(result.value)) as Violation[]
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
    },
    close: () => browser.close(),
  }
}

interface Violation {
  readonly id: string
  readonly impact: string
  readonly nodes: readonly { readonly html: string }[]
}

/** A page as a real browser shows it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { browserProgram } from './packages.ts'

export interface ShownPage {
  /** The document once its scripts have come to rest. */
  readonly html: string
  /** What the page, or the browser about it, wrote to the console: errors, and what its policy refused. */
  readonly console: readonly string[]
}

/** Time as the page sees it; it passes as fast as the page lets it. */
const virtualTimeMs = 15_000
const runMsMax = 50_000

/** Loads a page of this machine. No name is resolved, so nothing is asked for elsewhere. */
export async function showPage(url: string): Promise<ShownPage> {
  const profile = mkdtempSync(join(tmpdir(), 'sms-gateway-browser-'))
  try {
    const browser = Bun.spawn(
      [
        browserProgram(),
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        '--no-first-run',
        '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
        `--user-data-dir=${profile}`,
        `--virtual-time-budget=${virtualTimeMs}`,
        '--enable-logging=stderr',
        '--dump-dom',
        url,
      ],
      { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe', timeout: runMsMax },
    )
    const [html, log] = await Promise.all([browser.stdout.text(), browser.stderr.text()])
    if ((await browser.exited) !== 0) throw new Error(`the browser failed: ${log}`)
    return { html, console: log.split('\n').filter((line) => line.includes(':CONSOLE')) }
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** What somebody looks at a running gateway with: status, top in a real terminal, help, completion, the manual page. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { binaryPath, type Environment, runCommand, startRole } from '../support/gateway.ts'
import { behave, type Gateway, startGateway, submitMany } from '../support/gateway-fixture.ts'
import { debianProgram } from '../support/packages.ts'

const adminToken = 'the-admin-token'

let gateway: Gateway
const folder = mkdtempSync(join(tmpdir(), 'commands-'))
beforeAll(async () => {
  gateway = await startGateway({ environment: { ADMIN_TOKEN: adminToken } })
}, 60_000)
afterAll(async () => {
  await gateway.close()
  rmSync(folder, { recursive: true })
})

const status = (args: readonly string[] = [], environment: Environment = gateway.environment) =>
  runCommand(['status', ...args], environment)

describe('status', () => {
  test('shows lanes, providers and processes, and is 0 while all is well', async () => {
    await submitMany(gateway.api.url, 20)
    const { stdout } = await eventually(
      async () => {
        const answer = await status()
        return answer.exitCode === 0 && answer.stdout.includes('\nprocessor ') ? answer : null
      },
      { what: 'all is well', intervalMs: 300 },
    )
    expect(stdout).toContain(`${gateway.api.url} is ready: postgres ok`)
    expect(stdout).toMatch(/\nnormal +\d/)
    expect(stdout).toMatch(/\nprimary +enabled +100 +(closed|probing)/)
    expect(stdout).toMatch(/\napi +0\.1\.0/)
    expect(stdout).not.toContain('\x1b')
  })

  test('is one JSON object', async () => {
    const { stdout } = await status(['--json'])
    const shown = JSON.parse(stdout)
    expect(shown).toMatchObject({ url: gateway.api.url, ready: true })
    expect(shown.figures.lanes.map(({ lane }: { lane: string }) => lane)).toEqual([
      'normal',
      'express',
    ])
  })

  test('names what needs somebody, and is 1', async () => {
    await behave(gateway.operatorUrl, 'primary', { outage: true })
    await submitMany(gateway.api.url, 100)
    const answer = await eventually(
      async () => {
        const { exitCode, stderr } = await status()
        return exitCode === 1 && stderr.includes('the circuit of primary is open') ? stderr : null
      },
      { what: 'the circuit is told of', intervalMs: 300 },
    )
    expect(answer).toContain('sms-gateway: ')
    await behave(gateway.operatorUrl, 'primary', { outage: false })
  })

  test.each<[string, Environment, string]>([
    ['without a key', { ADMIN_TOKEN: '' }, 'SMS_GATEWAY_KEY holds a key with the scope admin'],
    ['with a wrong key', { SMS_GATEWAY_KEY: 'wrong' }, 'There is no such API key.'],
  ])('%s says what it can, and what it needs', async (_, changes, words) => {
    const { exitCode, stdout, stderr } = await status([], { ...gateway.environment, ...changes })
    expect(exitCode).toBe(1)
    expect(stdout).toContain('is ready')
    expect(stderr).toContain(words)
    expect(stderr).not.toContain(adminToken)
  })

  test('the admin token is for this machine, and is told to no other address', async () => {
    const told: (string | null)[] = []
    const stranger = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch(request) {
        told.push(request.headers.get('authorization'))
        return Response.json({ status: 'ok', checks: {} })
      },
    })
    await status(['--url', stranger.url.href])
    await status(['--url', stranger.url.href], {
      ...gateway.environment,
      SMS_GATEWAY_KEY: 'a-key',
    })
    await stranger.stop(true)
    expect(told.length).toBeGreaterThan(3)
    expect(new Set(told)).toEqual(new Set([null, 'Bearer a-key']))
  })

  test('of nobody, of a console that is off, and of what is no address', async () => {
    const nobody = await status(['--url', `http://127.0.0.1:${await freePort()}`])
    expect([nobody.exitCode, nobody.stderr]).toEqual([
      1,
      expect.stringContaining('does not answer'),
    ])
    const off = await startRole('api', {
      ...gateway.environment,
      CONSOLE: 'off',
      APP_ADDR: `127.0.0.1:${await freePort()}`,
    })
    const { exitCode, stderr } = await status(['--url', off.url])
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('its console is off')])
    await off.kill()
    expect((await status(['--url', 'ftp://x'])).exitCode).toBe(2)
  })
})

describe('top', () => {
  const socket = join(folder, 'tmux')
  const tmux = (...args: string[]) => {
    const environment = {
      ...gateway.environment,
      TERM: 'xterm-256color',
      PATH: process.env.PATH ?? '',
      LANG: 'C.UTF-8',
    }
    const result = Bun.spawnSync([debianProgram('tmux'), '-u', '-S', socket, ...args], {
      env: environment,
    })
    if (result.exitCode !== 0) throw new Error(String(result.stderr))
    return String(result.stdout)
  }
  const screen = () => tmux('capture-pane', '-p', '-t', 'top')
  afterAll(() => {
    Bun.spawnSync([debianProgram('tmux'), '-S', socket, 'kill-server'])
  })

  test('lives in a terminal, pauses, follows its size, and leaves it as it was', async () => {
    tmux('new-session', '-d', '-s', 'top', '-x', '120', '-y', '40', 'sh')
    tmux('send-keys', '-t', 'top', `echo before; ${binaryPath()} top; echo "ended $?"`, 'Enter')
    await eventually(() => screen().includes('LANE'), { what: 'it shows figures' })
    await submitMany(gateway.api.url, 50)
    await eventually(() => /accepted\/s [▁-█]/.test(screen()), {
      what: 'it shows what was accepted',
    })
    tmux('send-keys', '-t', 'top', 'p')
    await eventually(() => screen().includes('paused'), { what: 'it pauses' })
    tmux('resize-window', '-t', 'top', '-x', '60', '-y', '12')
    await eventually(
      () =>
        screen()
          .trimEnd()
          .split('\n')
          .every((line) => line.length <= 60),
      {
        what: 'it follows the size',
      },
    )
    tmux('send-keys', '-t', 'top', 'q')
    await eventually(() => screen().includes('ended 0'), { what: 'it ends' })
    expect(screen()).toContain('before')
    expect(screen()).not.toContain('LANE')
  }, 60_000)

  test('without a terminal is refused in words', async () => {
    const { exitCode, stderr } = await runCommand(['top'], gateway.environment)
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('top needs a terminal')])
  })
})

describe('help', () => {
  test('lists commands and topics, and tells of each', async () => {
    const { exitCode, stdout } = await runCommand(['help'])
    expect(exitCode).toBe(0)
    const topics = [...stdout.slice(stdout.indexOf('Topics of')).matchAll(/^ {2}([\w-]+) /gm)]
    expect(topics.length).toBeGreaterThan(5)
    for (const [, topic = ''] of topics) {
      const told = await runCommand(['help', topic])
      expect([topic, told.exitCode, told.stdout.length > 100]).toEqual([topic, 0, true])
    }
    expect((await runCommand(['help', 'keys', 'create'])).stdout).toContain('--scope <scope...>')
    expect(await runCommand(['help', 'stats'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('did you mean status?'),
    })
  })

  test('is a manual page that groff has nothing against', async () => {
    const { stdout } = await runCommand(['help', '--man'])
    const page = join(folder, 'sms-gateway.1')
    await Bun.write(page, stdout)
    const groff = debianProgram('groff')
    const rendered = Bun.spawnSync([groff, '-man', '-Tutf8', '-P-cbou', '-ww', page])
    expect([rendered.exitCode, String(rendered.stderr)]).toEqual([0, ''])
    const text = String(rendered.stdout)
    for (const word of ['doctor', 'providers weight <name> <weight>', 'EXIT-CODES']) {
      expect(text).toContain(word)
    }
  })
})

describe('completion', () => {
  async function completed(...words: string[]): Promise<string[]> {
    const script = join(folder, 'completion.bash')
    await Bun.write(script, (await runCommand(['completion', 'bash'])).stdout)
    const quoted = words.map((word) => `'${word}'`).join(' ')
    const result = Bun.spawnSync([
      'bash',
      '-c',
      `source ${script}; COMP_WORDS=(sms-gateway ${quoted}); COMP_CWORD=${words.length}
       $(complete -p sms-gateway | sed 's/.*-F \\([^ ]*\\) .*/\\1/'); printf '%s\\n' "\${COMPREPLY[@]}"`,
    ])
    expect(String(result.stderr)).toBe('')
    return String(result.stdout).trim().split('\n')
  }

  test('of commands, of theirs, of options, and of their values, in bash', async () => {
    expect(await completed('pro')).toEqual(['processor', 'providers'])
    expect(await completed('providers', 'd')).toEqual(['drain', 'disable'])
    expect(await completed('config', 'check', '--for', 'a')).toEqual(['api', 'admin'])
    expect(await completed('send', '--')).toContain('--wait')
    expect(await completed('completion', 'z')).toEqual(['zsh'])
    expect(await completed('nothing', 'x')).toEqual([''])
  })

  test.each(['zsh', 'fish'] as const)(
    '%s reads its script',
    async (shell) => {
      const script = join(folder, `completion.${shell}`)
      await Bun.write(script, (await runCommand(['completion', shell])).stdout)
      const read = Bun.spawnSync([debianProgram(shell), '-n', script])
      expect([read.exitCode, String(read.stderr)]).toEqual([0, ''])
    },
    120_000,
  )
})

/** The commands of package.json as processes: signals reach what they run, and its end is theirs. */
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'

const root = join(import.meta.dir, '..', '..')

function run(command: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return Bun.spawn(['setpriv', '--pdeathsig=KILL', '--', ...command], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

test.each(['SIGINT', 'SIGTERM'] as const)('%s to npm ends the role behind it', async (signal) => {
  const address = `127.0.0.1:${await freePort()}`
  const npm = run(['npm', 'run', '--silent', 'operator'], { OPERATOR_ADDR: address })
  const answers = () => fetch(`http://${address}/health`).then(({ ok }) => ok)
  await eventually(answers, { what: 'the operator answers' })
  npm.kill(signal)
  expect(await npm.exited).toBe(0)
  expect(answers()).rejects.toThrow()
})

test('the end by a signal of what has no handler is a failure', async () => {
  const script = 'process.stderr.write("begun"); setInterval(() => undefined, 1_000)'
  const wrapper = run(['node', 'scripts/bootstrap.mjs', 'bun', '-e', script])
  const { value } = await wrapper.stderr.getReader().read()
  expect(new TextDecoder().decode(value)).toBe('begun')
  wrapper.kill('SIGTERM')
  expect(await wrapper.exited).toBe(128 + 15)
})

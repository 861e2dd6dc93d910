/**
 * Processes of servers that tests start: they end with the process that started them, however that ends, and they do not
 * run as root where the server refuses to.
 */
import { chownSync } from 'node:fs'

export interface ServerAccount {
  readonly uid: number
  readonly gid: number
}

/** The account for servers that refuse root; null when we are not root. */
export function unprivilegedAccount(): ServerAccount | null {
  if (process.getuid?.() !== 0) return null
  for (const name of ['postgres', 'nobody']) {
    const uid = idOf('-u', name)
    const gid = idOf('-g', name)
    if (uid !== null && gid !== null) return { uid, gid }
  }
  throw new Error('running as root, and there is neither an account "postgres" nor "nobody"')
}

function idOf(flag: string, name: string): number | null {
  const result = Bun.spawnSync(['id', flag, name], { stderr: 'ignore' })
  return result.exitCode === 0 ? Number(result.stdout.toString()) : null
}

export function give(path: string, account: ServerAccount | null): void {
  if (account !== null) chownSync(path, account.uid, account.gid)
}

/** The command as `account`, ending with the signal when this process ends. */
export function asServer(
  command: readonly string[],
  account: ServerAccount | null,
  signalOnParentDeath: string,
): string[] {
  const identity =
    account === null ? [] : [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups']
  return ['setpriv', ...identity, `--pdeathsig=${signalOnParentDeath}`, '--', ...command]
}

/** Runs a command to its end. @throws with what it wrote when it fails */
export function runToEnd(command: readonly string[]): void {
  const result = Bun.spawnSync([...command], { stdin: 'ignore', cwd: '/' })
  if (result.exitCode !== 0) {
    throw new Error(`"${command.join(' ')}" failed:\n${result.stdout}${result.stderr}`)
  }
}

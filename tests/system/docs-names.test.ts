/** Commands and options that the documentation names are in the help of the executable, and its commands are in the documentation. */
import { beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../support/gateway.ts'

interface Help {
  readonly commands: ReadonlyMap<string, Help>
  readonly options: ReadonlySet<string>
}

const root = join(import.meta.dir, '..', '..')
const pages = ['*.md', '{docs,bench,loadtest,deploy}/**/*.md']
  .flatMap((pattern) => [...new Bun.Glob(pattern).scanSync(root)])
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))

let help: Help
beforeAll(async () => {
  help = await helpOf([])
})

/** Of a command and of those below it, as `--help` prints them. */
async function helpOf(words: readonly string[]): Promise<Help> {
  const { stdout } = await runCommand([...words, '--help'])
  const [own = '', below = ''] = stdout.split('\nCommands:\n')
  const names = [...below.matchAll(/^ {2}([a-z][a-z-]*)/gm)]
    .map(([, name = '']) => name)
    // A group has one that the library adds; that of the whole is a command of its own.
    .filter((name) => name !== 'help' || words.length === 0)
  const commands = await Promise.all(
    names.map(async (name) => [name, await helpOf([...words, name])] as const),
  )
  const options = [...own.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, name = '']) => name)
  return { commands: new Map(commands), options: new Set(options) }
}

/** The command that words lead to, and those words that lead nowhere. */
function unknownWords(words: readonly string[], from: Help = help): string[] {
  let found = from
  let isArgument = false
  return words.filter((word) => {
    if (word.startsWith('--')) return !found.options.has(word.replace(/=.*/, ''))
    if (isArgument || found.commands.size === 0) return false
    const next = found.commands.get(word)
    if (next === undefined) isArgument = true
    else found = next
    return next === undefined && /^[a-z][a-z-]*$/.test(word)
  })
}

/** What stands after the name of the executable, to the end of the code or of the shell's command. */
function commandsIn(text: string): string[][] {
  return [...text.matchAll(/\bsms-gateway ([^`"\n|>&#;)]+)/g)].map(([, rest = '']) =>
    rest.trim().split(/\s+/),
  )
}

/** The first column of the table of commands: `dlq list`, then `show <id>` of the same. */
function commandsOfTable(page: string): string[][] {
  const table = page.slice(0, page.indexOf('## Of the tree'))
  return [...table.matchAll(/^\| (`.*?) \| /gm)].flatMap(([, cell = '']) => {
    let parent = ''
    return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => {
      const words = code.replaceAll(/[[\]]/g, '').split(' ')
      const first = words[0] ?? ''
      if (first.startsWith('--')) return []
      if (help.commands.get(parent)?.commands.has(first)) return [parent, ...words]
      parent = first
      return words
    })
  })
}

describe('commands that the documentation names', () => {
  test('are found, and those that are none', () => {
    expect(unknownWords(['dlq', 'replay', '--all', '--rate', '100'])).toEqual([])
    expect(unknownWords(['dlq', 'replays', '--all'])).toEqual(['replays', '--all'])
    expect(unknownWords(['send', '+491701234567', 'text', '--waits'])).toEqual(['--waits'])
    expect(commandsIn('`sms-gateway dlq list`, "sms-gateway migrate"')).toHaveLength(2)
  })

  test('are there, with their options', () => {
    const named = pages.flatMap(({ path, text }) =>
      commandsIn(text).map((words) => ({ path, command: words.join(' '), words })),
    )
    expect(named.length).toBeGreaterThan(20)
    const wrong = named
      .filter(({ words }) => /^[a-z-]/.test(words[0] ?? ''))
      .map(({ words, ...place }) => ({ ...place, unknown: unknownWords(words) }))
      .filter(({ unknown }) => unknown.length > 0)
    expect(wrong).toEqual([])
  })

  test('in the table are all that there are, and no others', () => {
    const page = pages.find(({ path }) => path === 'docs/commands.md')?.text ?? ''
    const named = commandsOfTable(page)
    expect(named.flatMap((words) => unknownWords(words))).toEqual([])
    const known = [...help.commands].flatMap(([name, { commands }]) =>
      commands.size === 0 ? [name] : [...commands.keys()].map((below) => `${name} ${below}`),
    )
    const shown = named.map((words) => words.slice(0, 2).join(' '))
    const missing = known.filter((name) => !shown.some((text) => `${text} `.startsWith(`${name} `)))
    expect(missing).toEqual([])
  })
})

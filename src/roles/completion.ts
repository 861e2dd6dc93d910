/** What shells need to complete this command line: commands, options and the values that are fixed. */
import type { Command } from 'commander'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** What may follow a command, or an option that takes one of a few values. */
interface Place {
  /** The commands up to there, without the program; empty at the beginning. */
  readonly path: string
  readonly words: readonly string[]
}

export function completionScript(program: Command, shell: Shell): string {
  const places = placesOf(program, '')
  switch (shell) {
    case 'bash':
      return bashScript(program.name(), places)
    case 'zsh':
      return `#compdef ${program.name()}\nautoload -Uz bashcompinit && bashcompinit\n${bashScript(program.name(), places)}`
    case 'fish':
      return fishScript(program.name(), places)
    default:
      return shell satisfies never
  }
}

function placesOf(command: Command, path: string): Place[] {
  const subcommands = command.commands.map((sub) => sub.name())
  const options = command.options.flatMap(({ long }) => long ?? [])
  const choices = command.options.flatMap(({ long, argChoices }) =>
    long === undefined || long === null || argChoices === undefined
      ? []
      : [{ path: `${path} ${long}`.trim(), words: argChoices }],
  )
  const values = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? [])
  return [
    { path, words: [...subcommands, ...values, ...options, '--help'] },
    ...choices,
    ...command.commands.flatMap((sub) => placesOf(sub, `${path} ${sub.name()}`.trim())),
  ]
}

/** The commands so far name the place; an option with fixed values names one of its own. */
function bashScript(name: string, places: readonly Place[]): string {
  const cases = places
    .map(({ path, words }) => `    "${path}") words="${words.join(' ')}" ;;`)
    .join('\n')
  const paths = places.map(({ path }) => `"${path}"`).join(' ')
  return `_${name.replaceAll('-', '_')}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" place="" words="" index word known
  local -a places=(${paths})
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    for known in "\${places[@]}"; do
      if [[ "$known" == "\${place:+$place }$word" && "$word" != -* ]]; then place="$known"; break; fi
    done
  done
  if [[ "$previous" == --* ]]; then
    for known in "\${places[@]}"; do
      if [[ "$known" == "\${place:+$place }$previous" ]]; then place="$known"; break; fi
    done
  fi
  case "$place" in
${cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _${name.replaceAll('-', '_')} ${name}
`
}

function fishScript(name: string, places: readonly Place[]): string {
  const lines = places.flatMap(({ path, words }) => {
    const parts = path === '' ? [] : path.split(' ')
    const option = parts.findIndex((part) => part.startsWith('--'))
    const seen = option < 0 ? parts : parts.slice(0, option)
    const condition =
      seen.length === 0
        ? '__fish_use_subcommand'
        : seen.map((part) => `__fish_seen_subcommand_from ${part}`).join('; and ')
    if (option >= 0) {
      const long = (parts[option] ?? '').slice(2)
      return [`complete -c ${name} -n '${condition}' -l ${long} -x -a '${words.join(' ')}'`]
    }
    const commands = words.filter((word) => !word.startsWith('-'))
    const options = words.filter((word) => word.startsWith('--'))
    return [
      ...(commands.length === 0
        ? []
        : [`complete -c ${name} -f -n '${condition}' -a '${commands.join(' ')}'`]),
      ...options.map((word) => `complete -c ${name} -n '${condition}' -l ${word.slice(2)}`),
    ]
  })
  return `${lines.join('\n')}\n`
}

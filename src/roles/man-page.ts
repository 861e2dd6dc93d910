/** The manual page, out of the commands there are: man(7). */
import type { Command } from 'commander'
import { helpTopics } from './help-topics.ts'

export function manPage(program: Command, version: string): string {
  const lines = [
    `.TH SMS\\-GATEWAY 1 "" "sms\\-gateway ${escaped(version)}" "User Commands"`,
    '.SH NAME',
    `sms\\-gateway \\- ${escaped(program.description())}`,
    '.SH SYNOPSIS',
    '.B sms\\-gateway',
    '.I command',
    '[\\fIoptions\\fR]',
    '.SH COMMANDS',
    ...program.commands.flatMap((command) => commandLines(command, '')),
    ...helpTopics.flatMap(({ name, text }) => [
      `.SH ${escaped(name.toUpperCase())}`,
      '.nf',
      ...text.split('\n').map(textLine),
      '.fi',
    ]),
  ]
  return `${lines.join('\n')}\n`
}

function commandLines(command: Command, path: string): string[] {
  const name = `${path} ${command.name()}`.trim()
  const values = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  )
  const own =
    command.commands.length > 0
      ? []
      : [
          '.TP',
          `.B ${escaped([name, ...values].join(' '))}`,
          escaped(command.description()),
          ...command.options.flatMap(({ flags, description }) => [
            '.RS',
            '.TP',
            `.B ${escaped(flags)}`,
            escaped(description === '' ? 'See above.' : description),
            '.RE',
          ]),
        ]
  return [...own, ...command.commands.flatMap((sub) => commandLines(sub, name))]
}

/** A line that begins with a dot or a quote would be a request. */
function textLine(line: string): string {
  return line === '' ? '.sp' : `\\&${escaped(line)}`
}

function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('\n', ' ')
}

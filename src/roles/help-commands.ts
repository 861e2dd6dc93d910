/** `sms-gateway status|top|completion|help` on the command line. */
import { Argument, type Command, Option } from 'commander'
import type { Environment } from '../config/config.ts'
import { nearestName } from '../config/nearest-name.ts'
import { printLine } from './admin-store.ts'
import { version } from './build-info.ts'
import { completionScript, type Shell, shells } from './completion.ts'
import { helpTopics } from './help-topics.ts'
import { manPage } from './man-page.ts'
import { httpUrl } from './option-parsers.ts'
import { StartRefused } from './role-context.ts'
import { exitCodes } from './run-until-stopped.ts'
import { runStatus, type StatusOptions } from './status-role.ts'
import { runTop, type TopOptions } from './top-role.ts'

export function addWatchCommands(
  program: Command,
  environment: Environment,
  exit: (code: number) => void,
): void {
  const ofApi = () =>
    new Option(
      '--url <url>',
      'of the API (default: the one on this machine, at APP_ADDR)',
    ).argParser(httpUrl)
  program
    .command('status')
    .description('how a running gateway does: lanes, providers, processes, what waits (exit 1)')
    .addOption(ofApi())
    .option('--json', 'as one JSON object', false)
    .action(async (options: StatusOptions) => exit(await runStatus(environment, options)))
  program
    .command('top')
    .description('the same, live in a terminal')
    .addOption(ofApi())
    .action(async (options: TopOptions) => exit(await runTop(environment, options)))
}

export function addHelpCommands(program: Command): void {
  program
    .command('completion')
    .description('print the script by which a shell completes this command')
    .addArgument(new Argument('<shell>').choices(shells))
    .addHelpText(
      'after',
      `
  bash  sms-gateway completion bash > /etc/bash_completion.d/sms-gateway
  zsh   sms-gateway completion zsh > "\${fpath[1]}/_sms-gateway"
  fish  sms-gateway completion fish > ~/.config/fish/completions/sms-gateway.fish`,
    )
    .action((shell: Shell) => {
      process.stdout.write(completionScript(program, shell))
    })
  program
    .helpCommand(false)
    .command('help')
    .description(`about a command, or one of: ${helpTopics.map(({ name }) => name).join(', ')}`)
    .argument('[topic...]', 'a command, or a topic')
    .option('--man', 'print the manual page instead: sms-gateway help --man | man -l -', false)
    .action((topic: readonly string[], { man }: { man: boolean }) => {
      if (man) process.stdout.write(manPage(program, version))
      else help(program, topic)
    })
}

/** @throws StartRefused when there is neither such a command nor such a topic */
function help(program: Command, words: readonly string[]): void {
  if (words.length === 0) {
    program.outputHelp()
    printLine('\nTopics of "sms-gateway help":')
    for (const { name, summary } of helpTopics) printLine(`  ${name.padEnd(12)}${summary}`)
    return
  }
  const topic = helpTopics.find(({ name }) => words.length === 1 && name === words[0])
  if (topic !== undefined) {
    printLine(topic.text)
    return
  }
  let command = program
  for (const word of words) {
    const sub = command.commands.find((one) => one.name() === word)
    if (sub === undefined) {
      const known = [
        ...command.commands.map((one) => one.name()),
        ...helpTopics.map(({ name }) => name),
      ]
      const near = nearestName(word, known)
      const hint = near === null ? '"sms-gateway help" lists them' : `did you mean ${near}?`
      throw new StartRefused(
        exitCodes.configuration,
        `there is no command or topic "${words.join(' ')}"; ${hint}`,
      )
    }
    command = sub
  }
  command.outputHelp()
}

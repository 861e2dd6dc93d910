/** What several pages are made of. */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Asked } from './asked.ts'
import { wordsOf } from './server.ts'

export function Panel(props: {
  readonly title: string
  readonly actions?: ComponentChildren
  readonly children: ComponentChildren
}) {
  return (
    <section class="panel" aria-label={props.title}>
      <header class="panel-head">
        <h2>{props.title}</h2>
        <div class="actions">{props.actions}</div>
      </header>
      {props.children}
    </section>
  )
}

export function Figure(props: {
  readonly label: string
  readonly value: string
  readonly note?: string
  readonly tone?: Tone
}) {
  return (
    <div class={`figure ${props.tone ?? ''}`}>
      <span class="figure-label">{props.label}</span>
      <span class="figure-value">{props.value}</span>
      <span class="figure-note">{props.note ?? '\u00a0'}</span>
    </div>
  )
}

export type Tone = 'good' | 'warn' | 'bad' | 'plain'

/** A word in a colour; the word alone says it too. */
export function Badge({ tone, children }: { readonly tone: Tone; readonly children: string }) {
  return <span class={`badge ${tone}`}>{children}</span>
}

const tones: Readonly<Record<string, Tone>> = {
  delivered: 'good',
  enabled: 'good',
  closed: 'good',
  sent: 'plain',
  queued: 'plain',
  sending: 'plain',
  scheduled: 'plain',
  pending: 'plain',
  draining: 'warn',
  half_open: 'warn',
  unknown: 'warn',
  expired: 'warn',
  canceled: 'warn',
  undelivered: 'bad',
  failed: 'bad',
  rejected: 'bad',
  disabled: 'bad',
  open: 'bad',
}

export function State({ word }: { readonly word: string }) {
  return <Badge tone={tones[word] ?? 'plain'}>{word.replace('_', ' ')}</Badge>
}

/** What was asked for: loading, refused, or shown. */
export function Answer<T>({
  asked,
  children,
}: {
  readonly asked: Asked<T>
  readonly children: (value: T) => ComponentChildren
}) {
  if (asked.error !== null) return <Notice tone="bad">{asked.error}</Notice>
  if (asked.value === null) return <p class="quiet">Loading …</p>
  return <>{children(asked.value)}</>
}

export function Notice({ tone, children }: { readonly tone: Tone; readonly children: string }) {
  return (
    <p class={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      {children}
    </p>
  )
}

/** A table that scrolls by itself where the window is narrow. */
export function Table(props: {
  readonly caption: string
  readonly columns: readonly (string | { readonly name: string; readonly isNumber: true })[]
  readonly empty: string
  readonly rows: readonly { readonly key: string; readonly cells: readonly ComponentChildren[] }[]
}) {
  const { caption, columns, rows } = props
  const isNumber = (index: number): boolean => typeof columns[index] === 'object'
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard
    <section class="table" aria-label={caption} tabIndex={0}>
      <table>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column, index) => (
              <th key={caption + String(index)} scope="col" class={isNumber(index) ? 'number' : ''}>
                {typeof column === 'object' ? column.name : column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, cells }) => (
            <tr key={key}>
              {cells.map((cell, index) => (
                <td key={key + String(index)} class={isNumber(index) ? 'number' : ''}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 ? <p class="quiet empty">{props.empty}</p> : null}
    </section>
  )
}

export interface Doing {
  readonly isUnderWay: boolean
  readonly said: { readonly tone: Tone; readonly text: string } | null
  /** Says what `work` answers, or why it was refused. */
  readonly run: (work: () => Promise<string>) => void
}

/** One thing at a time that changes something, and what came of it. */
export function useDoing(): Doing {
  const [isUnderWay, setUnderWay] = useState(false)
  const [said, setSaid] = useState<Doing['said']>(null)
  function run(work: () => Promise<string>): void {
    setUnderWay(true)
    setSaid(null)
    work()
      .then((text) => setSaid({ tone: 'good', text }))
      .catch((error: unknown) => setSaid({ tone: 'bad', text: wordsOf(error) }))
      .finally(() => setUnderWay(false))
  }
  return { isUnderWay, said, run }
}

export function Said({ doing }: { readonly doing: Doing }) {
  return doing.said === null ? null : <Notice tone={doing.said.tone}>{doing.said.text}</Notice>
}

/** A button that asks before it does what cannot be taken back. */
export function Confirmed(props: {
  readonly label: string
  readonly question: string
  readonly confirm: string
  readonly isDisabled?: boolean
  readonly onConfirmed: () => void
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [isOpen, setOpen] = useState(false)
  useEffect(() => {
    if (isOpen) dialog.current?.showModal()
  }, [isOpen])
  return (
    <>
      <button type="button" disabled={props.isDisabled ?? false} onClick={() => setOpen(true)}>
        {props.label}
      </button>
      {isOpen ? (
        <dialog ref={dialog} aria-label={props.label} onClose={() => setOpen(false)}>
          <p>{props.question}</p>
          <form method="dialog" class="actions">
            <button type="submit">Cancel</button>
            <button type="submit" class="danger" onClick={props.onConfirmed}>
              {props.confirm}
            </button>
          </form>
        </dialog>
      ) : null}
    </>
  )
}

/** A listing's page of answers, with a button for the next. */
export function More(props: {
  readonly cursor: string | null
  readonly onMore: (c: string) => void
}) {
  const { cursor, onMore } = props
  if (cursor === null) return null
  return (
    <p>
      <button type="button" onClick={() => onMore(cursor)}>
        Older
      </button>
    </p>
  )
}

/** What this installation runs with. */

import { bytes, percent } from '../format.ts'
import type { Setting } from './answers.ts'
import { useAsked } from './asked.ts'
import type { Live } from './live.ts'
import { Answer, Panel, Table } from './parts.tsx'
import { ask } from './server.ts'

export function SettingsPage({ live }: { readonly live: Live }) {
  const asked = useAsked('configuration', () =>
    ask<{ version: string; settings: Setting[] }>('/console/configuration'),
  )
  return (
    <>
      <Panel title="Processes">
        <Table
          caption="Processes"
          empty="None tells of itself."
          columns={[
            'Role',
            'Instance',
            'Version',
            { name: 'Memory', isNumber: true },
            { name: 'Processor', isNumber: true },
          ]}
          rows={(live.figures?.processes ?? []).map((process) => ({
            key: process.instance,
            cells: [
              process.role,
              <code key="instance">{process.instance}</code>,
              process.version,
              bytes(process.memoryBytes),
              percent(process.cpu),
            ],
          }))}
        />
      </Panel>
      <Panel title="Configuration of this API process">
        <p class="quiet">Secrets are not shown, only whether they are set.</p>
        <Answer asked={asked}>
          {({ settings }) => (
            <Table
              caption="Configuration"
              empty="There is none."
              columns={['Setting', 'Value', 'From', 'What it is']}
              rows={settings.map(({ name, value, source, description }) => ({
                key: name,
                cells: [
                  <code key="name">{name}</code>,
                  value === null ? '–' : <code key="value">{value}</code>,
                  source,
                  description,
                ],
              }))}
            />
          )}
        </Answer>
      </Panel>
    </>
  )
}

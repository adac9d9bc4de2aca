/**
 * Topics and groups as the log has them, and what a plan would change.
 * @module
 */
import type { GroupView, TopicsView, TopicView } from '../../../api/index.ts'
import { count, counted } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { LaneTag } from '../../lanes.ts'
import { Pending, useAsked } from '../../parts/asked.ts'
import { useNarrowing } from '../../router.ts'
import { get } from '../../server.ts'
import { Group } from './group.ts'
import { Partitions, troubles } from './partitions.ts'
import { Plan } from './plan.ts'
import { Unfolding } from './unfolding.ts'

export function Topics(): VNode {
  const asked = useAsked((signal) => get<TopicsView>('topics', {}, signal), [])
  return html`
    <div class="title">
      <h1 class="grow">Topics and groups</h1>
      <button onClick=${asked.again} disabled=${asked.asking}>Refresh</button>
    </div>
    <${Pending} asked=${asked} what="topics" />
    ${asked.value !== null && html`<${Loaded} view=${asked.value} />`}
    <${Plan} />
  `
}

function Loaded({ view: { brokers, topics, groups } }: { view: TopicsView }): VNode {
  const { stream, lane, subscription } = useNarrowing()
  const shown = topics.filter(
    (topic) =>
      (stream === null || topic.stream === stream) && (lane === null || topic.lane === null || topic.lane === lane),
  )
  const shownGroups = groups.filter((group: GroupView) => subscription === null || group.subscription === subscription)
  const ill = shown.filter((topic) => troubles(topic).length > 0)
  return html`
    ${brokers !== null && html`<${Brokers} brokers=${brokers} />`}
    ${
      ill.length > 0 &&
      html`<p class="notice problem" role="status">
        ${counted(ill.length, 'topic')} with partitions that have no leader or fewer replicas in sync than wanted:
        ${ill.map(({ name }) => name).join(', ')}.
      </p>`
    }
    <section class="card">
      <h2>Topics</h2>
      <div class="scroll" tabindex="0" role="group" aria-label="Topics">
        <table class="unfolds">
          <thead>
            <tr>
              <th scope="col">Topic</th>
              <th scope="col">Kind</th>
              <th scope="col">Stream</th>
              <th scope="col">Lane</th>
              <th scope="col" class="number">Partitions</th>
              <th scope="col" class="number">Events kept</th>
              <th scope="col">Replicas</th>
            </tr>
          </thead>
          ${shown.map((topic) => html`<${Topic} key=${topic.name} topic=${topic} />`)}
        </table>
      </div>
    </section>
    <section class="card">
      <h2>Groups</h2>
      ${
        shownGroups.length === 0
          ? html`<p class="muted">No subscription has read from this log yet.</p>`
          : html`<div class="scroll" tabindex="0" role="group" aria-label="Groups">
              <table class="unfolds">
                <thead>
                  <tr>
                    <th scope="col">Group</th>
                    <th scope="col">Subscription</th>
                    <th scope="col" class="number">Members</th>
                    <th scope="col" class="number">Lag</th>
                    <th scope="col" class="number">Lag in time</th>
                  </tr>
                </thead>
                ${shownGroups.map((group: GroupView) => html`<${Group} key=${group.group} group=${group} />`)}
              </table>
            </div>`
      }
    </section>
  `
}

function Brokers({ brokers }: { brokers: NonNullable<TopicsView['brokers']> }): VNode {
  return html`<section class="card">
    <h2>Brokers</h2>
    <ul class="row">
      ${brokers.map(({ id, address, controller }) => html`<li key=${id} class="tag">${id} · ${address}${controller ? ' · controller' : ''}</li>`)}
    </ul>
  </section>`
}

function Topic({ topic }: { topic: TopicView }): VNode {
  const { name, kind, stream, lane, partitions } = topic
  const events = partitions.reduce((sum, { earliest, end }) => sum + end - earliest, 0)
  const found = troubles(topic)
  return html`<${Unfolding} title=${name} columns=${7} inner=${() => html`<${Partitions} topic=${topic} />`}>
    <td>${kind}</td>
    <td>${stream ?? ''}</td>
    <td>${lane !== null && html`<${LaneTag} lane=${lane} />`}</td>
    <td class="number">${count(partitions.length)}</td>
    <td class="number">${count(events)}</td>
    <td>
      ${found.length > 0 ? html`<span class="tag bad">${counted(found.length, 'partition')} ill</span>` : partitions[0]?.replicas == null ? html`<span class="muted">one machine</span>` : html`<span class="tag good">in sync</span>`}
    </td>
  <//>`
}

// Alarms: only what needs a person to act, each with what to do. Everything else is an event in the log.
// Grouped by cause: a silent feed is one alarm, not one for each of its aircraft. Latched until acknowledged here.
import { computed, ref } from 'vue'
import { t, word } from '../text'
import { AirspaceState, AlertKind, kindWord, ms, RefusalReason, TaskingState, type Alert } from '../wire/schema'
import { alerts } from './alerts'
import { now_ms } from './clock'
import { countdown, distance, metres, span } from './format'
import { following, select } from './selection'
import { session } from './session'
import { nameOf } from './source_words'
import { lostNames, lostSources } from './sources'
import { runningClocks } from './timers'
import { activeTaskings, aircraftByAddress, FLYING, links, tables, tracks } from './world'

export interface Alarm {
  id: string
  level: 1 | 2 | 3
  title: string
  todo: string
  since_ms: number
  /** What to select when it is opened. */
  tasking?: string
  incident?: string
  aircraft?: string
}

/** Look at what it is about. */
export function openAlarm(one: Alarm): void {
  if (one.tasking) select('tasking', one.tasking)
  else if (one.incident) select('incident', one.incident)
  else if (one.aircraft) {
    select('aircraft', one.aircraft)
    following.value = one.aircraft // it may be anywhere
  }
}

const OUT_OF_CONTACT = new Set(['ops_normal', 'landing'])

function timerAlarms(): Alarm[] {
  return runningClocks.value
    .filter((one) => one.escalated_ms !== null)
    .map((one) => ({
      id: `timer-${one.key}-${one.escalated_ms}`,
      level: OUT_OF_CONTACT.has(one.kind) && FLYING.has(one.tasking.state) ? 1 : 2,
      title: t.alarm.timer(word(t.timer, one.kind), one.tasking.number),
      todo: word(t.alarm.doTimer, one.kind),
      since_ms: one.due_ms,
      tasking: one.tasking.id,
    }))
}

const RECENT_MS = 3600_000

function refusalAlarms(): Alarm[] {
  return [...tables.taskings.values()]
    .filter((one) => one.refusal !== undefined && one.state === TaskingState.ENDED)
    .filter((one) => {
      const incident = tables.incidents.get(one.incidentId)
      return incident !== undefined && (incident.state === 2 || incident.state === 3)
    })
    .map((one) => ({
      id: `refused-${one.id}`,
      level: 2 as const,
      title: `${t.alarm.refused(one.number)} · ${word(t.refusal, kindWord(RefusalReason, one.refusal))}`,
      todo: t.alarm.doRefused,
      since_ms: ms(one.history.at(-1)?.atUs),
      tasking: one.id,
      incident: one.incidentId,
    }))
    .filter((one) => now_ms.value - one.since_ms < RECENT_MS)
}

function airspaceAlarms(): Alarm[] {
  const found: Alarm[] = []
  for (const one of tables.requests.values()) {
    const tasking = tables.taskings.get(one.taskingId)
    if (!tasking || !activeTaskings.value.includes(tasking)) continue
    const since_ms = ms(one.history.at(-1)?.atUs)
    if (one.state === AirspaceState.REVOKED) {
      const level = FLYING.has(tasking.state) ? 1 : 2
      found.push({ id: `revoked-${one.id}`, level, title: t.alarm.airspaceRevoked(tasking.number), todo: t.alarm.doRevoked, since_ms, tasking: tasking.id })
    } else if (one.state === AirspaceState.REFUSED) {
      found.push({ id: `airspace-${one.id}`, level: 2, title: t.alarm.airspaceRefused(tasking.number), todo: t.alarm.doAirspace, since_ms, tasking: tasking.id })
    }
  }
  return found
}

function feedAlarms(): Alarm[] {
  return lostSources.value.map(({ feed }) => ({
    id: `feed-${feed.name}`,
    level: 2,
    title: t.alarm.feed(nameOf(feed)),
    todo: t.alarm.doFeed,
    since_ms: now_ms.value - (feed.heardAgeMs ?? 0),
  }))
}

function linkAlarms(): Alarm[] {
  return links.value
    .filter((one) => one.state === 'down' || one.state === 'refused')
    .map((one) => ({ id: `link-${one.site}`, level: 3, title: t.alarm.link(one.name), todo: t.alarm.doLink, since_ms: NaN }))
}

function trackAlarms(): Alarm[] {
  const found: Alarm[] = []
  for (const tasking of activeTaskings.value) {
    if (!FLYING.has(tasking.state)) continue
    const address = parseInt(tasking.aircraftIcao24, 16)
    const i = tracks.indexOfAddress(address)
    if (i === undefined || tracks.freshness(i, now_ms.value) !== 'ghost' || lostNames.value.has(tracks.sourceName(i))) continue
    const name = aircraftByAddress.value.get(address)?.name ?? tasking.aircraftId
    const since_ms = tracks.measuredAt[i]!
    found.push({ id: `lost-${tasking.id}-${since_ms}`, level: 1, title: t.alarm.trackLost(name), todo: t.alarm.doTrack, since_ms, tasking: tasking.id })
  }
  return found
}

/** Called now, where this page hears it; else as it was called when the alert began. */
function called(one: Alert, place: number): string {
  const i = tracks.indexOf(one.numbers[place]!)
  return (i === undefined ? '' : tracks.called(i)) || one.names[place] || one.trackIds[place] || ''
}

function keyOf(one: Alert): string | undefined {
  const i = tracks.indexOf(one.numbers[0] ?? 0)
  return i === undefined ? one.trackIds[0]?.replace(/^icao24:(?=[0-9a-f]{6}$)/, '') : tracks.key(i)
}

function wordsOf(one: Alert): { title: string; todo: string } {
  const words = t.alarm.alert
  const figure = (name: string): number => one.figures[name] ?? NaN
  switch (one.kind) {
    case AlertKind.EMERGENCY:
      return { title: words.emergency(called(one, 0), word(t.emergency, one.code)), todo: words.doEmergency }
    case AlertKind.CONFLICT:
      return {
        title: words.conflict(called(one, 0), called(one, 1), distance(figure('nearest_m')), metres(figure('vertical_m'))),
        todo: words.doConflict,
      }
    case AlertKind.DUPLICATE_ADDRESS:
      return { title: words.duplicate(called(one, 0)), todo: words.doDuplicate }
    case AlertKind.GHOSTS:
      return { title: words.ghosts(one.source, figure('count')), todo: words.doGhosts }
    case AlertKind.CLOCK_OFF:
      return { title: words.clock(one.source, span(figure('off_s') * 1000)), todo: words.doClock }
    case AlertKind.LEFT_OUT:
      return { title: words.leftOut(word(words.kind, one.code), figure('count')), todo: words.doLeftOut }
    default: // a newer server knows more kinds than this page
      return { title: words.other(called(one, 0) || one.source), todo: '' }
  }
}

function alertAlarms(): Alarm[] {
  return [...alerts.value.values()].map((one) => ({
    id: `alert-${one.id}-${one.severity}-${one.code}`,
    level: one.severity === 1 ? 1 : one.severity === 2 ? 2 : 3,
    ...wordsOf(one),
    since_ms: ms(one.beganAtUs),
    aircraft: keyOf(one),
  }))
}

const ANSWER_SOON_MS = 10 * 60_000
const ANSWER_NOW_MS = 3 * 60_000

/** ATC's own: an answer that is due. What the desk has to chase is not ATC's alarm. */
function answerAlarms(): Alarm[] {
  return [...tables.requests.values()]
    .filter((one) => one.state === AirspaceState.FILED && ms(one.answerDueAtUs) - now_ms.value < ANSWER_SOON_MS)
    .map((one) => {
      const left = ms(one.answerDueAtUs) - now_ms.value
      const number = tables.taskings.get(one.taskingId)?.number ?? one.id
      const title = left >= 0 ? t.alarm.answer(number, countdown(left)) : t.alarm.answerOver(number, countdown(left))
      return { id: `answer-${one.id}`, level: left < ANSWER_NOW_MS ? 1 : 2, title, todo: t.alarm.doAnswer, since_ms: NaN }
    })
}

export const acknowledged = ref(new Set<string>())

export function acknowledge(id: string): void {
  acknowledged.value = new Set([...acknowledged.value, id])
}

export const alarms = computed<Alarm[]>(() => {
  const found =
    session.value?.role === 'atc'
      ? [...answerAlarms(), ...alertAlarms(), ...feedAlarms()]
      : [...alertAlarms(), ...trackAlarms(), ...airspaceAlarms(), ...timerAlarms(), ...refusalAlarms(), ...feedAlarms(), ...linkAlarms()]
  return found.sort((a, b) => a.level - b.level || (a.since_ms || 0) - (b.since_ms || 0))
})
export const unacknowledged = computed(() => alarms.value.filter((one) => !acknowledged.value.has(one.id)))
export const SHAPES = { 1: '▲', 2: '◆', 3: '●' } as const

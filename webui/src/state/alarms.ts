// Alarms: only what needs a person to act, each with what to do. Everything else is an event in the log.
// Grouped by cause: a silent feed is one alarm, not one for each of its aircraft. How each stands with people is the
// site's to say (alarm_handling.ts). The id of what this page works out (`page:KIND:…`) names one occasion by what every
// browser is told, so that one acknowledgement holds at all of them.
import { computed } from 'vue'
import { t, word } from '../text'
import { AirspaceState, AlertKind, AmendmentState, deg, IncidentState, kindWord, ms, RefusalReason, TaskingState, type Alert, type Tasking } from '../wire/schema'
import { isFinal, mayUse } from './acts'
import { aidClockOf } from './aid'
import { acknowledge, stateOf, type AlarmState, type Handled } from './alarm_handling'
import { alerts } from './alerts'
import { airspaceInForce, openAmendment, placeText } from './amendments'
import { now_ms } from './clock'
import { reached, type Reached } from './closures'
import { clockMinute, countdown, distance, metres, span } from './format'
import { provinceOf } from './province'
import { following, select } from './selection'
import { DESK_ONLY, overdueId, safetyWords } from './safety_alerts'
import { session } from './session'
import { sheet } from './sheet'
import { nameOf } from './source_words'
import { lostSources } from './sources'
import { runningClocks } from './timers'
import { openIntrusions } from './traffic_areas'
import { asksToAnswer } from './video_share'
import { nameOf as nameOfStream, streams, watchVideo } from './videos'
import { activeTaskings, FLYING, links, services, site, tables, tracks } from './world'

interface Found {
  id: string
  level: 1 | 2 | 3
  title: string
  todo: string
  since_ms: number
  /** What to select when it is opened. */
  tasking?: string
  incident?: string
  aircraft?: string
  aid?: string
  video?: string
}

export interface Alarm extends Found, Handled {
  kind: string
  state: AlarmState
  /** Begins and ends again and again; held on by the site. */
  chattering: boolean
  place?: { lon: number; lat: number }
  /** As the picture cries it out. */
  alert?: Alert
}

const fit = (name: string): string => name.replace(/[\s?#%\\<>]/g, '_').slice(0, 150)
const pageId = (kind: string, ...occasion: (string | number)[]): string => `page:${kind}:${occasion.map((one) => fit(String(one))).join(':')}`

/** Short, for what would make an id too long. FNV-1a, 32 bits. */
function digest(text: string): string {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash >>> 0).toString(16)
}

/** Look at what it is about. */
export function openAlarm(one: Alarm): void {
  const intruder = one.alert?.kind === AlertKind.DRONE && one.aircraft // its card records it for the incident
  if (one.aid) sheet.value = 'aid'
  else if (one.video) watchVideo(one.video)
  else if (one.tasking) select('tasking', one.tasking)
  else if (one.incident && !intruder) select('incident', one.incident)
  else if (one.aircraft) {
    select('aircraft', one.aircraft)
    following.value = one.aircraft // it may be anywhere
  }
}

const NONE: ReadonlySet<AlertKind> = new Set()
const OUT_OF_CONTACT = new Set(['ops_normal', 'landing'])

function timerAlarms(): Found[] {
  return runningClocks.value
    .filter((one) => one.escalated_ms !== null && !alerts.value.has(overdueId(one.tasking, one.kind)))
    .map((one) => ({
      id: pageId('timer', one.tasking.id, one.kind, one.escalated_ms!),
      level: OUT_OF_CONTACT.has(one.kind) && FLYING.has(one.tasking.state) ? 1 : 2,
      title: t.alarm.timer(word(t.timer, one.kind), one.tasking.number),
      todo: word(t.alarm.doTimer, one.kind),
      since_ms: one.due_ms,
      tasking: one.tasking.id,
    }))
}

/** Where it goes, in no language. */
function placeOf(there: NonNullable<Tasking['elsewhere']>): string {
  const at = there.position
  return `${there.kind} ${there.placeId} ${at?.lonE7 ?? ''} ${at?.latE7 ?? ''}`
}

/** Emergency landings and diversions: what a crew has decided and the desk must act on. */
function elsewhereAlarms(): Found[] {
  return activeTaskings.value
    .filter((one) => one.elsewhere && (one.state === TaskingState.DOWN || one.state === TaskingState.STOPPED || one.state === TaskingState.RETURNING))
    .map((one) => {
      const down = one.state === TaskingState.DOWN
      const what = down ? t.taskingState.down : one.state === TaskingState.STOPPED ? t.taskingState.stopped : t.taskingAction.divert
      return {
        id: pageId('elsewhere', one.id, one.state, digest(placeOf(one.elsewhere!))),
        level: down ? (1 as const) : (2 as const),
        title: `${one.number} ${what} · ${placeText(one.elsewhere!)}`,
        todo: down ? t.elsewhere.doDown : t.elsewhere.doDiverted,
        since_ms: ms(one.history.at(-1)?.atUs),
        tasking: one.id,
        incident: one.elsewhere!.incidentId || undefined,
      }
    })
}

/** A crew that did not accept an amendment. */
function declinedAlarms(): Found[] {
  return activeTaskings.value.flatMap((one) => {
    const last = one.amendments.at(-1)
    if (!last || last.state !== AmendmentState.DECLINED || now_ms.value - ms(last.answeredAtUs) > RECENT_MS) return []
    return [{ id: pageId('declined', one.id, last.number), level: 2 as const, title: t.amend.declined(one.number, last.number), todo: last.answerReason, since_ms: ms(last.answeredAtUs), tasking: one.id }]
  })
}

const RECENT_MS = 3600_000

function refusalAlarms(): Found[] {
  return [...tables.taskings.values()]
    .filter((one) => one.refusal !== undefined && one.state === TaskingState.ENDED)
    .filter((one) => {
      const incident = tables.incidents.get(one.incidentId)
      return incident !== undefined && (incident.state === 2 || incident.state === 3)
    })
    .map((one) => ({
      id: pageId('refused', one.id),
      level: 2 as const,
      title: `${t.alarm.refused(one.number)} · ${word(t.refusal, kindWord(RefusalReason, one.refusal))}`,
      todo: t.alarm.doRefused,
      since_ms: ms(one.history.at(-1)?.atUs),
      tasking: one.id,
      incident: one.incidentId,
    }))
    .filter((one) => now_ms.value - one.since_ms < RECENT_MS)
}

const waits = (tasking: Tasking, request: string): boolean => openAmendment(tasking)?.requestId === request

function airspaceAlarms(): Found[] {
  const found: Found[] = []
  for (const one of tables.requests.values()) {
    const tasking = tables.taskings.get(one.taskingId)
    if (!tasking || !activeTaskings.value.includes(tasking)) continue
    const since_ms = ms(one.history.at(-1)?.atUs)
    if (one.state === AirspaceState.REVOKED) {
      const level = FLYING.has(tasking.state) ? 1 : 2
      found.push({ id: pageId('revoked', one.id), level, title: t.alarm.airspaceRevoked(tasking.number), todo: t.alarm.doRevoked, since_ms, tasking: tasking.id })
    } else if (one.state === AirspaceState.REFUSED && (airspaceInForce(tasking) === one || waits(tasking, one.id))) {
      found.push({ id: pageId('airspace', one.id), level: 2, title: t.alarm.airspaceRefused(tasking.number), todo: t.alarm.doAirspace, since_ms, tasking: tasking.id })
    }
  }
  return found
}

/** One for each closure that lies in anybody's way: who flies already comes first. */
function closureAlarms(): Found[] {
  const found = new Map<string, Reached[]>()
  for (const one of reached.value) found.set(one.closure_id, [...(found.get(one.closure_id) ?? []), one])
  return [...found].map(([id, items]) => {
    const closure = tables.closures.get(id)
    const flying = items.filter((one) => one.in_the_air)
    const told = flying.length ? flying : items
    const numbers = told.slice(0, 2).map((one) => one.number).join('、') + (told.length > 2 ? ` +${told.length - 2}` : '')
    return {
      id: pageId('closed', id, digest(items.map((one) => `${one.tasking_id}${one.in_the_air}`).sort().join())),
      level: flying.length ? 1 : 2,
      title: t.alarm.closed(numbers, closure?.name ?? id),
      todo: flying.length ? t.alarm.doClosedFlying : t.alarm.doClosed,
      since_ms: ms(closure?.history.at(-1)?.atUs),
      tasking: told[0]!.tasking_id,
    }
  })
}

/** One for each incident with drones that nobody has confirmed gone; another drone is another occasion. */
function intrusionAlarms(): Found[] {
  const ids = new Set([...tables.intrusions.values()].filter((one) => one.clearedAtUs === undefined).map((one) => one.incidentId))
  return [...ids].flatMap((incidentId) => {
    const incident = tables.incidents.get(incidentId)
    if (!incident || isFinal('incident', kindWord(IncidentState, incident.state))) return []
    const open = openIntrusions(incidentId)
    const since_ms = ms(open[0]!.seenAtUs)
    return [{ id: pageId('intrusion', open.at(-1)!.id), level: 1 as const, title: t.fta.alarm(incident.title, open.length, clockMinute(since_ms)), todo: t.fta.doAlarm, since_ms, incident: incidentId }]
  })
}

/** Partners who ask to see video of ours and were not answered. */
function videoAlarms(): Found[] {
  return asksToAnswer.value.map((one) => ({
    id: pageId('video_asked', one.id),
    level: 3,
    title: t.videoShare.noticeAsked(provinceOf(one.site), one.streamName),
    todo: t.videoShare.doAsked,
    since_ms: ms(one.requestedAtUs),
    aid: one.id,
  }))
}

/** An aircraft on task has begun to send: once per start, until somebody has seen it or the task is over. */
function videoBegan(): Found[] {
  return streams.value.flatMap((one) => {
    const tasking = activeTaskings.value.find((each) => each.id === one.beganTaskingId)
    if (!tasking || one.beganAtUs === undefined) return []
    return [{ id: pageId('video_began', one.id, String(one.beganAtUs)), level: 3 as const, title: t.video.began(tasking.number, nameOfStream(one)), todo: t.video.doBegan, since_ms: ms(one.beganAtUs), video: one.id }]
  })
}

/** Mutual aid: what a partner asks and nobody has answered, and limits that have passed while their step still waits. */
function aidAlarms(): Found[] {
  const found: Found[] = []
  for (const one of tables.aidRequests.values()) {
    const offer = [...tables.aidOffers.values()].find((each) => each.requestId === one.id)
    const waiting = aidClockOf(one, offer)
    const late = [...tables.aidAlarms.values()].find((each) => each.requestId === one.id && each.clock === waiting)
    const who = (ours: string, theirs: string): string => provinceOf(one.site === site.value?.id ? theirs : ours)
    if (late) {
      const title = t.aid.alarmLate(who(one.site, one.partner), word(t.aid.clock, late.clock), one.incidentTitle)
      found.push({ id: pageId('aid_late', one.id, late.clock), level: 2, title, todo: word(t.aid.doLate, late.clock), since_ms: ms(late.dueAtUs), aid: one.id })
    } else if (waiting === 'answer' && one.partner === site.value?.id) {
      found.push({ id: pageId('aid_asked', one.id), level: 2, title: t.aid.alarmAsked(provinceOf(one.site), one.incidentTitle), todo: t.aid.doAsked, since_ms: ms(offer?.receivedAtUs), aid: one.id })
    }
  }
  return found
}

function feedAlarms(): Found[] {
  return lostSources.value.map(({ feed }) => ({
    id: pageId('feed', feed.name, feed.heardAtUs === undefined ? 'never' : String(feed.heardAtUs)),
    level: 2,
    title: t.alarm.feed(nameOf(feed)),
    todo: t.alarm.doFeed,
    since_ms: ms(feed.heardAtUs),
  }))
}

/** Our link certificate nears its end and nobody has renewed it; another cause is another occasion. Weeks before, it stands
 * below everything that somebody waits for. */
function certificateAlarms(): Found[] {
  return services.value
    .filter((one) => one.kind === 'certificate' && one.state !== 'ok')
    .map((one) => {
      const figure = (name: string): number => one.figures.find((each) => each.name === name)?.value ?? 0
      const since_ms = Math.round((now_ms.value - figure('since_s') * 1000) / 60_000) * 60_000
      return { id: pageId('certificate', one.state, one.detail), level: one.state === 'down' ? 1 : 3, title: t.enrol.alarm(String(figure('days_left'))), todo: t.enrol.doAlarm(word(t.enrol.why, one.detail)), since_ms }
    })
}

function linkAlarms(): Found[] {
  return links.value
    .filter((one) => one.state === 'down' || one.state === 'refused')
    .map((one) => ({ id: pageId('link', one.site, String(one.downSinceUs ?? '')), level: 3, title: t.alarm.link(one.name), todo: t.alarm.doLink, since_ms: ms(one.downSinceUs) }))
}

/** What stops being recorded is lost for good. */
function recordingAlarms(): Found[] {
  return services.value
    .filter((one) => one.kind === 'recording' && one.state === 'down')
    .map((one) => ({ id: pageId('recording', one.detail || 'down'), level: 2, title: t.recordings.alarm, todo: word(t.recordings.fault, one.detail || 'down'), since_ms: NaN }))
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
      return { title: words.leftOut(word({ ...words.kind, ...t.safety.alertKind }, one.code), figure('count')), todo: words.doLeftOut }
    default: // a net's; or a newer server knows more kinds than this page
      return safetyWords(one, called(one, 0)) ?? { title: words.other(called(one, 0) || one.source), todo: '' }
  }
}

function alertAlarms(besides: ReadonlySet<AlertKind> = NONE): (Found & { alert: Alert })[] {
  return [...alerts.value.values()].filter((one) => !besides.has(one.kind)).map((one) => ({
    id: one.id,
    level: one.severity === 1 ? 1 : one.severity === 2 ? 2 : 3,
    ...wordsOf(one),
    since_ms: ms(one.beganAtUs),
    tasking: one.taskingId || undefined,
    incident: one.incidentId || undefined,
    aircraft: keyOf(one),
    alert: one,
  }))
}

const ANSWER_SOON_MS = 10 * 60_000
const ANSWER_NOW_MS = 3 * 60_000

/** ATC's own: an answer that is due. What the desk has to chase is not ATC's alarm. */
function answerAlarms(): Found[] {
  return [...tables.requests.values()]
    .filter((one) => one.state === AirspaceState.FILED && ms(one.answerDueAtUs) - now_ms.value < ANSWER_SOON_MS)
    .map((one) => {
      const left = ms(one.answerDueAtUs) - now_ms.value
      const number = tables.taskings.get(one.taskingId)?.number ?? one.id
      const title = left >= 0 ? t.alarm.answer(number, countdown(left)) : t.alarm.answerOver(number, countdown(left))
      return { id: pageId('answer', one.id), level: left < ANSWER_NOW_MS ? 1 : 2, title, todo: t.alarm.doAnswer, since_ms: NaN }
    })
}

function handled(found: Found & { alert?: Alert }): Alarm {
  const { alert } = found
  const known = {
    ...found,
    kind: alert ? kindWord(AlertKind, alert.kind) : found.id.split(':', 2)[1]!,
    code: alert?.code ?? '',
    chattering: alert?.chattering ?? false,
    returned_ms: ms(alert?.returnedAtUs),
    inhibitedBy: alert?.inhibitedBy ?? '',
    place: alert?.lonE7 === undefined || alert.latE7 === undefined ? undefined : { lon: deg(alert.lonE7), lat: deg(alert.latE7) },
  }
  return { ...known, state: stateOf(known) }
}

const waiting = (one: Alarm): boolean => one.state === 'unacknowledged' || one.state === 'returned'

/** The gravest first, of those what nobody has seen, of those the first out. */
export const everyAlarm = computed<Alarm[]>(() => {
  const found =
    session.value?.role === 'atc'
      ? [...elsewhereAlarms(), ...intrusionAlarms(), ...answerAlarms(), ...alertAlarms(DESK_ONLY), ...feedAlarms()]
      : [...elsewhereAlarms(), ...intrusionAlarms(), ...alertAlarms(), ...declinedAlarms(), ...airspaceAlarms(), ...closureAlarms(), ...timerAlarms(), ...refusalAlarms(), ...(mayUse('see_aid', session.value?.role ?? '') ? aidAlarms() : []), ...(mayUse('answer_video', session.value?.role ?? '') ? [...videoAlarms(), ...videoBegan()] : []), ...feedAlarms(), ...linkAlarms(), ...certificateAlarms(), ...recordingAlarms()]
  return found.map(handled).sort((a, b) => a.level - b.level || Number(waiting(b)) - Number(waiting(a)) || (a.since_ms || 0) - (b.since_ms || 0))
})
/** Without those that are put away or whose net keeps still. */
export const alarms = computed(() => everyAlarm.value.filter((one) => one.state !== 'shelved' && one.state !== 'suppressed'))
export const shelvedAlarms = computed(() => everyAlarm.value.filter((one) => one.state === 'shelved'))
export const suppressedAlarms = computed(() => everyAlarm.value.filter((one) => one.state === 'suppressed'))
export const unacknowledged = computed(() => alarms.value.filter(waiting))
export const SHAPES = { 1: '▲', 2: '◆', 3: '●' } as const

/** Space acknowledges what stands in the strip; red only with Shift. */
export function acknowledgeWorst(withRed: boolean): void {
  const worst = unacknowledged.value[0]
  if (worst && (withRed || worst.level !== 1)) void acknowledge(worst)
}

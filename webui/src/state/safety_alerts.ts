// The words of what the safety nets find (dispatch/safety): a title with its figures, and what to do.
import { t, word } from '../text'
import { AlertKind, type Alert } from '../wire/schema'
import { distance, metres, span } from './format'

export interface Words {
  title: string
  todo: string
}

/** Of a net's alert; null where it is none of theirs. `name`: how the first track is called now. */
export function safetyWords(one: Alert, name: string): Words | null {
  const found = titled(one, name || one.about)
  if (!found) return null
  const flags = one.flags.map((flag) => word(t.safety.flag, flag))
  return flags.length && one.code !== 'no_terrain' ? { ...found, title: `${found.title} · ${flags.join('、')}` } : found
}

function titled(one: Alert, name: string): Words | null {
  const words = t.safety
  const figure = (key: string): number => one.figures[key] ?? NaN
  const time = (key: string): string => span(Math.abs(figure(key)) * 1000)
  switch (one.kind) {
    case AlertKind.TERRAIN: {
      const lead = (one.leadS ?? 0) > 0 ? words.within(span((one.leadS ?? 0) * 1000)) : words.nowWord
      if (one.code === 'no_terrain') return { title: words.noTerrain(figure('count')), todo: words.doNoTerrain }
      if (one.code === 'obstacle') return { title: words.obstacle(name, one.about, metres(figure('least_m')), lead), todo: words.doObstacle }
      return { title: words.ground(name, metres(figure('least_m')), lead), todo: words.doTerrain }
    }
    case AlertKind.AIRSPACE:
      return one.code === 'breach' ? { title: words.breach(name, one.about), todo: words.doBreach } : { title: words.ahead(name, one.about, time('in_s')), todo: words.doAhead }
    case AlertKind.LOST:
      if (one.code === 'unseen') return { title: words.unseen(one.about), todo: words.doUnseen }
      return one.code === 'lost' ? { title: words.lost(one.about, time('age_s')), todo: words.doLost } : { title: words.stale(one.about, time('age_s')), todo: words.doStale }
    case AlertKind.OVERDUE:
      return { title: t.alarm.timer(word(t.timer, one.code), one.about), todo: word(t.alarm.doTimer, one.code) }
    case AlertKind.ENDURANCE:
      return enduring(one, time, figure)
    case AlertKind.DEVIATION:
      return deviating(one, figure)
    case AlertKind.IDENTITY:
      return one.code === 'no_address' ? { title: words.noAddress(one.about), todo: words.doNoAddress } : { title: words.jump(name), todo: words.doJump }
    case AlertKind.DRONE:
      return {
        title: one.code === 'ring' ? words.droneRing(name, one.about, distance(figure('away_m'))) : words.droneClosure(name, one.about),
        todo: words.doDrone,
      }
    case AlertKind.HEIGHT_JUMP:
      return { title: words.heightJump(name, metres(Math.abs(figure('by_m')))), todo: words.doHeightJump }
    case AlertKind.NET_FAILED:
      return { title: words.netFailed(word(words.net, one.code)), todo: words.doNetFailed }
    default:
      return null
  }
}

function enduring(one: Alert, time: (key: string) => string, figure: (key: string) => number): Words {
  const words = t.safety
  if (one.code === 'fuel') return { title: words.fuel(one.about, time('left_s'), time('home_s')), todo: words.doFuel }
  const over = figure('left_s') <= 0
  if (one.code === 'daylight') return { title: over ? words.dark(one.about) : words.daylight(one.about, time('left_s')), todo: words.doDaylight }
  return { title: over ? words.dutyOver(one.about) : words.duty(one.about, time('left_s')), todo: words.doDuty }
}

function deviating(one: Alert, figure: (key: string) => number): Words {
  const words = t.safety
  if (one.code === 'route') return { title: words.route(one.about, distance(figure('away_m'))), todo: words.doRoute }
  if (one.code === 'block') return { title: words.block(one.about, distance(figure('away_m'))), todo: words.doBlock }
  const above = figure('above_m')
  return { title: above > 0 ? words.blockAbove(one.about, metres(above)) : words.blockBelow(one.about, metres(figure('below_m'))), todo: words.doBlock }
}

/** Which clock of a tasking an overdue alert stands for; the page's own alarm of it is left out then. */
export function overdueId(tasking: { id: string; sortie: number }, kind: string): string {
  return `overdue:${tasking.id}.${tasking.sortie}.${kind}`
}

/** What ATC has no part in: the desk's own cares. */
export const DESK_ONLY: ReadonlySet<AlertKind> = new Set([AlertKind.ENDURANCE, AlertKind.OVERDUE])

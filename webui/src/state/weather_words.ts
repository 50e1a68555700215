// Weather in words of the language in use.
import { t, word } from '../text'
import { fixed, span, whole } from './format'
import { UNLIMITED_M, type Limit, type Sky, type StationWeather } from './weather'

export function visibilityText(metres: number | null): string {
  if (metres === null) return t.weather.unknown
  return metres >= 10_000 ? '≥10 km' : metres >= 5_000 ? `${fixed(metres / 1000, 1)} km` : `${whole(metres)} m`
}
export function ceilingText(metres: number | null): string {
  if (metres === null) return t.weather.unknown
  return metres >= UNLIMITED_M ? t.weather.noCeiling : `${whole(metres)} m`
}
export function windText(sky: Sky): string {
  if (sky.wind_mps === null) return t.weather.unknown
  const from = sky.wind_from_deg === null ? t.weather.variable : `${whole(sky.wind_from_deg)}°`
  const gust = sky.gust_mps === null ? '' : ` ${t.weather.gust} ${fixed(sky.gust_mps, 0)}`
  return `${from} ${fixed(sky.wind_mps, 0)}${gust} m/s`
}
export const ageText = (one: StationWeather): string => t.weather.old(span(one.age_s * 1000))

const UNITS: Record<string, string> = { WIND: 'm/s', GUST: 'm/s', CROSSWIND: 'm/s', DAYLIGHT: 's' }
/** One limit as a line: what, where, whose report and how old. */
export function limitText(one: Limit): string {
  const where = word(t.weather.place, one.place)
  if (one.code === 'NO_WEATHER') return `${where}${t.weather.none}`
  const unit = UNITS[one.code] ?? 'm'
  const figure = `${where}${word(t.weather.limit, one.code)} ${one.figure ?? '–'} ${unit} ${word(t.weather.than, one.code)} ${one.limit ?? '–'} ${unit}`
  const told = one.station ? `${one.station} ${one.report.toUpperCase()} ${t.weather.old(span(one.age_s * 1000))}` : ''
  return [figure, told, one.minimum].filter(Boolean).join(' · ')
}

// Heights and distances in words, for what is said of the ground.
import { metres, whole } from './format'

export { metres, whole }

export function span_m(away_m: number): string {
  return away_m < 1000 ? `${whole(away_m)} m` : `${(away_m / 1000).toFixed(1)} km`
}

export function percent(share: number): string {
  return share > 0 && share < 0.01 ? '<1 %' : `${Math.round(share * 100)} %`
}

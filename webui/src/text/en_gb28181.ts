// GB/T 28181 in English.
import type { gb28181Zh } from './zh_gb28181'

export const gb28181En: typeof gb28181Zh = {
  gb28181: {
    title: 'GB/T 28181',
    devices: 'Devices',
    platforms: 'Upper platforms',
    online: (on, all) => `${on} of ${all} online`,
    noDevices: "None in the site's file",
    on: 'Online',
    off: 'Offline',
    never: 'Never registered',
    seen: (text) => `keep-alive ${text}`,
    channels: (count) => `${count} channels`,
    channelOff: 'channel offline',
    bound: 'Registered',
    bind: 'Register',
    bindHint: 'Register as a stream',
    why: {
      no_keepalive: 'keep-alive lost',
      expired: 'registration expired',
      unregistered: 'signed off',
      disconnected: 'connection closed',
    },
    media: { udp: 'RTP/UDP', tcp_passive: 'RTP/TCP passive', tcp_active: 'RTP/TCP active' },
    state: { registered: 'Registered', registering: 'Registering', connecting: 'Connecting', down: 'Down' },
    reason: {
      no_answer: 'no answer',
      wrong_password: 'wrong password',
      bad_challenge: 'cannot read its challenge',
      no_keepalive: 'keep-alive unanswered',
      disconnected: 'connection closed',
    },
    shares: (count) => `shows ${count}`,
    watches: 'Watching now',
    refused: (count) => `${count} messages refused`,
  },
}

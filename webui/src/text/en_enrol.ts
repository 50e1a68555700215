// Joining with one command, in English.
import type { enrolZh } from './zh_enrol'

export const enrolEn: typeof enrolZh = {
  enrol: {
    title: 'Vehicles and bases joining',
    invite: 'Invite',
    site: 'Site id, such as 36-YS1',
    name: 'Name, such as Command van',
    agreement: 'Name of the agreement',
    hours: 'Hours good',
    make: 'Make a code',
    impossible: 'No authority is set up here ([federation] authority, enrol, address): nobody can be invited',
    code: 'Code (shown this once)',
    how: 'On the new site: ganying enrol CODE --config site.toml',
    copy: 'Copy',
    copied: 'Copied',
    done: 'Close',
    none: 'Nobody is invited, nobody joined by an invitation',
    state: { open: 'waiting', used: 'used', withdrawn: 'withdrawn', expired: 'expired' },
    until: (at: string) => `until ${at}`,
    by: (who: string, at: string) => `invited by ${who} · joined ${at}`,
    invitedBy: (who: string) => `invited by ${who}`,
    withdraw: 'Withdraw',
    shutOut: 'Shut out',
    shutOutAt: (who: string, at: string) => `shut out by ${who}, ${at}`,
    hint: 'Its link closes at once, its certificate is refused from now on, consents for it end; to return it needs a new invitation.',
    reason: 'Reason (required)',
  },
}

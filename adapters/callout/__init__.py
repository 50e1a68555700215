"""Call-outs: texts and calls through the closed network's gateway, and what comes back from phones.

    world -> notices.py: what is due, composed, queued as facts -> sender.py: handed to the gateway, with back-off
    POST gateway/sms -> intake.py: replies, reports, keys -> commands under the account that a call-out names

Nothing is kept here that the journal does not have, but for what is under way at this moment.
"""

"""Flight messages between operators and air traffic services: FPL, CHG, DLA, CNL, DEP, ARR, ALR and their kin.

    reader.read(text) -> Reading       fields, or every fault with field, element, position and what was expected
    writer.write(message) -> text      in lines for AFTN, read back before it is given out
    stream.Deframer                    telegrams out of bytes
    drafts.draft(flight, kind)         what a tasking gives, for a person to complete and hand to a gateway

One file a field. What is accepted, and what is not, stands in docs/flight_messages.md. Sources: ICAO Doc 4444 (PANS-ATM,
15th edition, Amendment 1 in force since 2012-11-15) Appendices 2 and 3; MH/T 4007, whose fields are the same. Messages are
for a person at a gateway: nothing here is sent anywhere.
"""

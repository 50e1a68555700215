"""Papers (单证): what an incident leaves in writing, derived from the journal alone.

    the incident's facts in order -> case.fold -> Case -> one file per document: content or None
    chain.papers(facts) -> every revision of every document, each chained to the one before

A document comes into being with the fact that closes its subject (the alarm with its report, an order with the act
that gives it, a log with the landing) and gets a new revision whenever a later fact changes what it says; an old
revision never changes. Nothing is stored: the same facts make the same bytes again, so a paper can be checked against
the journal at any time. `form.py` is the layout as a value; drawing it is adapters/papers'.
"""
